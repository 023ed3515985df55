//! What is new in a run, one plain line each: for pipes and logs.

use belay_engine::{NoReturnView, Response, RunView, StageDisplay, StageView, StepDisplay, StepView};

use super::standing::{of_check, of_run, of_stage, of_step};
use crate::render::page::{Line, Page, Paint};

/// What the later view says that the earlier one did not.
pub(crate) fn changes(earlier: Option<&RunView>, later: &RunView) -> Page {
    let mut page = Page::new();
    let said = |about: String, standing: Line, detail: String| {
        let line = Line::new().with(&later.run).with(about).with(": ").then(standing);
        if detail.is_empty() { line } else { line.with(format!("  {detail}")) }
    };
    if earlier.is_none() {
        page.push(said(String::new(), of_run(&later.status), String::new()));
    }
    if let Some(failure) = later.failure.as_ref().filter(|_| earlier.is_none_or(|view| view.failure.is_none())) {
        let follows = match &failure.response {
            Response::Undo => "what was written is put back".to_owned(),
            Response::Runbook { name } => format!("{name} follows"),
        };
        let standing = Line::new().painted(Paint::Bad, format!("✘ failed, {follows}"));
        page.push(said(String::new(), standing, failure.failed.to_string()));
    }
    for (index, stage) in later.stages.iter().enumerate() {
        let before = earlier.and_then(|view| view.stages.get(index));
        if let Some(standing) = new_stage(earlier.zip(before), later, stage) {
            page.push(said(format!(" {}", stage.name), standing, String::new()));
        }
        if let Some(point) = newly_passed(before, stage) {
            let standing = Line::new().painted(Paint::Warn, "▲ point of no return");
            page.push(said(format!(" {}/{}", stage.name, point.title), standing, point.summary.clone()));
        }
        for (place, step) in stage.steps.iter().enumerate() {
            if let Some((standing, detail)) = new_step(before.and_then(|stage| stage.steps.get(place)), step) {
                page.push(said(format!(" {}/{}", stage.name, step.title), standing, detail));
            }
        }
    }
    for (index, check) in later.checks.iter().enumerate() {
        let before = earlier.and_then(|view| view.checks.get(index)?.result.as_ref());
        if check.result.is_some() && before != check.result.as_ref() {
            let (standing, found) = of_check(check.result.as_ref());
            page.push(said(format!(" {}", check.probe), standing, format!("{}: {found}", check.claim)));
        }
    }
    if earlier.is_some_and(|view| of_run(&view.status) != of_run(&later.status)) {
        page.push(said(String::new(), of_run(&later.status), String::new()));
    }
    page
}

/// Where a stage stands now; nothing where that is not new, or its steps say it, or its turn has not come.
fn new_stage(before: Option<(&RunView, &StageView)>, run: &RunView, stage: &StageView) -> Option<Line> {
    let now = of_stage(stage.display, &run.status);
    let known = before.map_or_else(
        || of_stage(StageDisplay::Pending, &run.status),
        |(run, stage)| of_stage(stage.display, &run.status),
    );
    (now.width() > 0 && now != known).then_some(now)
}

/// The point of no return of a stage, where it was not passed before.
fn newly_passed<'v>(before: Option<&StageView>, stage: &'v StageView) -> Option<&'v NoReturnView> {
    let passed = |stage: &StageView| stage.no_return.as_ref().is_some_and(|point| point.passed);
    stage.no_return.as_ref().filter(|point| point.passed && !before.is_some_and(passed))
}

fn new_step(before: Option<&StepView>, step: &StepView) -> Option<(Line, String)> {
    let now = of_step(step);
    let untold = match before {
        Some(before) => of_step(before) != now,
        None => step.began.is_some() || matches!(step.display, StepDisplay::LeftOut | StepDisplay::Skipped { .. }),
    };
    untold.then_some(now)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::render::run::sample;

    #[test]
    fn only_what_is_new_is_said() {
        let views = [sample::contained(), sample::settling(), sample::done()];
        let mut text = String::new();
        let mut earlier = None;
        for view in &views {
            text += &changes(earlier, view).to_text(false);
            earlier = Some(view);
        }
        expect![[r#"
            r-77: ● working
            r-77 contain/flag: ✔ restored  off
            r-77 restore: ● planning
            r-77 restore/dataset: ✔ restored  v32
            r-77 restore/model: ? unknown  no clear answer; settling, then observing
            r-77 restore/model: ✔ restored  8
            r-77 json-probe: ✔ passed  value below 0.02: 0.013
            r-77: ✔ restored
        "#]]
        .assert_eq(&text);
        assert_eq!(changes(earlier, &sample::done()), Page::new());
    }

    #[test]
    fn a_ramp_is_told_by_its_parts() {
        let mut next = sample::holding();
        next.stages[0].steps[0].display = StepDisplay::Acting { index: 2, attempt: 1 };
        let mut text = String::new();
        let mut earlier = None;
        for view in &[sample::holding(), sample::paused(), next] {
            text += &changes(earlier, view).to_text(false);
            earlier = Some(view);
        }
        expect![[r#"
            r-77: ● working
            r-77 contain/flag: ◐ holding  on, 25 % (2 of 4)
            r-77 contain/flag: ◐ standing  on, 25 % (2 of 4)
            r-77: ‖ paused by ana: a call
            r-77 contain/flag: ● writing  to 10 (3 of 4)
            r-77: ● working
        "#]]
        .assert_eq(&text);
    }
}
