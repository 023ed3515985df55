//! What a process does with a run's commands, and how the systems answer.

use belay_domain::check::Reading;
use belay_domain::id::{Millis, StepId};
use belay_domain::operation::{Operation, Outcome};
use belay_domain::plan::{Subject, Work};
use belay_engine::{Act, ActId, Command, Event, Finding, Holder, Look, Observed};

use crate::host::{BEGIN, Simulation, What};
use crate::world::Kind;
use crate::{fixture, truth};

impl Simulation {
    pub(crate) fn answer(&mut self, command: Command) -> Option<Event> {
        let at = self.at();
        match command {
            Command::Lock { stage, .. } if self.rng.percent(3) => Some(Event::LockHeld { stage, holder: holder(), at }),
            Command::Lock { stage, .. } => Some(Event::Locked { stage, at }),
            Command::Plan { stage, steps } => Some(self.plan(stage, &steps)),
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
            Command::Confirm { step, part } => {
                let observed = self.observe(step);
                let seen = matches!(observed, Observed::State(_));
                let remaining = if seen { self.remaining(step, part) } else { 0 };
                Some(Event::Confirmed { step, part, observed, remaining_operations: remaining, at })
            }
            Command::Measure { check, step } => Some(Event::Measured { check, step, reading: self.read(), at }),
            Command::WakeAt { wake, .. } | Command::LimitAt { wake, .. } => Some(Event::Woke { wake, at }),
            Command::FallBack { failed, response } => Some(Event::FellBack { failed, response, at }),
            Command::Seal { receipt } => Some(Event::Sealed { receipt, at }),
            Command::AskPerson { .. } | Command::Unlock => None,
        }
    }

    pub(crate) fn is_down(&self, step: StepId) -> bool {
        let name = self.run.target(step).unwrap().resource.as_str();
        self.world.iter().any(|live| live.name == name && self.now < live.down_until)
    }

    pub(crate) fn observe(&mut self, step: StepId) -> Observed {
        if self.rng.percent(5) || self.is_down(step) {
            return Observed::Failed("unavailable".into());
        }
        Observed::State(self.live(step).observe())
    }

    /// How many operations it still takes to what is desired, or to a part of a ramp.
    fn remaining(&mut self, step: StepId, part: Option<u32>) -> u32 {
        let desired = fixture::desired(self.run.target(step).unwrap());
        let live = self.live(step);
        let Some(part) = part else { return u32::try_from(live.plan(desired, 0).len()).unwrap() };
        let to = live.through[part as usize];
        u32::from(live.content != to)
    }

    pub(crate) fn read(&mut self) -> Reading {
        match self.rng.between(0, 9) {
            0 => Reading::NoData { reason: "empty".into() },
            1..=3 => Reading::Missed { value: "0.5".into() },
            _ => Reading::Met { value: "0.01".into() },
        }
    }

    pub(crate) fn plan(&mut self, stage: u32, asked: &[StepId]) -> Event {
        let blind = self.rng.percent(2);
        let run = self.run.clone();
        let plan = fixture::plan(&run, stage, asked, |step| match &step.subject {
            Subject::Manual { .. } => Work::Person,
            Subject::Resource(_) if blind => fixture::blind(),
            Subject::Resource(_) if self.is_down(step.id) => fixture::down(),
            Subject::Resource(target) => {
                let desired = fixture::desired(target);
                let live = self.live(step.id);
                let found = live.observe();
                let from = run.next_part(step.id);
                let part = target.ramp.as_ref().map_or(0, |ramp| ramp.start(&found.content, from));
                fixture::change(found, live.plan(desired, part))
            }
        });
        let risk = match self.rng.between(0, 99) {
            0 => 90,
            1..=8 => 50,
            _ => 10,
        };
        let finding = match self.rng.between(0, 99) {
            0 => Finding::Violates { violations: vec!["no list allows it".into()] },
            _ => {
                let consent = self.people.consent();
                fixture::consented(fixture::judged(&plan, risk, |step| self.live(step).kind != Kind::Once), consent)
            }
        };
        Event::Planned { stage, plan, finding, at: self.at() }
    }

    pub(crate) fn intend(&mut self, act: Act) {
        let epoch = self.run.owner().1;
        if self.run.may_act(act.act, epoch).is_err() {
            return;
        }
        let operation = self.run.operation(act.step, act.index).unwrap().clone();
        let process = self.process;
        let Act { act: id, step, index, attempt, operation: digest, plan, act_by } = act;
        let intended =
            Event::Intended { act: id, step, index, attempt, operation: digest, plan, act_by, epoch, at: self.at() };
        let live = self.live(step);
        let (kind, live) = (live.kind, live.clone());
        truth::intent_is_safe(&self.run, kind, &act);
        self.holds.check(&self.run, &live, &act, self.now);
        self.feed(intended);
        // A process that died in between sends nothing.
        if self.alive && self.process == process {
            self.later(20, Some(process), What::Send(act, operation));
        }
    }

    /// The request leaves. What becomes of it and of its answer are two things.
    pub(crate) fn send(&mut self, act: Act, operation: Operation, process: Option<u64>) {
        let (id, step) = (act.act, act.step);
        if self.at() > act.act_by {
            return self.answer_later(id, not_applied("too late"), process);
        }
        let unknown = || Outcome::Unknown { reason: "no answer".into() };
        if self.is_down(step) {
            let refused = if self.rng.percent(70) { not_applied("connection refused") } else { unknown() };
            return self.answer_later(id, refused, process);
        }
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

    pub(crate) fn answer_later(&mut self, act: ActId, outcome: Outcome, process: Option<u64>) {
        self.later(300, process, What::Answer(act, outcome));
    }
}

fn not_applied(reason: &str) -> Outcome {
    Outcome::NotApplied { reason: reason.to_owned() }
}

fn holder() -> Holder {
    let resource = "s0r0".parse().unwrap();
    Holder { resource, run: "r-2".parse().unwrap(), by: "cy".into(), since: Millis(BEGIN) }
}
