//! A plan as a responder reads it: what would be written where, how risky that is, who must agree, what to type next.

mod step;

use belay_domain::id::RunId;
use belay_domain::mandate::Purpose;
use belay_domain::plan::Work;
use belay_domain::verdict::Verdict;
use belay_runtime::api::{Gate, PlanAnswer, PlanCheck, PlanRequest, PlannedStage};

use super::clock::Clock;
use super::page::{Line, Page, Paint};
use super::quorum::approvals;
use super::table::table;
use super::words::words;

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked<'a> {
    /// With the words of `plan` and `run`.
    Rollback(&'a PlanRequest),
    /// To undo this run.
    Undo(&'a RunId),
}

/// The whole plan.
pub(crate) fn plan(plan: &PlanAnswer, asked: Asked<'_>, clock: &Clock) -> Page {
    let mut page = Page::from(vec![heading(plan)]);
    page.gap();
    let columns = step::Columns::of(plan);
    for stage in &plan.stages {
        page.append(stage_lines(stage, &columns, clock));
    }
    page.gap();
    page.append(table(2, facts(plan, asked, clock)));
    page
}

fn heading(plan: &PlanAnswer) -> Line {
    let line = Line::new()
        .painted(Paint::Strong, &plan.environment)
        .with(format!(" · {} · ", plan.runbook))
        .painted(Paint::Strong, &plan.feature_set);
    match &plan.purpose {
        Purpose::Rollback if plan.destination.is_none() => line,
        Purpose::Rollback => line.with(format!(" → {}", plan.destination_label)),
        Purpose::Undo { run } => line.with(format!(" → as {run} found it")),
    }
}

fn stage_lines(stage: &PlannedStage, columns: &step::Columns, clock: &Clock) -> Page {
    let risk = match &stage.gate {
        Gate::NothingToDo => Line::new(),
        Gate::RunsAtOnce { .. } | Gate::NeedsApprovals { .. } | Gate::Refused { .. } | Gate::Blind { .. } => {
            Line::new().with(format!("risk {}", stage.assessment.risk))
        }
    };
    let (gate, reasons) = gate(&stage.gate);
    let first = Line::new().with("  ").painted(Paint::Strong, &stage.name).padded(columns.place(), 2);
    let mut page = Page::from(vec![first.then(risk).padded(columns.place() + 10, 2).then(gate)]);
    let indent = || Line::new().with(" ".repeat(columns.place()));
    // The rules that are broken say more than the refusal that follows from them.
    let reasons = match &stage.check {
        PlanCheck::Kept(_) => reasons,
        PlanCheck::Broken(rules) => rules,
    };
    for reason in reasons {
        page.push(indent().painted(Paint::Bad, reason));
    }
    for planned in &stage.plan.steps {
        page.append(step::step(planned, &stage.check, columns, clock));
    }
    page
}

/// What stands between a stage and its run, and why.
fn gate(gate: &Gate) -> (Line, &[String]) {
    let line = Line::new();
    match gate {
        Gate::NothingToDo => (line.painted(Paint::Good, "nothing to do"), &[]),
        Gate::RunsAtOnce { .. } => (line.painted(Paint::Good, "runs at once"), &[]),
        Gate::NeedsApprovals { quorums } => (line.painted(Paint::Warn, format!("needs {}", approvals(quorums))), &[]),
        Gate::Refused { reasons } => (line.painted(Paint::Bad, "refused"), reasons),
        Gate::Blind { reasons } => (line.painted(Paint::Bad, "the run halts before it"), reasons),
    }
}

fn facts(plan: &PlanAnswer, asked: Asked<'_>, clock: &Clock) -> Vec<Vec<Line>> {
    let fact = |name: String, value: String| vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)];
    let list = |name: &str, values: &[String]| (!values.is_empty()).then(|| fact(name.to_owned(), values.join(" · ")));
    let excepted: Vec<_> = plan.excepted.iter().map(|resource| resource.to_string()).collect();
    let mut rows = Vec::new();
    let since = match &plan.purpose {
        Purpose::Rollback => "Changed since the point".to_owned(),
        Purpose::Undo { run } => format!("Changed since {run}"),
    };
    rows.extend(list(&since, &plan.changed_since));
    for stage in &plan.stages {
        if !matches!(stage.gate, Gate::NothingToDo) && !matches!(stage.check, PlanCheck::Broken(_)) {
            rows.push(fact(format!("Risk of {}", stage.name), stage.assessment.to_string()));
        }
    }
    rows.extend(list("Guardrails", &guardrails(plan)));
    rows.extend(list("Not in this runbook", &plan.not_covered));
    rows.extend(list("Left out", &excepted));
    rows.push(vec![Line::new().painted(Paint::Dim, "Next"), next(plan, asked, clock)]);
    rows
}

