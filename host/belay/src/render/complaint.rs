//! Why a run is not where it was asked to be: what happened, what was and was not changed, one thing to do next; and
//! the exit status that says so.

use belay_domain::id::{Millis, RunId, StepId};
use belay_engine::{
    Condition, Ending, Failure, Halt, Pause, Refusal, Response, RunView, StageView, Status, StepDisplay, StepView, Wait,
};
use belay_runtime::api::{self, Error, RunSummary};
use jiff::Timestamp;

use super::amount::limit;
use super::quorum;
use super::words::quoted;

/// What is to be said of the run; nothing where it did what was asked. `whole_run`: the words that ask for all of it.
pub(crate) fn complaint(view: &RunView, whole_run: &str) -> Option<Error> {
    let (error, next) = match &view.status {
        Status::Ended { ending, .. } => ended(view, ending, whole_run)?,
        Status::Halted(halt) => halted(view, halt),
        Status::Waiting(wait) => waiting(view, wait),
        Status::Paused(pause) => paused(view, pause),
        Status::Working | Status::Checking | Status::Stopping => unfinished(view),
    };
    Some(error.changed(changed(view)).next(next))
}

fn ended(view: &RunView, ending: &Ending, whole_run: &str) -> Option<(Error, String)> {
    let run = &view.run;
    Some(match ending {
        Ending::Done | Ending::NothingToDo => return None,
        Ending::Partial => (
            Error::new(api::Ending::Partial, format!("{run} is restored except {}", left_alone(view))),
            format!("{whole_run} finishes it{}", once_back(view)),
        ),
        Ending::Failed { check, result } => {
            let probe = usize::try_from(*check).ok().and_then(|check| view.checks.get(check));
            let claim = probe.map(|check| format!("{} {}", check.probe, check.claim)).unwrap_or_default();
            let what = format!("{run} restored every resource, but the check `{claim}` {result}");
            (
                Error::failed(what),
                format!("belay audit log --run {run} shows what it measured; whom to call is in belay runbook show"),
            )
        }
        Ending::Undone { failed } => (
            Error::failed(format!("{run} failed in {failed}; what it wrote was put back{}", by_hand(view))),
            format!("{whole_run} once the cause is gone"),
        ),
        Ending::Replaced { failed, runbook } => (
            Error::new(api::Ending::Partial, format!("{run} failed in {failed}; {runbook} was restored in its place")),
            format!("{whole_run} once the cause is gone"),
        ),
        Ending::Refused { stage, refusal } => refused(view, stage.as_str(), refusal, whole_run),
        Ending::Aborted { by, reason } => (
            Error::failed(format!("{run} was aborted by {by}: {reason}")),
            undo_or(view, format!("belay status {run}")),
        ),
    })
}

/// What people did is not belay's to take back.
fn by_hand(view: &RunView) -> &'static str {
    let done = steps(view).any(|(_, step)| matches!(step.condition, Condition::DoneBy { .. }));
    if done { "; what was done by hand was not" } else { "" }
}

/// What a partial run did nothing about: `what was left out`, or each resource that was skipped and why.
fn left_alone(view: &RunView) -> String {
    let skipped = steps(view).filter_map(|(_, step)| {
        let Condition::Skipped { reason, with } = &step.condition else { return None };
        let why = with.as_ref().map_or_else(|| format!(": {reason}"), |upstream| format!(" with {upstream}"));
        Some(format!("{} (skipped{why})", step.title))
    });
    let mut told: Vec<String> = skipped.collect();
    if told.is_empty() || steps(view).any(|(_, step)| step.display == StepDisplay::LeftOut) {
        told.insert(0, "what was left out".to_owned());
    }
    told.join("; ")
}

fn once_back(view: &RunView) -> &'static str {
    let skipped = steps(view).any(|(_, step)| matches!(step.condition, Condition::Skipped { .. }));
    if skipped { ", once what is down answers again" } else { "" }
}

