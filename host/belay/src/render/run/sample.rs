//! Runs at many stages of their life, for tests.

use belay_domain::check::CheckResult;
use belay_domain::digest::Digest;
use belay_domain::id::{Epoch, Millis, StepId};
use belay_domain::json::Json;
use belay_domain::mandate::Purpose;
use belay_domain::people::Need;
use belay_domain::risk::Assessment;
use belay_engine::{
    CheckView, Condition, Ending, Halt, Pause, RampView, Receipt, RunView, StageDisplay, StageView, Status,
    StepDisplay, StepView, Verification, Wait,
};

use crate::render::clock::{self, Clock};

/// Three seconds after the request.
pub(crate) fn clock() -> Clock {
    clock::at("2026-11-22T03:10:03[UTC]")
}

fn ago(milliseconds: u64) -> Millis {
    Millis(clock().now().0 - milliseconds)
}

/// A step that has not begun.
pub(crate) fn step(stage: u32, step: u32, title: &str) -> StepView {
    StepView {
        step: StepId { stage, step },
        title: title.to_owned(),
        display: StepDisplay::Pending,
        condition: Condition::NotTouched,
        version: None,
        ramp: None,
        began: None,
        ended: None,
    }
}

/// A step that restored its resource.
pub(crate) fn restored(mut view: StepView, version: &str, took_ms: u64) -> StepView {
    view.display = StepDisplay::Restored;
    view.condition = Condition::Restored;
    view.version = Some(version.to_owned());
    view.began = Some(ago(2_000));
    view.ended = Some(Millis(ago(2_000).0 + took_ms));
    view
}

fn stage(name: &str, display: StageDisplay, steps: Vec<StepView>) -> StageView {
    let assessment = Some(Assessment { risk: 41, parts: vec![] });
    StageView { name: name.parse().unwrap(), display, assessment, no_return: None, began: None, ended: None, steps }
}

/// The flag is off, the rest has not begun.
pub(crate) fn contained() -> RunView {
    RunView {
        run: "r-77".parse().unwrap(),
        owner: "ana".to_owned(),
        epoch: Epoch::FIRST,
        requested_at: ago(3_000),
        restored_within_ms: Some(300_000),
        restored_at: None,
        failure: None,
        status: Status::Working,
        stages: vec![
            stage("contain", StageDisplay::Finished, vec![restored(step(0, 0, "flag"), "off", 1_200)]),
            stage("restore", StageDisplay::Planning, vec![step(1, 0, "dataset"), step(1, 1, "model")]),
        ],
        checks: vec![],
    }
}

/// The second stage needs an approval.
pub(crate) fn waiting() -> RunView {
    let mut view = contained();
    view.status = Status::Waiting(Wait {
        stage: 1,
        name: "restore".parse().unwrap(),
        plan: Digest::of(b"plan"),
        risk: 61,
        needs: vec![Need {
            approvals: 2,
            role: "approver of ranking".to_owned(),
            because: vec!["risk 61".to_owned()],
            given: vec!["cleo".parse().unwrap()],
            could: vec!["dan".parse().unwrap(), "eve".parse().unwrap()],
            problem: None,
        }],
        signed: true,
        overrides: vec![],
        by: "ana".to_owned(),
        aim: "prod checkout-ranker → rp-0412".to_owned(),
        until: Millis(clock().now().0 + 4 * 3_600_000),
        since: ago(1_000),
    });
    view.stages[1].display = StageDisplay::Waiting;
    view
}

/// The dataset is back; whether the model's alias was written is not known yet.
pub(crate) fn settling() -> RunView {
    let mut view = contained();
    view.stages[1].display = StageDisplay::Acting;
    view.stages[1].steps[0] = restored(step(1, 0, "dataset"), "v32", 400);
    view.stages[1].steps[1].display = StepDisplay::Settling;
    view.stages[1].steps[1].condition = Condition::Unknown { reason: "no answer".to_owned() };
    view.stages[1].steps[1].began = Some(ago(1_500));
    view
}

/// A person must say what became of the model's alias.
pub(crate) fn halted() -> RunView {
    let mut view = settling();
    let reason = "the registry can't be observed".to_owned();
    view.stages[1].steps[1].display = StepDisplay::Stuck { reason: reason.clone() };
    view.status = Status::Halted(Halt::CannotLook { step: StepId { stage: 1, step: 1 }, reason });
    view
}

/// The flag is taken down by parts and stands at the second, held for 18 s more.
pub(crate) fn holding() -> RunView {
    let mut view = contained();
    let through = [50, 25, 10, 0].map(|value| Json::parse(&value.to_string()).unwrap());
    view.stages[0].display = StageDisplay::Acting;
    view.stages[0].steps[0] = StepView {
        display: StepDisplay::Holding { until: Millis(clock().now().0 + 18_400) },
        condition: Condition::OnTheWay { reached: 2, of: 4 },
        version: Some("on, 25 %".to_owned()),
        ramp: Some(RampView { attribute: "rollout".to_owned(), through: through.into(), reached: 2 }),
        began: Some(ago(2_000)),
        ..step(0, 0, "flag")
    };
    view.stages[1].display = StageDisplay::Pending;
    view
}

/// The same, and a person wants it to rest there.
pub(crate) fn paused() -> RunView {
    let mut view = holding();
    view.stages[0].steps[0].display = StepDisplay::Standing;
    view.status = Status::Paused(Pause { by: "ana".to_owned(), reason: "a call".to_owned(), since: ago(1_000) });
    view
}

/// Everything is back and the check passed.
pub(crate) fn done() -> RunView {
    let mut view = settling();
    view.stages[1].display = StageDisplay::Finished;
    view.stages[1].steps[1] = restored(step(1, 1, "model"), "8", 900);
    view.restored_at = Some(ago(500));
    view.checks = vec![CheckView {
        probe: "json-probe".to_owned(),
        claim: "value below 0.02".to_owned(),
        result: Some(CheckResult::Passed { value: "0.013".to_owned() }),
    }];
    view.status = Status::Ended { ending: Ending::Done, sealed: true };
    view
}

/// A step of the second stage is done by hand.
pub(crate) fn by_hand() -> RunView {
    let mut view = contained();
    view.stages[1].display = StageDisplay::Acting;
    view.stages[1].steps[1] = step(1, 1, "by hand");
    view.stages[1].steps[1].display = StepDisplay::AskedPerson;
    view
}

/// A receipt of nothing in particular.
pub(crate) fn receipt() -> Receipt {
    Receipt {
        run: "r-77".parse().unwrap(),
        purpose: Purpose::Rollback,
        environment: "prod".parse().unwrap(),
        ending: Some(Ending::Done),
        requested_at: ago(3_000),
        ended_at: None,
        restored_at: None,
        failure: None,
        promise: None,
        stages: vec![],
        left_out: vec![],
        checks: vec![],
        verification: Verification::NotVerified,
        still_affected: vec![],
    }
}
