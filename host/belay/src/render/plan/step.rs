//! One step of a plan: found → wanted, how reversible, what is set aside.

use belay_domain::id::ResourceName;
use belay_domain::json::Json;
use belay_domain::operation::{Change, Loss, Reversibility};
use belay_domain::plan::{StepPlan, Subject, Target, Work};
use belay_domain::ramp::Ramp;
use belay_domain::state::{Desired, State};
use belay_runtime::api::{PlanAnswer, PlanCheck, PlannedFallback, PlannedSkip};

use super::is_as_desired;
use crate::render::amount::{counted, limit};
use crate::render::clock::Clock;
use crate::render::page::{Line, Page, Paint};

/// Where the columns of all steps stand.
pub(super) struct Columns {
    name: usize,
    place: usize,
    change: usize,
}

const INDENT: usize = 6;

impl Columns {
    pub(super) fn of(plan: &PlanAnswer) -> Self {
        let after = match &plan.on_failure {
            PlannedFallback::Runbook { stages, .. } => stages.as_slice(),
            PlannedFallback::Halt | PlannedFallback::Undo => &[],
        };
        let stages = || plan.stages.iter().chain(after);
        let steps: Vec<_> = stages().flat_map(|stage| &stage.plan.steps).collect();
        let skipped = || stages().flat_map(|stage| &stage.skipped);
        let titles = steps.iter().map(|step| step.subject.title().to_owned());
        let name = widest(titles.chain(skipped().map(|skip| skip.resource.to_string())));
        let stage = widest(stages().map(|stage| stage.name.to_string()));
        let places = steps.iter().filter_map(|step| Some(step.subject.target()?.at.to_string()));
        let place = widest(places.chain(skipped().map(|skip| skip.at.to_string())));
        let change = widest(steps.iter().filter_map(|step| shown_change(step)));
        Self { name: name.max((stage + 2).saturating_sub(INDENT)), place, change: change.min(60) }
    }

    /// The column after the names.
    pub(super) const fn place(&self) -> usize {
        INDENT + self.name + 3
    }

    const fn change(&self) -> usize {
        self.place() + self.place + 3
    }

    const fn reversibility(&self) -> usize {
        self.change() + self.change + 3
    }
}

fn widest(texts: impl Iterator<Item = String>) -> usize {
    texts.map(|text| Line::new().with(text).width()).max().unwrap_or(0)
}

/// The step's lines.
pub(super) fn step(step: &StepPlan, check: &PlanCheck, columns: &Columns, clock: &Clock) -> Page {
    let (mark, paint) = mark(step);
    let line = Line::new().with("    ").painted(paint, mark).with(" ").with(step.subject.title());
    let line = line.padded(columns.place(), 2);
    match (&step.subject, &step.work) {
        (Subject::Manual { instruction }, _) => Page::from(vec![line.with(instruction)]),
        (Subject::Resource(target), Work::Blind { reason, .. }) => {
            let line = line.with(&target.at).padded(columns.change(), 2);
            Page::from(vec![line.painted(Paint::Bad, reason)])
        }
        (Subject::Resource(target), Work::Change { change, .. }) => {
            let line = line.with(&target.at).padded(columns.change(), 2);
            let line = line.with(shown_change(step).unwrap_or_default());
            let line = match worst(step, change, check) {
                Some(worst) => line.padded(columns.reversibility(), 2).painted(paint_of(worst), worst),
                None => line,
            };
            let mut page = Page::from(vec![line]);
            page.append(details(step, target, change, columns, clock));
            page
        }
        (Subject::Resource(target), Work::Person) => Page::from(vec![line.with(&target.at)]),
    }
}

/// A resource that a run would skip.
pub(super) fn skipped(skip: &PlannedSkip, columns: &Columns) -> Page {
    let line = Line::new().with("    ").painted(Paint::Bad, "!").with(" ").with(&skip.resource);
    let line = line.padded(columns.place(), 2).with(&skip.at).padded(columns.change(), 2);
    let why = match &skip.with {
        None => format!("skipped: {}", skip.reason),
        Some(upstream) => format!("skipped with {upstream}, which it is made from"),
    };
    Page::from(vec![line.painted(Paint::Bad, why)])
}

