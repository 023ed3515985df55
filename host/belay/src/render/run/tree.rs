//! A run as a tree: its stages, their steps, its checks.

use belay_domain::id::{EnvironmentName, IncidentId, Millis};
use belay_engine::{NoReturnView, RunView, StageView, Status, StepDisplay, StepView};

use super::standing::{of_check, of_run, of_stage, of_step};
use crate::render::amount::{limit, took};
use crate::render::clock::Clock;
use crate::render::complaint::place;
use crate::render::page::{Line, Page, Paint};
use crate::render::quorum;

/// What heads a run beside its name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Caption {
    /// Where it runs.
    pub environment: Option<EnvironmentName>,
    /// What it is about.
    pub incident: Option<IncidentId>,
}

/// The whole tree.
pub(crate) fn tree(view: &RunView, caption: &Caption, clock: &Clock) -> Page {
    let mut page = Page::from(vec![heading(view, caption, clock)]);
    let columns = Columns::of(view);
    let branches = view.stages.len() + usize::from(!view.checks.is_empty());
    for (index, stage) in view.stages.iter().enumerate() {
        page.append(stage_lines(stage, index + 1 == branches, view, &columns, clock));
    }
    if !view.checks.is_empty() {
        page.append(check_lines(view, &columns));
    }
    page
}

struct Columns {
    status: usize,
    time: usize,
    detail: usize,
}

impl Columns {
    fn of(view: &RunView) -> Self {
        let width = |text: &str| Line::new().with(text).width();
        let steps = || view.stages.iter().flat_map(|stage| &stage.steps);
        let stages = view.stages.iter().map(|stage| 3 + width(stage.name.as_str()));
        let checks = view.checks.iter().map(|check| 6 + width(&check.probe));
        let name = steps().map(|step| 6 + width(&step.title)).chain(stages).chain(checks).max().unwrap_or(0);
        let words = steps().map(|step| of_step(step).0.width()).max().unwrap_or(0).max(10);
        let status = name + 3;
        Self { status, time: status + words + 2, detail: status + words + 12 }
    }
}

fn heading(view: &RunView, caption: &Caption, clock: &Clock) -> Line {
    let mut line = Line::new().painted(Paint::Strong, &view.run);
    if let Some(environment) = &caption.environment {
        line = line.with(format!(" · {environment}"));
    }
    if let Some(incident) = &caption.incident {
        line = line.with(format!(" · {incident}"));
    }
    line = line.with(" · ").then(of_run(&view.status));
    match elapsed(view, clock.now()) {
        Some(milliseconds) => line.with(format!(" · {}", against(milliseconds, view.restored_within_ms))),
        None => line,
    }
}

/// Until everything was restored, or until now; nothing where a run stopped before that.
fn elapsed(view: &RunView, now: Millis) -> Option<u64> {
    let live = match &view.status {
        Status::Working | Status::Checking | Status::Waiting(_) | Status::Paused(_) | Status::Stopping => Some(now),
        Status::Halted(_) | Status::Ended { .. } => None,
    };
    view.restored_at.or(live).map(|until| until.since(view.requested_at))
}

/// `3.0 s of 5m`
pub(in crate::render) fn against(milliseconds: u64, promised: Option<u64>) -> String {
    let promised = promised.map(|promised| format!(" of {}", limit(promised))).unwrap_or_default();
    format!("{}{promised}", took(milliseconds))
}

fn branch(last: bool) -> (&'static str, &'static str) {
    if last { ("└─ ", "   ") } else { ("├─ ", "│  ") }
}

