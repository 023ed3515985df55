//! A process that drives a run, in a world with a time of its own: what is due next happens next.

use belay_domain::id::{Epoch, Millis, StepId};
use belay_domain::operation::{Operation, Outcome};
use belay_engine::{Act, ActId, Command, Condition, Ending, Event, FallbackSpec, Run, Status, StepDisplay};

use crate::holds::Holds;
use crate::people::People;
use crate::rng::Rng;
use crate::world::Live;
use crate::{setup, truth};

/// Long before any clock is set.
pub(crate) const BEGIN: u64 = 100_000_000;
const HOUR_MS: u64 = 3_600_000;
/// More events than any run needs.
const TOO_MANY: usize = 3_000;

pub(crate) struct Simulation {
    pub(crate) rng: Rng,
    pub(crate) verbose: bool,
    /// Milliseconds on a clock that doesn't step.
    pub(crate) now: u64,
    /// The wall's clock minus that one.
    pub(crate) offset: i64,
    pub(crate) world: Vec<Live>,
    pub(crate) journal: Vec<Event>,
    /// How much of the journal a crash can't take.
    pub(crate) durable: usize,
    pub(crate) run: Run,
    pub(crate) tasks: Vec<Task>,
    /// The process that drives the run, by number; only its tasks are done.
    pub(crate) process: u64,
    pub(crate) alive: bool,
    pub(crate) crashes_left: u64,
    pub(crate) resumes_left: u64,
    /// How many crashes fell between an intent and its outcome.
    pub(crate) orphaned: u32,
    /// How many crashes fell into a hold.
    pub(crate) crashed_in_holds: u32,
    /// How often a paused run went on by a word.
    pub(crate) continued: u32,
    pub(crate) holds: Holds,
    pub(crate) people: People,
}

pub(crate) struct Task {
    pub(crate) due: u64,
    /// None: the world's own.
    pub(crate) process: Option<u64>,
    pub(crate) what: What,
}