/// A moment for whoever may sit in another time zone: `2026-11-22 03:10:00 UTC`.
fn in_utc(at: Millis) -> String {
    let moment = i64::try_from(at.0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    moment.map_or_else(|| "an unknown time".to_owned(), |moment| moment.strftime("%F %T UTC").to_string())
}

fn refused(view: &RunView, stage: &str, refusal: &Refusal, whole_run: &str) -> (Error, String) {
    let ending = match refusal {
        Refusal::Expired { .. } | Refusal::OutsideMandate { .. } => api::Ending::OutsideMandate,
        Refusal::Violations { .. }
        | Refusal::TurnedDown { .. }
        | Refusal::Denied { .. }
        | Refusal::LosesTooMuch { .. }
        | Refusal::PointTooOld { .. }
        | Refusal::RiskTooHigh { .. } => api::Ending::Refused,
    };
    let what = format!("{} ended before the stage {stage}: {}", view.run, why(refusal));
    let next = if ending == api::Ending::OutsideMandate {
        format!("{whole_run} makes a new mandate; where people approve it, belay approve shows them the difference")
    } else {
        undo_or(view, format!("belay audit log --run {} shows the whole plan and every verdict", view.run))
    };
    (Error::new(ending, what), next)
}

fn why(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Expired { .. } => "its mandate had expired".to_owned(),
        Refusal::Violations { violations } => format!("the plan breaks rules: {}", violations.join("; ")),
        Refusal::OutsideMandate { outside } => format!("outside its mandate: {}", outside.join("; ")),
        Refusal::Denied { reasons } => format!("denied: {}", reasons.join("; ")),
        Refusal::LosesTooMuch { resource, may_lose_ms, .. } => {
            let allowed = limit(*may_lose_ms);
            format!("it would set aside more of {resource} than the {allowed} that the runbook allows")
        }
        Refusal::TurnedDown { by, reason } => format!("{by} rejected it: {reason}"),
        Refusal::PointTooOld { age_ms, limit_ms } => {
            format!("what it goes back to is {} old; the oldest allowed is {}", limit(*age_ms), limit(*limit_ms))
        }
        Refusal::RiskTooHigh { risk, limit } => {
            format!("risk {risk} is above {limit}, the highest that any band takes")
        }
    }
}

fn undo_or(view: &RunView, otherwise: String) -> String {
    let wrote = steps(view).any(|(_, step)| wrote(&step.condition));
    if wrote { format!("belay undo {} puts back what it changed", view.run) } else { otherwise }
}

fn halted(view: &RunView, halt: &Halt) -> (Error, String) {
    let run = &view.run;
    let why = halt.step().map_or_else(|| halt.to_string(), |step| format!("{}: {halt}", name_of(view, step)));
    let what = match &view.failure {
        None => format!("{run} halted: {why}"),
        Some(Failure { failed, response: Response::Undo, .. }) => {
            format!("{run} failed in {failed}; and putting back what it wrote halted: {why}")
        }
        Some(Failure { failed, response: Response::Runbook { name }, .. }) => {
            format!("{run} failed in {failed}; and {name} halted: {why}")
        }
    };
    let resume = format!("belay resume {run}");
    let resolve = |step: &StepId| {
        let step = quoted(&name_of(view, *step));
        format!("belay resolve {run} {step} --as applied|not-applied|plan-again --reason …")
    };
    match halt {
        Halt::Locked { holder } => (
            Error::failed(format!("{what}, since {}", in_utc(holder.since))),
            format!("belay status {} says how it stands; once it has ended: {resume}", holder.run),
        ),
        Halt::Blind { resources } => {
            let names: Vec<_> = resources.iter().map(|(resource, _)| resource.to_string()).collect();
            let except: Vec<_> = names.iter().map(|name| format!("--except {name}")).collect();
            let next = format!(
                "{resume} once {} can be observed; or belay abort {run} --reason …, then run again with {}",
                names.join(" and "),
                except.join(" ")
            );
            (Error::new(api::Ending::PersonMustDecide, what), next)
        }
        Halt::PersonMustDecide { step, .. } => {
            (Error::new(api::Ending::PersonMustDecide, what), format!("look at the system, then: {}", resolve(step)))
        }
        Halt::CannotLook { step, .. } => {
            let (name, known) = (name_of(view, *step), resolve(step));
            let next =
                format!("{resume} once {name} can be observed; or, if you know what became of the write: {known}");
            (Error::new(api::Ending::PersonMustDecide, what), next)
        }
        Halt::CheckFailed { .. } => (
            Error::failed(what),
            format!(
                "{resume} measures again; belay continue {run} goes on all the same; belay abort {run} leaves it there"
            ),
        ),
        Halt::OutOfTime { .. } => {
            (Error::failed(what), format!("{resume} gives it the same time again, once you know what took so long"))
        }
        Halt::NotApplied { .. } | Halt::GaveUp { .. } | Halt::NotRestored { .. } => {
            (Error::failed(what), format!("{resume} once the cause is gone"))
        }
    }
}