fn stage_lines(stage: &StageView, last: bool, view: &RunView, columns: &Columns, clock: &Clock) -> Page {
    let (fork, stem) = branch(last);
    let mut line = Line::new().painted(Paint::Dim, fork).painted(Paint::Strong, &stage.name);
    let standing = of_stage(stage.display, &view.status);
    if standing.width() > 0 {
        line = line.padded(columns.status, 1).then(standing);
    }
    if let (Status::Waiting(wait), true) = (&view.status, is_waiting(stage, view)) {
        line = line.padded(columns.time, 2).with(format!("risk {} needs {}", wait.risk, quorum::missing(wait)));
    }
    let mut page = Page::from(vec![line]);
    if let (Status::Waiting(wait), true) = (&view.status, is_waiting(stage, view)) {
        let below = || Line::new().painted(Paint::Dim, stem).padded(columns.status, 1);
        let people = quorum::people(wait);
        if !people.is_empty() {
            page.push(below().with(people));
        }
        if wait.signed {
            let until = clock.short(wait.until);
            let about = format!("{}, risk {}, by {}, until {until}", wait.aim, wait.risk, wait.by);
            // Two lines: they must fit a terminal, and what doesn't fit is cut.
            page.push(below().painted(Paint::Strong, quorum::approve(&view.run, wait)));
            page.push(below().with(about));
        }
        for overridden in &wait.overrides {
            page.push(below().painted(Paint::Warn, format!("breaks the glass over: {overridden}")));
        }
    }
    for (index, step) in stage.steps.iter().enumerate() {
        let twig = branch(index + 1 == stage.steps.len()).0;
        let name = Line::new().painted(Paint::Dim, format!("{stem}{twig}")).with(&step.title);
        page.push(step_line(name, step, view, columns, clock));
        if let Some(point) = stage.no_return.as_ref().filter(|point| point.step == step.step) {
            page.push(no_return(point, stem, columns));
        }
    }
    page
}

/// From where on nothing takes back what a stage does.
fn no_return(point: &NoReturnView, stem: &str, columns: &Columns) -> Line {
    let words = if point.passed { "▲ point of no return passed" } else { "▲ no return from here" };
    let line = Line::new().painted(Paint::Dim, stem).padded(columns.status, 1).painted(Paint::Warn, words);
    line.with(format!("  {}", point.summary))
}

fn is_waiting(stage: &StageView, view: &RunView) -> bool {
    matches!(&view.status, Status::Waiting(wait) if wait.name == stage.name)
}

fn step_line(name: Line, step: &StepView, view: &RunView, columns: &Columns, clock: &Clock) -> Line {
    let (standing, detail) = of_step(step);
    let line = name.padded(columns.status, 1).then(standing);
    let line = match step.began.map(|began| step.ended.unwrap_or_else(|| clock.now()).since(began)) {
        Some(milliseconds) if is_timed(step) => line.padded(columns.time, 2).painted(Paint::Dim, took(milliseconds)),
        Some(_) | None => line,
    };
    let detail = match &step.display {
        StepDisplay::AskedPerson => format!("then: belay confirm {} {}", view.run, place(step.step)),
        StepDisplay::Holding { until } => format!("{detail}, holds {} more", took(until.since(clock.now()))),
        StepDisplay::LeftOut
        | StepDisplay::Skipped { .. }
        | StepDisplay::Pending
        | StepDisplay::Ready
        | StepDisplay::Acting { .. }
        | StepDisplay::Settling
        | StepDisplay::Observing
        | StepDisplay::Confirming
        | StepDisplay::Checking
        | StepDisplay::Standing
        | StepDisplay::PlanAgain { .. }
        | StepDisplay::Restored
        | StepDisplay::DoneBy { .. }
        | StepDisplay::Stuck { .. } => detail,
    };
    if detail.is_empty() { line } else { line.padded(columns.detail, 2).with(detail) }
}

/// A step that halted or waits for a person has no clock running that anybody should watch.
const fn is_timed(step: &StepView) -> bool {
    match step.display {
        StepDisplay::LeftOut
        | StepDisplay::Skipped { .. }
        | StepDisplay::Pending
        | StepDisplay::Ready
        | StepDisplay::AskedPerson
        | StepDisplay::Standing
        | StepDisplay::PlanAgain { .. } => false,
        StepDisplay::Stuck { .. } => step.ended.is_some(),
        StepDisplay::Acting { .. }
        | StepDisplay::Settling
        | StepDisplay::Observing
        | StepDisplay::Confirming
        | StepDisplay::Holding { .. }
        | StepDisplay::Checking
        | StepDisplay::Restored
        | StepDisplay::DoneBy { .. } => true,
    }
}