fn mark(step: &StepPlan) -> (&'static str, Paint) {
    match (&step.subject, &step.work) {
        (Subject::Manual { .. }, _) | (_, Work::Person) => ("☞", Paint::Warn),
        (_, Work::Blind { .. }) => ("?", Paint::Bad),
        (_, work) if is_as_desired(work) => ("=", Paint::Good),
        (Subject::Resource(target), Work::Change { .. }) => match target.desired {
            Desired::Pinned(_) => ("↩", Paint::Strong),
            Desired::Attributes(_) => ("~", Paint::Strong),
        },
    }
}

/// `v31 → v27`; `v27, as desired`.
fn shown_change(step: &StepPlan) -> Option<String> {
    let (target, Work::Change { observed, change }) = (step.subject.target()?, &step.work) else { return None };
    let found = label(observed);
    Some(if change.operations.is_empty() {
        format!("{found}, as desired")
    } else {
        match &target.ramp {
            Some(ramp) => format!("{found} → {}", way(ramp, step)),
            None => format!("{found} → {}", wanted(&target.desired)),
        }
    })
}

fn label(state: &State) -> String {
    if state.version.is_empty() { "absent".to_owned() } else { state.version.clone() }
}

/// `50 → 25 → 0, held 30s each`: the parts that are still to be gone.
fn way(ramp: &Ramp, step: &StepPlan) -> String {
    let values = step.parts.iter().filter_map(|planned| ramp.through.get(planned.part as usize));
    let values: Vec<_> = values.map(ToString::to_string).collect();
    let held = if values.len() > 1 { format!(", held {} each", limit(ramp.hold_ms)) } else { String::new() };
    format!("{}{held}", values.join(" → "))
}

/// What a step wants, for people: a version's label, or `enabled = false`.
pub(in crate::render) fn wanted(desired: &Desired) -> String {
    match desired {
        Desired::Pinned(pin) => label(&pin.state),
        Desired::Attributes(attributes) => self::attributes(attributes),
    }
}

fn attributes(attributes: &Json) -> String {
    let Some(members) = attributes.value().as_object() else { return attributes.to_string() };
    members.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
}

/// What the host makes of the step's writes; what the plugin declared only where the host refused to look further.
fn worst(step: &StepPlan, change: &Change, check: &PlanCheck) -> Option<Reversibility> {
    let declared = change.operations.iter().map(|operation| operation.reversibility).max();
    match check {
        PlanCheck::Kept(examined) => {
            let of_step = examined.operations.iter().filter(|operation| operation.step == step.id);
            of_step.map(|operation| operation.reversibility).max().or(declared)
        }
        PlanCheck::Broken(_) => declared,
    }
}

const fn paint_of(reversibility: Reversibility) -> Paint {
    match reversibility {
        Reversibility::Reversible => Paint::Dim,
        Reversibility::Recoverable => Paint::Warn,
        Reversibility::Irreversible => Paint::Bad,
    }
}

fn details(step: &StepPlan, target: &Target, change: &Change, columns: &Columns, clock: &Clock) -> Page {
    let mut texts = Vec::new();
    // What each part of a ramp writes is told by its value.
    if change.operations.len() > step.parts.len().max(1) {
        texts.extend(change.operations.iter().enumerate().map(|(i, op)| format!("{}. {}", i + 1, op.summary)));
    }
    if let Some(loss) = change.loss.filter(|loss| loss.changes > 0 || loss.rows.is_some_and(|rows| rows > 0)) {
        texts.push(set_aside(&target.resource, &target.desired, loss, clock));
    }
    texts.extend(change.notes.iter().cloned());
    let line = |text: String| Line::new().with(" ".repeat(columns.place())).with(text);
    texts.into_iter().map(line).collect::<Vec<_>>().into()
}

fn set_aside(resource: &ResourceName, desired: &Desired, loss: Loss, clock: &Clock) -> String {
    let rows = loss.rows.map(|rows| format!(", {}", counted(rows, "row", "rows"))).unwrap_or_default();
    let since = match desired {
        Desired::Pinned(pin) if !pin.state.version.is_empty() => pin.state.version.clone(),
        Desired::Pinned(_) | Desired::Attributes(_) => resource.to_string(),
    };
    let changes = counted(loss.changes, "change", "changes");
    format!("{changes}{rows} since {since} ({}) are set aside", clock.short(loss.since))
}