pub(crate) enum What {
    Perform(Command),
    Send(Act, Operation),
    Answer(ActId, Outcome),
    Arrive(ActId, StepId, Operation),
    SomebodyElse(usize),
    /// The system of a resource goes down for so many milliseconds.
    GoesDown(usize, u64),
    Abort,
    Pause,
    Continue,
    TakeOver,
    ClockJump,
    Resume,
    PersonSays,
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
            orphaned: 0,
            crashed_in_holds: 0,
            continued: 0,
            holds: Holds::default(),
            people: People::default(),
        };
        simulation.plan_disturbances();
        simulation.plan_people();
        simulation.schedule_all(commands);
        simulation
    }

    pub(crate) fn later(&mut self, within: u64, process: Option<u64>, what: What) {
        let due = self.now + self.rng.between(1, within);
        self.tasks.push(Task { due, process, what });
    }

    pub(crate) fn at(&self) -> Millis {
        Millis(self.now.saturating_add_signed(self.offset))
    }

    /// How the run ended.
    pub(crate) fn run_to_the_end(&mut self) -> String {
        while !self.run.is_sealed() {
            assert!(self.journal.len() < TOO_MANY, "the run does not end");
            let next = self.tasks.iter().enumerate().min_by_key(|(_, task)| task.due).map(|(place, _)| place);
            let at_rest = self.run.is_at_rest();
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
        truth::picture_is_true(&self.run, &self.world);
        truth::ending_is_true(&self.run, &self.world);
        if self.rng.percent(10) {
            self.check_codec();
        }
        let Status::Ended { ending, sealed: true } = self.run.status() else { panic!("not sealed") };
        match ending {
            Ending::Done => "done",
            Ending::NothingToDo => "nothing_to_do",
            Ending::Partial => "partial",
            Ending::Failed { .. } => "failed",
            Ending::Undone { .. } => "undone",
            Ending::Replaced { .. } => "replaced",
            Ending::Refused { .. } => "refused",
            Ending::Aborted { .. } => "aborted",
        }
        .to_owned()
    }

    /// Whether a step ended skipped because a system was down.
    pub(crate) fn skipped_something(&self) -> bool {
        let receipt = self.run.receipt();
        let mut steps = receipt.stages.iter().flat_map(|stage| &stage.steps);
        steps.any(|step| matches!(step.condition, Condition::Skipped { .. }))
    }

    pub(crate) fn asked(&self) -> Option<StepId> {
        let view = self.run.view();
        let mut steps = view.stages.into_iter().flat_map(|stage| stage.steps);
        steps.find(|step| step.display == StepDisplay::AskedPerson).map(|step| step.step)
    }

    pub(crate) fn person_confirms(&mut self) {
        let Some(step) = self.asked() else { panic!("nothing is under way: {:?}", self.run.view()) };
        self.now += 10_000;
        self.feed(Event::PersonConfirmed { step, by: "dba".into(), at: self.at() });
    }

    pub(crate) fn perform(&mut self, task: Task) {
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
                let tells = self.run.spec().on_failure == FallbackSpec::Halt;
                let back = (tells && live.original != live.desired()).then_some(live.original);
                let content = [None, back, Some(900_000 + i64::try_from(self.now).unwrap())];
                let content = content[self.rng.between(0, 2) as usize];
                self.world[which].disturb(content);
            }
            What::GoesDown(which, for_ms) => self.world[which].down_until = self.now + for_ms,
            What::Abort => self.feed(Event::AbortAsked { by: "bo".into(), reason: "stop".into(), at: self.at() }),
            What::Pause => self.feed(Event::PauseAsked { by: "bo".into(), reason: "wait".into(), at: self.at() }),
            What::Continue => self.feed(Event::ContinueAsked { by: "bo".into(), at: self.at() }),
            What::TakeOver => self.take_over(),
            What::ClockJump => {
                self.holds.clock_jumped();
                self.offset +=
                    i64::try_from(self.rng.between(0, 2 * HOUR_MS)).unwrap() - i64::try_from(HOUR_MS).unwrap();
            }
            What::Resume => self.resume(),
            What::PersonSays => self.person_says(),
        }
    }

    pub(crate) fn live(&mut self, step: StepId) -> &mut Live {
        let name = self.run.target(step).unwrap().resource.to_string();
        self.world.iter_mut().find(|live| live.name == name).unwrap()
    }

    pub(crate) fn intent_of(&self, act: ActId) -> u64 {
        let intended = |event: &Event| matches!(event, Event::Intended { act: found, .. } if *found == act);
        self.journal.iter().position(intended).expect("an outcome has an intent") as u64
    }

    /// Appends an event and lets the run take it. The process may die before, or just after.
    pub(crate) fn feed(&mut self, event: Event) {
        let own = !matches!(
            event,
            Event::AbortAsked { .. }
                | Event::PauseAsked { .. }
                | Event::ContinueAsked { .. }
                | Event::Resolved { .. }
                | Event::TakenOver { .. }
        );
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

    pub(crate) fn repeats(&mut self, event: &Event) -> bool {
        !matches!(event, Event::Resumed { .. }) && self.rng.percent(5)
    }

    pub(crate) fn take(&mut self, event: Event) -> Vec<Command> {
        let before = self.run.clone();
        let falls_back = matches!(event, Event::FellBack { .. });
        let result = self.run.apply(event.clone());
        if result.is_ok() {
            self.people.check(&event, &self.run);
        }
        self.journal.push(event);
        match result {
            Ok(commands) => {
                if falls_back {
                    truth::nothing_is_unknown(&before);
                }
                truth::commands_are_permitted(&self.run, &commands);
                self.holds.note(&self.run, self.now);
                commands
            }
            Err(_) => {
                assert_eq!(self.run, before, "a rejected event changed the run");
                Vec::new()
            }
        }
    }

    pub(crate) fn schedule_all(&mut self, commands: Vec<Command>) {
        if !self.alive {
            return;
        }
        for command in commands {
            let due = match &command {
                Command::WakeAt { after_ms, .. } | Command::LimitAt { after_ms, .. } => self.now + after_ms,
                Command::AskPerson { .. } | Command::Unlock => continue,
                Command::Lock { .. }
                | Command::Plan { .. }
                | Command::Act(_)
                | Command::CloseOrphan { .. }
                | Command::Look { .. }
                | Command::Confirm { .. }
                | Command::Measure { .. }
                | Command::FallBack { .. }
                | Command::Seal { .. } => self.now + self.rng.between(1, 200),
            };
            self.tasks.push(Task { due, process: Some(self.process), what: What::Perform(command) });
        }
    }

    pub(crate) fn check_folding(&self) {
        let folded = Run::fold(self.journal.clone()).unwrap();
        assert_eq!(folded, self.run, "the journal gives another run");
    }

    pub(crate) fn check_codec(&self) {
        let text = serde_json::to_string(&self.journal).unwrap();
        let read: Vec<Event> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, self.journal, "the journal does not survive its text");
        for event in &self.journal {
            assert_eq!(serde_json::to_value(event).unwrap()["kind"], event.kind());
        }
    }
}