fn check_lines(view: &RunView, columns: &Columns) -> Page {
    let mut page = Page::from(vec![Line::new().painted(Paint::Dim, "└─ ").painted(Paint::Strong, "checks")]);
    for (index, check) in view.checks.iter().enumerate() {
        let twig = branch(index + 1 == view.checks.len()).0;
        let (standing, found) = of_check(check.result.as_ref());
        let line = Line::new().painted(Paint::Dim, format!("   {twig}")).with(&check.probe);
        let line = line.padded(columns.status, 1).then(standing).padded(columns.detail, 2).with(&check.claim);
        page.push(if found.is_empty() { line } else { line.with(format!(": {found}")) });
    }
    page
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::render::run::sample;

    fn check(view: &RunView, expected: Expect) {
        let caption =
            Caption { environment: Some("prod".parse().unwrap()), incident: Some("INC-4211".parse().unwrap()) };
        expected.assert_eq(&tree(view, &caption, &sample::clock()).to_text(false));
    }

    #[test]
    fn a_run_that_waits_says_for_whom() {
        check(
            &sample::waiting(),
            expect![[r#"
                r-77 · prod · INC-4211 · ● waiting for 1 approval · 3.0 s of 5m
                ├─ contain
                │  └─ flag      ✔ restored  1.2 s     off
                └─ restore      ◌ waiting   risk 61 needs 1 approval (approver of ranking)
                                approved by cleo; dan or eve could
                                belay approve r-77
                                prod checkout-ranker → rp-0412, risk 61, by ana, until 07:10
                   ├─ dataset   ◌ pending
                   └─ model     ◌ pending
            "#]],
        );
    }

    #[test]
    fn a_ramp_shows_where_it_stands_and_for_how_long() {
        check(
            &sample::holding(),
            expect![[r#"
            r-77 · prod · INC-4211 · ● working · 3.0 s of 5m
            ├─ contain
            │  └─ flag      ◐ holding   2.0 s     on, 25 % (2 of 4), holds 18 s more
            └─ restore      ◌ pending
               ├─ dataset   ◌ pending
               └─ model     ◌ pending
        "#]],
        );
        check(
            &sample::paused(),
            expect![[r#"
            r-77 · prod · INC-4211 · ‖ paused by ana: a call · 3.0 s of 5m
            ├─ contain
            │  └─ flag      ◐ standing            on, 25 % (2 of 4)
            └─ restore      ◌ pending
               ├─ dataset   ◌ pending
               └─ model     ◌ pending
        "#]],
        );
    }

    #[test]
    fn an_unknown_write_is_called_unknown() {
        check(
            &sample::settling(),
            expect![[r#"
            r-77 · prod · INC-4211 · ● working · 3.0 s of 5m
            ├─ contain
            │  └─ flag      ✔ restored  1.2 s     off
            └─ restore
               ├─ dataset   ✔ restored  0.4 s     v32
               └─ model     ? unknown   1.5 s     no clear answer; settling, then observing
        "#]],
        );
    }

    #[test]
    fn a_halted_run_shows_where() {
        check(
            &sample::halted(),
            expect![[r#"
            r-77 · prod · INC-4211 · ✘ halted
            ├─ contain
            │  └─ flag      ✔ restored  1.2 s     off
            └─ restore
               ├─ dataset   ✔ restored  0.4 s     v32
               └─ model     ? unknown             the registry can't be observed
        "#]],
        );
    }

    #[test]
    fn a_finished_run_shows_versions_times_and_checks() {
        check(
            &sample::done(),
            expect![[r#"
            r-77 · prod · INC-4211 · ✔ restored · 2.5 s of 5m
            ├─ contain
            │  └─ flag         ✔ restored  1.2 s     off
            ├─ restore
            │  ├─ dataset      ✔ restored  0.4 s     v32
            │  └─ model        ✔ restored  0.9 s     8
            └─ checks
               └─ json-probe   ✔ passed              value below 0.02: 0.013
        "#]],
        );
    }

    #[test]
    fn a_step_by_hand_brings_the_command_that_confirms_it() {
        check(
            &sample::by_hand(),
            expect![[r#"
            r-77 · prod · INC-4211 · ● working · 3.0 s of 5m
            ├─ contain
            │  └─ flag      ✔ restored  1.2 s     off
            └─ restore
               ├─ dataset   ◌ pending
               └─ by hand   ☞ by hand             then: belay confirm r-77 1.1
        "#]],
        );
    }
}