/// What to do about a run that needs what another one held; nothing where somebody works on that one.
pub(crate) fn once_free(run: &RunId, holder: &RunSummary) -> Option<String> {
    let other = &holder.run;
    if matches!(holder.view.status, Status::Ended { .. }) {
        return Some(format!("belay resume {run}: {other} has ended since"));
    }
    let left = format!("nobody works on {other}: belay resume {other}, or belay abort {other} --reason …");
    (!holder.owned).then(|| format!("{left}; then: belay resume {run}"))
}

fn waiting(view: &RunView, wait: &Wait) -> (Error, String) {
    let run = &view.run;
    let people = match quorum::people(wait) {
        people if people.is_empty() => String::new(),
        people => format!("; {people}"),
    };
    let missing = quorum::missing(wait);
    let what = format!("{run} waits before the stage {}: risk {} needs {missing}{people}", wait.name, wait.risk);
    let next = if let Some(need) = quorum::unmeetable(wait) {
        let why = need.problem.as_ref().map_or_else(String::new, |problem| format!(" ({problem})"));
        format!(
            "belay abort {run} --reason …: nobody could approve it{why}; [people] and [team] in belay.toml say who can"
        )
    } else if wait.signed {
        format!("{}, then: belay resume {run}", quorum::approve(run, wait))
    } else {
        format!("belay resume {run} --key ~/.ssh/id_ed25519, by {}: an unsigned request is approved by nobody", wait.by)
    };
    (Error::new(api::Ending::Waits, what), next)
}

fn paused(view: &RunView, pause: &Pause) -> (Error, String) {
    let run = &view.run;
    let why = if pause.reason.is_empty() { String::new() } else { format!(": {}", pause.reason) };
    let what = format!("{run} is paused by {}{why}", pause.by);
    (Error::new(api::Ending::PersonMustDecide, what), format!("belay continue {run}, or: belay abort {run} --reason …"))
}

/// Nobody is at work on it: it was interrupted, or it waits for a person's hands.
fn unfinished(view: &RunView) -> (Error, String) {
    let run = &view.run;
    let asked = steps(view).find(|(_, step)| step.display == StepDisplay::AskedPerson);
    match asked {
        Some((stage, step)) => (
            Error::new(
                api::Ending::PersonMustDecide,
                format!("{run} waits for a step by hand in the stage {}", stage.name),
            ),
            format!("once it is done: belay confirm {run} {}", place(step.step)),
        ),
        None => (Error::failed(format!("{run} is not finished")), format!("belay resume {run}")),
    }
}

/// `flag restored; dataset not touched; model unknown`.
fn changed(view: &RunView) -> String {
    if !steps(view).any(|(_, step)| wrote(&step.condition)) {
        return "nothing was written".to_owned();
    }
    // What a person has yet to do is nothing that belay changes.
    let own = steps(view).filter(|(_, step)| step.display != StepDisplay::AskedPerson);
    let undo = view.failure.as_ref().filter(|failure| failure.response == Response::Undo);
    let mut told: Vec<(&str, String)> = Vec::new();
    for (_, step) in own {
        let puts_back = undo.is_some_and(|failure| step.step.stage >= failure.from_stage);
        let words = if puts_back { back(&step.condition) } else { left(&step.condition) };
        match told.iter_mut().find(|(title, _)| *title == step.title) {
            // What followed a failure has the last word, where it did anything.
            Some(_) if !settles(&step.condition) => {}
            Some((_, earlier)) => *earlier = words,
            None => told.push((&step.title, words)),
        }
    }
    told.iter().map(|(title, words)| format!("{title} {words}")).collect::<Vec<_>>().join("; ")
}

const fn wrote(condition: &Condition) -> bool {
    match condition {
        Condition::Restored
        | Condition::Changed { .. }
        | Condition::OnTheWay { .. }
        | Condition::Acting { .. }
        | Condition::Unknown { .. } => true,
        Condition::AlreadyAsDesired
        | Condition::NotTouched
        | Condition::LeftOut
        | Condition::Skipped { .. }
        | Condition::DoneBy { .. } => false,
    }
}

