//! A process that drives a run, and everything that can happen to it.

use belay_domain::check::Reading;
use belay_domain::id::{Epoch, Millis, StepId};
use belay_domain::operation::{Operation, Outcome};
use belay_domain::plan::{Subject, Work};
use belay_engine::{
    Act, ActId, Command, Decision, Ending, Event, Finding, Halt, Holder, Look, Observed, Receipt, Run, Status,
    StepDisplay, WakeId,
};

use crate::rng::Rng;
use crate::world::{Kind, Live};
use crate::{fixture, setup, truth};

/// Long before any clock is set.
const BEGIN: u64 = 100_000_000;
const HOUR_MS: u64 = 3_600_000;
/// More events than any run needs.
const TOO_MANY: usize = 3_000;

pub(crate) struct Simulation {
    rng: Rng,
    pub(crate) verbose: bool,
    /// Milliseconds on a clock that doesn't step.
    now: u64,
    /// The wall's clock minus that one.
    offset: i64,
    world: Vec<Live>,
    pub(crate) journal: Vec<Event>,
    /// How much of the journal a crash can't take.
    durable: usize,
    run: Run,
    tasks: Vec<Task>,
    /// The process that drives the run, by number; only its tasks are done.
    process: u64,
    alive: bool,
    crashes_left: u64,
    resumes_left: u64,
}

struct Task {
    due: u64,
    /// None: the world's own.
    process: Option<u64>,
    what: What,
}

enum What {
    Perform(Command),
    Send(Act, Operation),
    Answer(ActId, Outcome),
    Arrive(ActId, StepId, Operation),
    SomebodyElse(usize),
    Abort,
    TakeOver,
    ClockJump,
    Resume,
}