/// `blast-radius allow · change-window allow (rollback lane)`; with the stage's name where stages got different answers.
fn guardrails(plan: &PlanAnswer) -> Vec<String> {
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for stage in &plan.stages {
        for verdict in &stage.verdicts {
            let mode = if verdict.enforced { "" } else { " (monitor)" };
            let word = match (&verdict.failed, &verdict.judgement.verdict) {
                (Some(reason), _) => format!("no answer, so denied: {reason}"),
                (None, Verdict::Allow) => "allow".to_owned(),
                (None, Verdict::Deny(_)) => "deny".to_owned(),
                (None, Verdict::NeedsApprovals(_)) => "asks for approvals".to_owned(),
            };
            let notes = verdict.judgement.notes.join("; ");
            let notes = if notes.is_empty() { notes } else { format!(" ({notes})") };
            let text = format!("{}{mode} {word}{notes}", verdict.plugin);
            match said.iter_mut().find(|(known, _)| *known == text) {
                Some((_, stages)) => stages.push(stage.name.to_string()),
                None => said.push((text, vec![stage.name.to_string()])),
            }
        }
    }
    let judged = plan.stages.iter().filter(|stage| !stage.verdicts.is_empty()).count();
    let with_stages = |(text, stages): (String, Vec<String>)| {
        if stages.len() == judged { text } else { format!("{text} [{}]", stages.join(", ")) }
    };
    said.into_iter().map(with_stages).collect()
}

/// One command, or the reason why none helps.
fn next(plan: &PlanAnswer, asked: Asked<'_>, clock: &Clock) -> Line {
    let run = match asked {
        Asked::Rollback(request) => format!("belay run {}", words(request, clock)),
        Asked::Undo(run) => format!("belay undo {run}"),
    };
    let first_barred = plan.stages.iter().find(|stage| matches!(stage.gate, Gate::Refused { .. } | Gate::Blind { .. }));
    if plan.stages.iter().all(|stage| matches!(stage.gate, Gate::NothingToDo)) {
        return Line::new().painted(Paint::Good, "nothing to do: every resource is as desired");
    }
    let strong = |words: String| Line::new().painted(Paint::Strong, words);
    match (first_barred, asked) {
        (None, _) => strong(run),
        (Some(stage), Asked::Rollback(request)) if matches!(stage.gate, Gate::Blind { .. }) => {
            strong(format!("belay run {}", words(&without_blind(stage, request), clock)))
        }
        (Some(stage), _) if is_first_with_work(plan, stage) => {
            Line::new().with("nothing would run: remove the cause, then plan again")
        }
        (Some(stage), _) => strong(run).with(format!("   (ends before {})", stage.name)),
    }
}

/// The same words without the resources that nobody can observe.
fn without_blind(stage: &PlannedStage, request: &PlanRequest) -> PlanRequest {
    let mut without = request.clone();
    let blind = stage.plan.blind().filter_map(|(step, _)| step.subject.target());
    without.except.extend(blind.map(|target| target.resource.clone()));
    without
}

fn is_first_with_work(plan: &PlanAnswer, stage: &PlannedStage) -> bool {
    let first = plan.stages.iter().find(|stage| !matches!(stage.gate, Gate::NothingToDo));
    first.is_some_and(|first| first.name == stage.name)
}

/// Whether a step would do anything, or could not tell.
const fn is_as_desired(work: &Work) -> bool {
    match work {
        Work::Change { change, .. } => change.operations.is_empty(),
        Work::Blind { .. } | Work::Person => false,
    }
}

#[cfg(test)]
mod tests;