/// Whether a step says more of its resource than that it did nothing.
const fn settles(condition: &Condition) -> bool {
    !matches!(condition, Condition::NotTouched | Condition::LeftOut | Condition::Skipped { .. })
}

/// How a resource is left by a step that puts back what the run had written.
pub(super) fn back(condition: &Condition) -> String {
    match condition {
        Condition::Restored | Condition::AlreadyAsDesired => "put back".to_owned(),
        Condition::NotTouched => "not put back".to_owned(),
        Condition::Changed { .. }
        | Condition::OnTheWay { .. }
        | Condition::Acting { .. }
        | Condition::Unknown { .. }
        | Condition::LeftOut
        | Condition::Skipped { .. }
        | Condition::DoneBy { .. } => left(condition),
    }
}

/// How a resource is left, in words that follow its name.
pub(super) fn left(condition: &Condition) -> String {
    match condition {
        Condition::Restored => "restored".to_owned(),
        Condition::AlreadyAsDesired => "as desired already".to_owned(),
        Condition::NotTouched => "not touched".to_owned(),
        Condition::Changed { applied: 1 } => "changed by 1 write, not restored".to_owned(),
        Condition::Changed { applied } => format!("changed by {applied} writes, not restored"),
        Condition::OnTheWay { reached, of } => format!("left at part {reached} of {of}"),
        Condition::Acting { .. } => "being written".to_owned(),
        Condition::Unknown { .. } => "unknown".to_owned(),
        Condition::LeftOut => "left out".to_owned(),
        Condition::Skipped { with: None, .. } => "skipped, its system is down".to_owned(),
        Condition::Skipped { with: Some(upstream), .. } => format!("skipped with {upstream}"),
        Condition::DoneBy { by } => format!("done by {by}"),
    }
}

fn steps(view: &RunView) -> impl Iterator<Item = (&StageView, &StepView)> {
    view.stages.iter().flat_map(|stage| stage.steps.iter().map(move |step| (stage, step)))
}

/// The word that names a step on the command line: its resource, or its place.
fn name_of(view: &RunView, id: StepId) -> String {
    let found = steps(view).find(|(_, step)| step.step == id);
    found.map_or_else(|| place(id), |(_, step)| step.title.clone())
}

/// How the command line names a step that is done by hand: the places of its stage and of itself, from 0.
pub(super) fn place(id: StepId) -> String {
    format!("{}.{}", id.stage, id.step)
}

#[cfg(test)]
mod tests {
    use belay_domain::check::CheckResult;
    use expect_test::{Expect, expect};

    use super::*;
    use crate::render::error::error;
    use crate::render::run::sample;

    const WHOLE: &str = "belay run standard-rollback checkout-ranker --env prod --to rp-0412";

    fn check(view: &RunView, status: u8, expected: Expect) {
        let found = complaint(view, WHOLE).unwrap();
        assert_eq!(found.ending.status(), status);
        expected.assert_eq(&error(&found).to_text(false));
    }

    fn ended(ending: Ending) -> RunView {
        RunView { status: Status::Ended { ending, sealed: true }, ..sample::done() }
    }

    fn refused(refusal: Refusal) -> RunView {
        let ending = Ending::Refused { stage: "restore".parse().unwrap(), refusal };
        RunView { status: Status::Ended { ending, sealed: true }, ..sample::contained() }
    }

    #[test]
    fn a_run_that_did_what_was_asked_is_not_complained_of() {
        assert_eq!(complaint(&sample::done(), WHOLE), None);
        assert_eq!(complaint(&ended(Ending::NothingToDo), WHOLE), None);
    }

