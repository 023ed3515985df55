//! A plan as a responder reads it: what would be written where, how risky that is, who must agree, what to type next.

mod step;

use belay_domain::id::ResourceName;
use belay_domain::mandate::Purpose;
use belay_domain::plan::Work;
use belay_domain::verdict::Verdict;
use belay_runtime::api::{Gate, PlanAnswer, PlanCheck, PlanRequest, PlannedFallback, PlannedStage, UndoRequest};

use super::clock::Clock;
use super::page::{Line, Page, Paint};
use super::quorum::approvals;
use super::table::table;
use super::words::{undo_words, words};

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked<'a> {
    /// With the words of `plan` and `run`.
    Rollback(&'a PlanRequest),
    /// To undo this run.
    Undo(&'a UndoRequest),
}

impl Asked<'_> {
    /// The command that performs it, without these resources too.
    fn command(self, without: &[ResourceName], clock: &Clock) -> String {
        match self {
            Self::Rollback(request) => {
                let mut request = request.clone();
                request.except.extend_from_slice(without);
                format!("belay run {}", words(&request, clock))
            }
            Self::Undo(request) => {
                let mut request = request.clone();
                request.except.extend_from_slice(without);
                format!("belay undo {}", undo_words(&request))
            }
        }
    }
}

/// The whole plan.
pub(crate) fn plan(plan: &PlanAnswer, asked: Asked<'_>, clock: &Clock) -> Page {
    let mut page = Page::from(vec![heading(plan)]);
    page.gap();
    let columns = step::Columns::of(plan);
    for stage in &plan.stages {
        page.append(stage_lines(stage, &columns, clock));
    }
    if let PlannedFallback::Runbook { name, stages } = &plan.on_failure {
        page.gap();
        page.push(Line::new().with("If it fails: ").painted(Paint::Strong, name));
        page.gap();
        for stage in stages {
            page.append(stage_lines(stage, &columns, clock));
        }
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
        Gate::NothingToDo | Gate::Skipped => Line::new(),
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
        if let Some(point) = stage.no_return.as_ref().filter(|point| point.step == planned.id) {
            page.push(indent().painted(Paint::Warn, format!("▲ point of no return: {}", point.summary)));
        }
    }
    for skip in &stage.skipped {
        page.append(step::skipped(skip, columns));
    }
    page
}

/// What stands between a stage and its run, and why.
fn gate(gate: &Gate) -> (Line, &[String]) {
    let line = Line::new();
    match gate {
        Gate::NothingToDo => (line.painted(Paint::Good, "nothing to do"), &[]),
        Gate::Skipped => (line.painted(Paint::Bad, "skipped"), &[]),
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
        if !matches!(stage.gate, Gate::NothingToDo | Gate::Skipped) && !matches!(stage.check, PlanCheck::Broken(_)) {
            rows.push(fact(format!("Risk of {}", stage.name), stage.assessment.to_string()));
        }
    }
    rows.extend(no_return(plan).map(|words| fact("No return".to_owned(), words)));
    rows.extend(list("Guardrails", &guardrails(plan)));
    rows.extend(list("Not in this runbook", &plan.not_covered));
    rows.extend(list("Left out", &excepted));
    if plan.on_failure == PlannedFallback::Undo {
        rows.push(fact("If it fails".to_owned(), "what it wrote is put back".to_owned()));
    }
    rows.push(vec![Line::new().painted(Paint::Dim, "Next"), next(plan, asked, clock)]);
    rows
}

/// From where on the run can't be undone completely.
fn no_return(plan: &PlanAnswer) -> Option<String> {
    let stage = plan.stages.iter().find(|stage| stage.no_return.is_some())?;
    let point = stage.no_return.as_ref()?;
    Some(format!("from {} of {} on: nothing takes that back; all before it can be undone", point.resource, stage.name))
}

/// `blast-radius allow · change-window allow (rollback lane)`; with the stage's name where stages got different answers.
fn guardrails(plan: &PlanAnswer) -> Vec<String> {
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for stage in &plan.stages {
        for verdict in &stage.verdicts {
            let mode = if verdict.enforced { "" } else { " (monitor)" };
            let word = match (&verdict.failed, &verdict.judgement.verdict) {
                (Some(failure), _) => format!("no answer, so denied: {}", failure.reason),
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
    let run = asked.command(&[], clock);
    let first_barred = plan.stages.iter().find(|stage| matches!(stage.gate, Gate::Refused { .. } | Gate::Blind { .. }));
    let idle = |stage: &PlannedStage| matches!(stage.gate, Gate::NothingToDo | Gate::Skipped);
    if plan.stages.iter().all(idle) {
        return if plan.stages.iter().all(|stage| stage.skipped.is_empty()) {
            Line::new().painted(Paint::Good, "nothing to do: every resource is as desired")
        } else {
            Line::new().painted(Paint::Warn, "nothing can be done before what is down answers; then plan again")
        };
    }
    let strong = |words: String| Line::new().painted(Paint::Strong, words);
    match first_barred {
        None => strong(run),
        Some(stage) if matches!(stage.gate, Gate::Blind { .. }) => match blind_beside_work(plan) {
            Some(blind) => strong(asked.command(&blind, clock)),
            None => Line::new().painted(Paint::Warn, "nothing can be done before it can be observed; then plan again"),
        },
        Some(stage) if is_first_with_work(plan, stage) => {
            Line::new().with("nothing would run: remove the cause, then plan again")
        }
        Some(stage) => strong(run).with(format!("   (ends before {})", stage.name)),
    }
}

/// The resources that make the run halt because nobody can observe them or put them back; none where nothing else is to
/// be done.
fn blind_beside_work(plan: &PlanAnswer) -> Option<Vec<ResourceName>> {
    let steps = || plan.stages.iter().flat_map(|stage| &stage.plan.steps);
    let rest = steps().any(|step| !matches!(step.work, Work::Blind { .. }) && !is_as_desired(&step.work));
    let blind = steps().filter(|step| matches!(step.work, Work::Blind { .. })).filter_map(|step| step.subject.target());
    let blind = blind.map(|target| target.resource.clone()).collect();
    rest.then_some(blind)
}

fn is_first_with_work(plan: &PlanAnswer, stage: &PlannedStage) -> bool {
    let first = plan.stages.iter().find(|stage| !matches!(stage.gate, Gate::NothingToDo | Gate::Skipped));
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
