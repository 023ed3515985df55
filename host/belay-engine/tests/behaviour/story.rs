//! Tells what a run does: one line for each move, with the commands that follow. Contents are numbers, and each
//! operation moves one by one towards what is desired.

use std::collections::BTreeMap;

use belay_domain::check::Reading;
use belay_domain::id::{Epoch, Millis, StepId};
use belay_domain::operation::{Operation, Outcome};
use belay_domain::plan::{Subject, Work};
use belay_engine::{
    Act, ActId, Command, Condition, Decision, Event, Failed, Finding, Holder, Look, Observed, Response, Run, RunSpec,
    WakeId,
};
use expect_test::Expect;

use crate::fixture;

/// Something that happens. Steps are `(stage, step)`.
#[derive(Clone)]
pub(crate) enum Move {
    Locked(u32),
    Held(u32),
    /// The stage is planned; each of its resources has this content, or its system is [`DOWN`].
    Plan(u32, Vec<i64>),
    /// The same, with a finding made from the plan's own.
    Found(u32, Vec<i64>, fn(Finding) -> Finding),
    /// The same, but nothing can be observed.
    Blind(u32),
    Intend(u32),
    Applied(u32),
    NotApplied(u32),
    Unknown(u32),
    Seen((u32, u32), Look, State),
    /// It has this content and so many operations are left, or its system is [`DOWN`].
    Confirm((u32, u32), i64, u32),
    /// The same, seen at this revision.
    ConfirmAt((u32, u32), i64, u64, u32),
    Done((u32, u32)),
    Resolve((u32, u32), Decision),
    Measure(u32, Option<&'static str>),
    /// The same, while a step's ramp is held.
    MeasureOn((u32, u32), u32, Option<&'static str>),
    Pause,
    Continue,
    Wake(u32),
    Abort,
    TakeOver(u64),
    Resume(u64),
    Seal,
    /// What was asked to follow a failure is recorded.
    FallBack,
    /// The wall's clock moves by this many milliseconds.
    Clock(i64),
}

/// In place of a content: the system is down.
pub(crate) const DOWN: i64 = -1;

/// What is seen of a resource.
#[derive(Clone, Copy)]
pub(crate) enum State {
    /// Its content and its revision.
    Is(i64, u64),
    Unseen,
}

/// Plays moves and compares what was told.
pub(crate) fn check(spec: RunSpec, moves: &[Move], expected: Expect) {
    expected.assert_eq(&tell(spec, moves));
}

fn tell(spec: RunSpec, moves: &[Move]) -> String {
    let (run, commands) = Run::open(fixture::opened(spec)).unwrap();
    let mut story = Story {
        run,
        now: 0,
        acts: Vec::new(),
        confirming: BTreeMap::new(),
        asked: Vec::new(),
        falling: None,
        text: String::new(),
    };
    story.line("opened", Ok(commands));
    for next in moves {
        story.play(next.clone());
    }
    story.picture();
    story.text
}

struct Story {
    run: Run,
    now: u64,
    acts: Vec<Act>,
    confirming: BTreeMap<StepId, Option<u32>>,
    /// The steps that were to be planned last.
    asked: Vec<StepId>,
    /// What was asked to follow a failure.
    falling: Option<(Failed, Response)>,
    text: String,
}

impl Story {
    fn play(&mut self, next: Move) {
        self.now += 100;
        let at = Millis(self.now);
        let (name, event) = match next {
            Move::Clock(by) => {
                self.now = self.now.saturating_add_signed(by);
                return;
            }
            Move::Locked(stage) => ("locked".to_owned(), Event::Locked { stage, at }),
            Move::Held(stage) => ("lock held".to_owned(), Event::LockHeld { stage, holder: holder(), at }),
            Move::Plan(stage, contents) => (format!("planned {contents:?}"), self.planned(stage, &contents, |f| f)),
            Move::Found(stage, contents, change) => {
                (format!("planned {contents:?}"), self.planned(stage, &contents, change))
            }
            Move::Blind(stage) => ("planned blind".to_owned(), self.planned(stage, &[], |f| f)),
            Move::Intend(act) => (format!("intent {act}"), self.intended(act)),
            Move::Applied(act) => performed(act, Outcome::Applied { detail: "201".into() }, "applied", at),
            Move::NotApplied(act) => performed(act, Outcome::NotApplied { reason: "409".into() }, "not applied", at),
            Move::Unknown(act) => performed(act, Outcome::Unknown { reason: "no answer".into() }, "unknown", at),
            Move::Seen(step, look, state) => (
                format!("seen {step:?} {}", shown(state)),
                Event::Seen { step: id(step), look, observed: observed(state), at },
            ),
            Move::Confirm(step, content, to_do) => self.confirmed(step, content, 9, to_do),
            Move::ConfirmAt(step, content, revision, to_do) => self.confirmed(step, content, revision, to_do),
            Move::MeasureOn(step, check, value) => (
                format!("measured {value:?} on {step:?}"),
                Event::Measured { check, step: Some(id(step)), reading: reading(value), at },
            ),
            Move::Pause => ("pause".to_owned(), Event::PauseAsked { by: "bo".into(), reason: "wait".into(), at }),
            Move::Continue => ("continue".to_owned(), Event::ContinueAsked { by: "bo".into(), at }),
            Move::Done(step) => {
                ("person is done".to_owned(), Event::PersonConfirmed { step: id(step), by: "dba".into(), at })
            }
            Move::Resolve(step, decision) => (
                format!("resolved {decision:?}"),
                Event::Resolved { step: id(step), decision, by: "bo".into(), reason: "looked".into(), at },
            ),
            Move::Measure(check, value) => {
                (format!("measured {value:?}"), Event::Measured { check, step: None, reading: reading(value), at })
            }
            Move::Wake(wake) => (format!("woke {wake}"), Event::Woke { wake: WakeId(wake), at }),
            Move::Abort => ("abort".to_owned(), Event::AbortAsked { by: "bo".into(), reason: "stop".into(), at }),
            Move::TakeOver(epoch) => {
                (format!("taken over {epoch}"), Event::TakenOver { epoch: Epoch(epoch), by: "bo".into(), at })
            }
            Move::Resume(epoch) => {
                (format!("resumed {epoch}"), Event::Resumed { epoch: Epoch(epoch), by: "ana".into(), at })
            }
            Move::FallBack => {
                let (failed, response) = self.falling.clone().expect("nothing was asked to follow a failure");
                ("fell back".to_owned(), Event::FellBack { failed, response, at })
            }
            Move::Seal => ("sealed".to_owned(), Event::Sealed { receipt: Box::new(self.run.receipt()), at }),
        };
        let result = self.run.apply(event).map_err(|rejected| rejected.to_string());
        self.line(&name, result);
    }

    /// The answer to the last command that asked for it.
    fn confirmed(&self, step: (u32, u32), content: i64, revision: u64, to_do: u32) -> (String, Event) {
        let event = Event::Confirmed {
            step: id(step),
            part: self.confirming.get(&id(step)).copied().flatten(),
            observed: observed(if content == DOWN { State::Unseen } else { State::Is(content, revision) }),
            remaining_operations: to_do,
            at: Millis(self.now),
        };
        (format!("confirmed {step:?} {content}, {to_do} to do"), event)
    }

    fn planned(&self, stage: u32, contents: &[i64], change: fn(Finding) -> Finding) -> Event {
        let mut found = contents.iter().copied();
        let plan = fixture::plan(&self.run, stage, &self.asked, |step| match &step.subject {
            Subject::Manual { .. } => Work::Person,
            Subject::Resource(target) => match found.next() {
                None => fixture::blind(),
                Some(DOWN) => fixture::down(),
                Some(content) => {
                    let operations = operations(target.resource.as_str(), content, fixture::desired(target));
                    fixture::change(fixture::state(content, 1), operations)
                }
            },
        });
        let safe = |step| !self.title(step).starts_with("once");
        let finding = change(fixture::judged(&plan, 10, safe));
        Event::Planned { stage, plan, finding, at: Millis(self.now) }
    }

    fn intended(&self, act: u32) -> Event {
        let act = *self.acts.iter().find(|known| known.act == ActId(act)).expect("an act that was asked for");
        let Act { act, step, index, attempt, operation, plan, act_by } = act;
        let epoch = self.run.owner().1;
        Event::Intended { act, step, index, attempt, operation, plan, act_by, epoch, at: Millis(self.now) }
    }

    fn title(&self, step: StepId) -> String {
        self.run.step_spec(step).map_or("?", |spec| spec.subject.title()).to_owned()
    }

    fn line(&mut self, name: &str, result: Result<Vec<Command>, String>) {
        let follows = match result {
            Err(reason) => format!("rejected: {reason}"),
            Ok(commands) if commands.is_empty() => "nothing".to_owned(),
            Ok(commands) => {
                let told: Vec<String> = commands.iter().map(|command| self.command(command)).collect();
                told.join(", ")
            }
        };
        self.text.push_str(&format!("{name} → {follows}\n"));
    }

    fn command(&mut self, command: &Command) -> String {
        if let Command::FallBack { failed, response } = command {
            self.falling = Some((failed.clone(), response.clone()));
        }
        match command {
            Command::Lock { resources, .. } => {
                let names: Vec<String> = resources.iter().map(ToString::to_string).collect();
                format!("lock {}", names.join(" "))
            }
            Command::Unlock => "unlock".into(),
            Command::Plan { steps, .. } => {
                self.asked.clone_from(steps);
                let names: Vec<String> = steps.iter().map(|step| self.title(*step)).collect();
                format!("plan {}", names.join(" "))
            }
            Command::Act(act) => {
                self.acts.push(*act);
                format!("act {} ({}.{} try {})", act.act.0, self.title(act.step), act.index, act.attempt)
            }
            Command::CloseOrphan { act, .. } => format!("close {}", act.0),
            Command::Look { step, index } => format!("look {}.{index}", self.title(*step)),
            Command::Confirm { step, part } => {
                self.confirming.insert(*step, *part);
                let part = part.map(|part| format!(" part {part}")).unwrap_or_default();
                format!("confirm {}{part}", self.title(*step))
            }
            Command::AskPerson { instruction, .. } => format!("ask `{instruction}`"),
            Command::Measure { check, step: None } => format!("measure {check}"),
            Command::Measure { check, step: Some(step) } => format!("measure {check} on {}", self.title(*step)),
            Command::WakeAt { wake, after_ms, .. } => format!("wake {} after {after_ms} ms", wake.0),
            Command::LimitAt { wake, after_ms, .. } => format!("limit {} of {after_ms} ms", wake.0),
            Command::FallBack { response: Response::Undo, .. } => "undo".into(),
            Command::FallBack { response: Response::Runbook { name }, .. } => format!("go on with {name}"),
            Command::Seal { .. } => "seal".into(),
        }
    }

    fn picture(&mut self) {
        let status = serde_json::to_string(&self.run.status()).unwrap();
        self.text.push_str(&format!("= {}\n", status.replace('"', "")));
        for step in self.run.receipt().stages.iter().flat_map(|stage| &stage.steps) {
            let condition = match &step.condition {
                Condition::Unknown { reason } => format!("unknown: {reason}"),
                Condition::Skipped { reason, with: None } => format!("skipped: {reason}"),
                Condition::Skipped { with: Some(upstream), .. } => format!("skipped with {upstream}"),
                condition @ (Condition::Restored
                | Condition::AlreadyAsDesired
                | Condition::NotTouched
                | Condition::Changed { .. }
                | Condition::OnTheWay { .. }
                | Condition::Acting { .. }
                | Condition::LeftOut
                | Condition::DoneBy { .. }) => format!("{condition:?}"),
            };
            self.text.push_str(&format!("  {}: {condition}\n", step.title));
        }
    }
}

fn operations(name: &str, content: i64, to: i64) -> Vec<Operation> {
    let yields: Vec<i64> = if to > content { (content + 1..=to).collect() } else { (to..content).rev().collect() };
    yields.into_iter().map(|next| fixture::operation(name, format!("{next}"), next)).collect()
}

fn performed(act: u32, outcome: Outcome, name: &str, at: Millis) -> (String, Event) {
    (format!("{name} {act}"), Event::Performed { act: ActId(act), intent: 100 + u64::from(act), outcome, at })
}

fn id((stage, step): (u32, u32)) -> StepId {
    fixture::step_id(stage, step)
}

fn observed(state: State) -> Observed {
    match state {
        State::Is(content, revision) => Observed::State(fixture::state(content, revision)),
        State::Unseen => Observed::Failed("unavailable".into()),
    }
}

fn shown(state: State) -> String {
    match state {
        State::Is(content, revision) => format!("{content} at revision {revision}"),
        State::Unseen => "nothing".to_owned(),
    }
}

fn reading(value: Option<&str>) -> Reading {
    match value {
        None => Reading::NoData { reason: "no data".into() },
        Some(value) if value < "0.02" => Reading::Met { value: value.into() },
        Some(value) => Reading::Missed { value: value.into() },
    }
}

fn holder() -> Holder {
    let resource = "flag".parse().unwrap();
    Holder { resource, run: "r-2".parse().unwrap(), by: "cy".into(), since: Millis(7) }
}