    #[test]
    fn a_halt_says_what_is_known_and_one_thing_to_do() {
        check(
            &sample::halted(),
            6,
            expect![[r#"
                decide: r-77 halted: model: the registry can't be observed
                changed: flag restored; dataset restored; model unknown
                help: belay resume r-77 once model can be observed; or, if you know what became of the write: belay resolve r-77 model --as applied|not-applied|plan-again --reason …
            "#]],
        );
        let resources = vec![("model".parse().unwrap(), "connection refused".to_owned())];
        check(
            &RunView { status: Status::Halted(Halt::Blind { resources }), ..sample::contained() },
            6,
            expect![[r#"
                decide: r-77 halted: model: connection refused
                changed: flag restored; dataset not touched; model not touched
                help: belay resume r-77 once model can be observed; or belay abort r-77 --reason …, then run again with --except model
            "#]],
        );
    }

    #[test]
    fn what_waits_for_people_says_for_whom() {
        check(
            &sample::waiting(),
            4,
            expect![[r#"
                waits: r-77 waits before the stage restore: risk 61 needs 1 approval (approver of ranking); approved by cleo; dan or eve could
                changed: flag restored; dataset not touched; model not touched
                help: belay approve r-77, then: belay resume r-77
            "#]],
        );
        check(
            &sample::by_hand(),
            6,
            expect![[r#"
                decide: r-77 waits for a step by hand in the stage restore
                changed: flag restored; dataset not touched
                help: once it is done: belay confirm r-77 1.1
            "#]],
        );
    }

    #[test]
    fn a_ramp_that_stands_says_where_and_how_it_goes_on() {
        check(
            &sample::paused(),
            6,
            expect![[r#"
            decide: r-77 is paused by ana: a call
            changed: flag left at part 2 of 4; dataset not touched; model not touched
            help: belay continue r-77, or: belay abort r-77 --reason …
        "#]],
        );
        let mut failed = sample::paused();
        failed.status = Status::Halted(Halt::CheckFailed {
            step: StepId { stage: 0, step: 0 },
            part: 1,
            check: "json-probe value below 0.02".to_owned(),
            result: CheckResult::Failed { reason: "0.5 is not below 0.02".to_owned() },
        });
        check(
            &failed,
            1,
            expect![[r#"
            error: r-77 halted: flag: at part 2 of the ramp the check `json-probe value below 0.02` failed: 0.5 is not below 0.02
            changed: flag left at part 2 of 4; dataset not touched; model not touched
            help: belay resume r-77 measures again; belay continue r-77 goes on all the same; belay abort r-77 leaves it there
        "#]],
        );
    }

    #[test]
    fn an_interrupted_run_can_be_resumed() {
        check(
            &sample::settling(),
            1,
            expect![[r#"
            error: r-77 is not finished
            changed: flag restored; dataset restored; model unknown
            help: belay resume r-77
        "#]],
        );
    }

    #[test]
    fn a_refusal_says_which_bound_and_how_to_go_back() {
        let outside = vec!["restore would set aside 9,120,004 rows, the mandate allows 24,062".to_owned()];
        check(
            &refused(Refusal::OutsideMandate { outside }),
            5,
            expect![[r#"
                error: r-77 ended before the stage restore: outside its mandate: restore would set aside 9,120,004 rows, the mandate allows 24,062
                changed: flag restored; dataset not touched; model not touched
                help: belay run standard-rollback checkout-ranker --env prod --to rp-0412 makes a new mandate; where people approve it, belay approve shows them the difference
            "#]],
        );
        check(
            &refused(Refusal::RiskTooHigh { risk: 92, limit: 85 }),
            3,
            expect![[r#"
            error: r-77 ended before the stage restore: risk 92 is above 85, the highest that any band takes
            changed: flag restored; dataset not touched; model not touched
            help: belay undo r-77 puts back what it changed
        "#]],
        );
    }

    #[test]
    fn endings_that_are_not_whole_have_their_own_status() {
        check(
            &ended(Ending::Partial),
            7,
            expect![[r#"
                partial: r-77 is restored except what was left out
                changed: flag restored; dataset restored; model restored
                help: belay run standard-rollback checkout-ranker --env prod --to rp-0412 finishes it
            "#]],
        );
        let result = CheckResult::Failed { reason: "0.5 is not below 0.02".to_owned() };
        check(
            &ended(Ending::Failed { check: 0, result }),
            1,
            expect![[r#"
            error: r-77 restored every resource, but the check `json-probe value below 0.02` failed: 0.5 is not below 0.02
            changed: flag restored; dataset restored; model restored
            help: belay audit log --run r-77 shows what it measured; whom to call is in belay runbook show
        "#]],
        );
        check(
            &ended(Ending::Aborted { by: "ana".to_owned(), reason: "wrong set".to_owned() }),
            1,
            expect![[r#"
            error: r-77 was aborted by ana: wrong set
            changed: flag restored; dataset restored; model restored
            help: belay undo r-77 puts back what it changed
        "#]],
        );
    }
}