impl Simulation {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let (spec, world) = setup::setup(&mut rng, BEGIN);
        let opened = Event::Opened { spec: Box::new(spec), by: "p1".into(), epoch: Epoch::FIRST, at: Millis(BEGIN) };
        let (run, commands) = Run::open(opened.clone()).unwrap();
        let crashes_left = if rng.percent(50) { rng.between(1, 4) } else { 0 };
        let mut simulation = Self {
            rng,
            verbose: false,
            now: BEGIN,
            offset: 0,
            world,
            journal: vec![opened],
            durable: 1,
            run,
            tasks: Vec::new(),
            process: 1,
            alive: true,
            crashes_left,
            resumes_left: 6,
        };
        simulation.plan_disturbances();
        simulation.schedule_all(commands);
        simulation
    }

    fn plan_disturbances(&mut self) {
        let somebody_else = if self.rng.percent(40) { self.rng.between(1, 6) } else { 0 };
        for _ in 0..somebody_else {
            let which = usize::try_from(self.rng.between(0, self.world.len() as u64 - 1)).unwrap();
            self.later(8_000, None, What::SomebodyElse(which));
        }
        for (chance, what) in [(10, What::Abort), (15, What::TakeOver), (15, What::ClockJump), (10, What::ClockJump)] {
            if self.rng.percent(chance) {
                self.later(6_000, None, what);
            }
        }
    }

    fn later(&mut self, within: u64, process: Option<u64>, what: What) {
        let due = self.now + self.rng.between(1, within);
        self.tasks.push(Task { due, process, what });
    }

    fn at(&self) -> Millis {
        Millis(self.now.saturating_add_signed(self.offset))
    }

    /// How the run ended.
    pub(crate) fn run_to_the_end(&mut self) -> String {
        while !self.run.is_sealed() {
            assert!(self.journal.len() < TOO_MANY, "the run does not end");
            let next = self.tasks.iter().enumerate().min_by_key(|(_, task)| task.due).map(|(place, _)| place);
            let at_rest = matches!(self.run.status(), Status::Halted(_) | Status::Waiting(_));
            let idle = !self.tasks.iter().any(|task| task.process == Some(self.process));
            if at_rest && self.alive {
                self.rest();
            } else if self.alive && idle {
                self.person_confirms();
            } else if let Some(place) = next {
                let task = self.tasks.remove(place);
                self.now = self.now.max(task.due);
                self.perform(task);
            }
        }
        self.drain();
        self.check_folding();
        truth::every_effect_was_intended(&self.journal, &self.world);
        truth::picture_is_true(&self.run.receipt(), &self.world);
        if self.rng.percent(10) {
            self.check_codec();
        }
        let Status::Ended { ending, sealed: true } = self.run.status() else { panic!("not sealed") };
        match ending {
            Ending::Done => "done",
            Ending::NothingToDo => "nothing_to_do",
            Ending::Partial => "partial",
            Ending::Failed { .. } => "failed",
            Ending::Refused { .. } => "refused",
            Ending::Aborted { .. } => "aborted",
        }
        .to_owned()
    }

    fn asked(&self) -> Option<StepId> {
        let view = self.run.view();
        let mut steps = view.stages.into_iter().flat_map(|stage| stage.steps);
        steps.find(|step| step.display == StepDisplay::AskedPerson).map(|step| step.step)
    }

    fn person_confirms(&mut self) {
        let Some(step) = self.asked() else { panic!("nothing is under way: {:?}", self.run.view()) };
        self.now += 10_000;
        self.feed(Event::PersonConfirmed { step, by: "dba".into(), at: self.at() });
    }

    /// A run at rest shows a true picture; then a person makes it go on, or gives up.
    fn rest(&mut self) {
        self.tasks.retain(|task| task.process != Some(self.process));
        self.drain();
        truth::picture_is_true(&self.run.receipt(), &self.world);
        self.alive = false;
        if self.resumes_left == 0 {
            self.alive = true;
            return self.feed(Event::AbortAsked { by: "bo".into(), reason: "enough".into(), at: self.at() });
        }
        self.resumes_left -= 1;
        if let Status::Halted(Halt::PersonMustDecide { step, .. }) = self.run.status()
            && self.rng.percent(80)
        {
            self.decide(step);
        }
        self.later(3_000, None, What::Resume);
    }

    fn decide(&mut self, step: StepId) {
        let receipt = self.run.receipt();
        let acts = &receipt.stages[step.stage as usize].steps[step.step as usize].acts;
        let unknown = acts.iter().rev().find(|act| matches!(act.outcome, Some(Outcome::Unknown { .. })));
        let live = self.world.iter().find(|live| live.step == step).unwrap();
        let happened = unknown.is_some_and(|act| act.settled.is_none() && live.effects.contains_key(&act.act));
        let decision = match (happened, self.rng.percent(30)) {
            (_, true) => Decision::PlanAgain,
            (true, false) => Decision::Applied,
            (false, false) => Decision::NotApplied,
        };
        let event = Event::Resolved { step, decision, by: "bo".into(), reason: "looked".into(), at: self.at() };
        self.feed(event);
    }

    /// Whatever is still on its way to the world arrives.
    fn drain(&mut self) {
        let mut arriving: Vec<Task> = Vec::new();
        let (on_the_way, others) =
            std::mem::take(&mut self.tasks).into_iter().partition(|task| matches!(task.what, What::Arrive(..)));
        self.tasks = others;
        arriving.extend::<Vec<Task>>(on_the_way);
        arriving.sort_by_key(|task| task.due);
        for task in arriving {
            self.now = self.now.max(task.due);
            self.perform(task);
        }
    }

    fn perform(&mut self, task: Task) {
        match task.what {
            What::Perform(command) => {
                if let Some(event) = self.answer(command) {
                    self.feed(event);
                }
            }
            What::Send(act, operation) => self.send(act, operation, task.process),
            What::Answer(act, outcome) => {
                let intent = self.intent_of(act);
                self.feed(Event::Performed { act, intent, outcome, at: self.at() });
            }
            What::Arrive(act, step, operation) => {
                self.live(step).receive(act, &operation);
            }
            What::SomebodyElse(which) => {
                let live = &self.world[which];
                // Nobody else restores what the run restores: that could not be told from the run's own writes.
                let back = (live.original != live.desired()).then_some(live.original);
                let content = [None, back, Some(900_000 + i64::try_from(self.now).unwrap())];
                let content = content[self.rng.between(0, 2) as usize];
                self.world[which].disturb(content);
            }
            What::Abort => self.feed(Event::AbortAsked { by: "bo".into(), reason: "stop".into(), at: self.at() }),
            What::TakeOver => self.take_over(),
            What::ClockJump => {
                self.offset +=
                    i64::try_from(self.rng.between(0, 2 * HOUR_MS)).unwrap() - i64::try_from(HOUR_MS).unwrap();
            }
            What::Resume => self.resume(),
        }
    }

    fn live(&mut self, step: StepId) -> &mut Live {
        self.world.iter_mut().find(|live| live.step == step).unwrap()
    }

    fn intent_of(&self, act: ActId) -> u64 {
        let intended = |event: &Event| matches!(event, Event::Intended { act: found, .. } if *found == act);
        self.journal.iter().position(intended).expect("an outcome has an intent") as u64
    }

    /// Appends an event and lets the run take it. The process may die before, or just after.
    fn feed(&mut self, event: Event) {
        let own = !matches!(event, Event::AbortAsked { .. } | Event::Resolved { .. } | Event::TakenOver { .. });
        if own && self.dies() {
            return self.crash();
        }
        if self.verbose {
            println!("{:>9} {}", self.now - BEGIN, serde_json::to_string(&event).unwrap());
        }
        let barrier = event.is_barrier();
        let repeated = self.repeats(&event).then(|| event.clone());
        let commands = self.take(event);
        if let Some(event) = repeated {
            let again = self.take(event);
            assert!(again.is_empty(), "a repeated event had an effect: {again:?}");
        }
        if barrier {
            self.durable = self.journal.len();
        }
        if own && self.dies() {
            return self.crash();
        }
        self.schedule_all(commands);
    }

    fn repeats(&mut self, event: &Event) -> bool {
        !matches!(event, Event::Resumed { .. }) && self.rng.percent(5)
    }

    fn take(&mut self, event: Event) -> Vec<Command> {
        let before = self.run.clone();
        let result = self.run.apply(event.clone());
        self.journal.push(event);
        match result {
            Ok(commands) => {
                truth::commands_are_permitted(&self.run, &commands);
                commands
            }
            Err(_) => {
                assert_eq!(self.run, before, "a rejected event changed the run");
                Vec::new()
            }
        }
    }

    fn schedule_all(&mut self, commands: Vec<Command>) {
        if !self.alive {
            return;
        }
        for command in commands {
            let due = match &command {
                Command::WakeAt { after_ms, .. } => self.now + after_ms,
                Command::AskPerson { .. } | Command::Unlock => continue,
                Command::Lock { .. }
                | Command::Plan { .. }
                | Command::Act(_)
                | Command::CloseOrphan { .. }
                | Command::Look { .. }
                | Command::Confirm { .. }
                | Command::Measure { .. }
                | Command::Seal { .. } => self.now + self.rng.between(1, 200),
            };
            self.tasks.push(Task { due, process: Some(self.process), what: What::Perform(command) });
        }
    }

    fn answer(&mut self, command: Command) -> Option<Event> {
        let at = self.at();
        match command {
            Command::Lock { stage, .. } if self.rng.percent(3) => Some(Event::LockHeld { stage, holder: holder(), at }),
            Command::Lock { stage, .. } => Some(Event::Locked { stage, at }),
            Command::Plan { stage, .. } => Some(self.plan(stage)),
            Command::Act(act) => {
                self.intend(act);
                None
            }
            Command::CloseOrphan { act, .. } => {
                let outcome = Outcome::Unknown { reason: "the process ended between intent and outcome".into() };
                Some(Event::Performed { act, intent: self.intent_of(act), outcome, at })
            }
            Command::Look { step, index } => {
                let operation = self.run.operation(step, index).unwrap().clone();
                let look = self.live(step).look(&operation);
                let look = if self.rng.percent(30) { Look::CannotTell } else { look };
                Some(Event::Seen { step, look, observed: self.observe(step), at })
            }
            Command::Confirm { step } => {
                let observed = self.observe(step);
                let remaining = u32::try_from(self.live(step).plan().len()).unwrap();
                Some(Event::Confirmed { step, observed, remaining_operations: remaining, at })
            }
            Command::Measure { check } => Some(Event::Measured { check, reading: self.read(), at }),
            Command::WakeAt { wake, .. } => Some(woke(wake, at)),
            Command::Seal { receipt } => Some(sealed(receipt, at)),
            Command::AskPerson { .. } | Command::Unlock => None,
        }
    }

    fn observe(&mut self, step: StepId) -> Observed {
        if self.rng.percent(5) {
            return Observed::Failed("unavailable".into());
        }
        Observed::State(self.live(step).observe())
    }

    fn read(&mut self) -> Reading {
        match self.rng.between(0, 9) {
            0 => Reading::NoData { reason: "empty".into() },
            1..=3 => Reading::Missed { value: "0.5".into() },
            _ => Reading::Met { value: "0.01".into() },
        }
    }

    fn plan(&mut self, stage: u32) -> Event {
        let blind = self.rng.percent(2);
        let spec = self.run.spec().clone();
        let plan = fixture::plan(&spec, stage, |step| match &step.subject {
            Subject::Manual { .. } => Work::Person,
            Subject::Resource(_) if blind => Work::Blind { reason: "unavailable".into() },
            Subject::Resource(_) => {
                let live = self.live(step.id);
                fixture::change(live.observe(), live.plan())
            }
        });
        let risk = match self.rng.between(0, 99) {
            0 => 90,
            1..=4 => 50,
            _ => 10,
        };
        let kinds: Vec<(StepId, Kind)> = self.world.iter().map(|live| (live.step, live.kind)).collect();
        let finding = match self.rng.between(0, 99) {
            0 => Finding::Violates { violations: vec!["no list allows it".into()] },
            _ => fixture::judged(&plan, risk, |step| !kinds.contains(&(step, Kind::Once))),
        };
        Event::Planned { stage, plan, finding, at: self.at() }
    }

    fn intend(&mut self, act: Act) {
        let epoch = self.run.owner().1;
        if self.run.may_act(act.act, epoch).is_err() {
            return;
        }
        let operation = self.run.operation(act.step, act.index).unwrap().clone();
        let process = self.process;
        let Act { act: id, step, index, attempt, operation: digest, plan, act_by } = act;
        let intended =
            Event::Intended { act: id, step, index, attempt, operation: digest, plan, act_by, epoch, at: self.at() };
        let live = self.world.iter().find(|live| live.step == step).unwrap();
        truth::intent_is_safe(&self.run, live, &act);
        self.feed(intended);
        // A process that died in between sends nothing.
        if self.alive && self.process == process {
            self.later(20, Some(process), What::Send(act, operation));
        }
    }

    /// The request leaves. What becomes of it and of its answer are two things.
    fn send(&mut self, act: Act, operation: Operation, process: Option<u64>) {
        let (id, step) = (act.act, act.step);
        if self.at() > act.act_by {
            return self.answer_later(id, not_applied("too late"), process);
        }
        let unknown = || Outcome::Unknown { reason: "no answer".into() };
        match self.rng.between(0, 99) {
            0..=4 => self.answer_later(id, not_applied("connection refused"), process),
            5..=9 => self.answer_later(id, unknown(), process),
            10..=16 => {
                self.live(step).receive(id, &operation);
                self.answer_later(id, unknown(), process);
            }
            17..=24 => {
                self.later(fixture::SETTLE_MS - 1, None, What::Arrive(id, step, operation));
                self.answer_later(id, unknown(), process);
            }
            fate => {
                let applied = self.live(step).receive(id, &operation);
                if fate < 30 && self.live(step).kind == Kind::Guarded {
                    self.later(3_000, None, What::Arrive(id, step, operation));
                }
                let outcome =
                    if applied { Outcome::Applied { detail: "201".into() } } else { not_applied("another revision") };
                self.answer_later(id, outcome, process);
            }
        }
        if self.alive && self.dies() {
            self.crash();
        }
    }

    fn answer_later(&mut self, act: ActId, outcome: Outcome, process: Option<u64>) {
        self.later(300, process, What::Answer(act, outcome));
    }

    fn dies(&mut self) -> bool {
        self.alive && self.crashes_left > 0 && self.rng.percent(4)
    }

    /// The process ends. What was not durable is gone; what is on its way to the world arrives.
    fn crash(&mut self) {
        self.check_folding();
        self.crashes_left -= 1;
        self.alive = false;
        if self.verbose {
            println!("{:>9} crash, {} entries lost", self.now - BEGIN, self.journal.len() - self.durable);
        }
        self.tasks.retain(|task| task.process.is_none());
        self.journal.truncate(self.durable);
        self.run = Run::fold(self.journal.clone()).unwrap();
        self.later(3_000, None, What::Resume);
    }

    fn resume(&mut self) {
        self.process += 1;
        self.alive = true;
        let epoch = self.run.owner().1.next();
        self.feed(Event::Resumed { epoch, by: format!("p{}", self.process), at: self.at() });
    }

    /// Another process takes the run while the former one lives on: what that has intended it may still send.
    fn take_over(&mut self) {
        if !self.alive || self.run.is_sealed() {
            return;
        }
        self.process += 1;
        let (now, wall, process) = (self.now, self.at(), self.process);
        let mut kept = Vec::new();
        for mut task in std::mem::take(&mut self.tasks) {
            match &task.what {
                What::Send(act, _) => {
                    let left = act.act_by.since(wall).min(fixture::ACT_WITHIN_MS);
                    task.due = now + self.rng.between(0, left);
                    kept.push(task);
                }
                What::Perform(_) if task.process.is_some_and(|owner| owner < process) => {}
                What::Perform(_)
                | What::Answer(..)
                | What::Arrive(..)
                | What::SomebodyElse(_)
                | What::Abort
                | What::TakeOver
                | What::ClockJump
                | What::Resume => kept.push(task),
            }
        }
        self.tasks = kept;
        let epoch = self.run.owner().1.next();
        self.feed(Event::TakenOver { epoch, by: format!("p{process}"), at: self.at() });
    }

    fn check_folding(&self) {
        let folded = Run::fold(self.journal.clone()).unwrap();
        assert_eq!(folded, self.run, "the journal gives another run");
    }

    fn check_codec(&self) {
        let text = serde_json::to_string(&self.journal).unwrap();
        let read: Vec<Event> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, self.journal, "the journal does not survive its text");
    }
}

fn not_applied(reason: &str) -> Outcome {
    Outcome::NotApplied { reason: reason.to_owned() }
}

fn woke(wake: WakeId, at: Millis) -> Event {
    Event::Woke { wake, at }
}

fn sealed(receipt: Box<Receipt>, at: Millis) -> Event {
    Event::Sealed { receipt, at }
}

fn holder() -> Holder {
    let resource = "s0r0".parse().unwrap();
    Holder { resource, run: "r-2".parse().unwrap(), by: "cy".into(), since: Millis(BEGIN) }
}
