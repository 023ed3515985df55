//! A mandate's bounds: made from the first plan, held against each later one. Never asks who signed it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::digest::Digest;
use crate::examined::Examined;
use crate::fallback::Fallback;
use crate::grouped::Grouped;
use crate::id::{EnvironmentName, Millis, PluginName, ResourceName, StageName};
use crate::json::MAX_INTEGER;
use crate::mandate::{Bounds, Mandate, Wanted};
use crate::operation::Reversibility;
use crate::plan::{StagePlan, StepPlan, Target, Work};
use crate::risk::{Assessment, Bands};
use crate::state::Desired;

#[cfg(test)]
mod tests;

/// How a plan, or the moment, lies outside a mandate.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Outside {
    /// Its time is up.
    #[error("the mandate ran out {} seconds ago", Grouped(*.late_ms / 1_000))]
    Expired {
        /// For how long, in milliseconds.
        late_ms: u64,
    },
    /// The plan is for another environment.
    #[error("the plan is for {found}, the mandate for {bound}")]
    Environment {
        /// The plan's.
        found: EnvironmentName,
        /// The mandate's.
        bound: EnvironmentName,
    },
    /// The mandate says nothing of this stage.
    #[error("the mandate has no stage {0}")]
    UnknownStage(StageName),
    /// The examination or the risk is another plan's.
    #[error("{0} was not examined as it stands now")]
    NotExamined(StageName),
    /// More is touched.
    #[error("{stage} would touch {}, the mandate allows {}", things(*.found), Grouped(*.bound))]
    Touches {
        /// The stage.
        stage: StageName,
        /// What the plan touches.
        found: u64,
        /// What the mandate allows.
        bound: u64,
    },
    /// More later data is set aside.
    #[error("{stage} would set aside {} rows of {resource}, the mandate allows {}", Grouped(*.found), Grouped(*.bound))]
    Rows {
        /// The stage.
        stage: StageName,
        /// The resource.
        resource: ResourceName,
        /// The rows that the plan sets aside.
        found: u64,
        /// The rows that the mandate allows.
        bound: u64,
    },
    /// It can't be told any more how much later data is set aside.
    #[error(
        "{stage} can't tell how many rows of {resource} it would set aside, the mandate allows {}",
        Grouped(*.bound)
    )]
    RowsUnknown {
        /// The stage.
        stage: StageName,
        /// The resource.
        resource: ResourceName,
        /// The rows that the mandate allows.
        bound: u64,
    },
    /// The risk is higher.
    #[error("{stage} has risk {found}, the mandate allows {bound}")]
    Risk {
        /// The stage.
        stage: StageName,
        /// The plan's risk.
        found: u32,
        /// The highest that the mandate allows.
        bound: u32,
    },
    /// A write is harder to take back.
    #[error("{stage} holds a write that is {found}, the mandate allows {}", at_worst(*.bound))]
    Reversibility {
        /// The stage.
        stage: StageName,
        /// The plan's worst.
        found: Reversibility,
        /// The mandate's worst; none: nothing may be written.
        bound: Option<Reversibility>,
    },
    /// Something else is wanted of a resource.
    #[error("{resource} would go elsewhere than the mandate says")]
    Desired {
        /// The resource.
        resource: ResourceName,
    },
    /// A component is not the one that the mandate names.
    #[error("the plugin {plugin} is {}, the mandate names {}", .found.short(), named(.bound.as_ref()))]
    Component {
        /// The plugin.
        plugin: PluginName,
        /// The component in use.
        found: Digest,
        /// The mandate's; none: it names no such plugin.
        bound: Option<Digest>,
    },
}

fn things(count: u64) -> String {
    format!("{} {}", Grouped(count), if count == 1 { "thing" } else { "things" })
}

fn at_worst(bound: Option<Reversibility>) -> String {
    bound.map_or_else(|| "no write".to_owned(), |worst| format!("{worst} ones at worst"))
}

fn named(bound: Option<&Digest>) -> String {
    bound.map_or_else(|| "no such plugin".to_owned(), Digest::short)
}

impl Bounds {
    /// The bounds that a stage's first plan sets: its worst write, the top of its risk's band, and `headroom` times what
    /// it touches and sets aside. None where the bands refuse its risk: such a stage gets no mandate.
    pub fn of_first_plan(
        plan: &StagePlan,
        examined: &Examined,
        assessment: &Assessment,
        bands: &Bands,
        headroom: u64,
    ) -> Option<Self> {
        let band = bands.of(assessment.risk)?;
        let with_headroom = |count: u64| count.saturating_mul(headroom).min(MAX_INTEGER.unsigned_abs());
        let rows = plan.steps.iter().filter_map(|step| match rows_set_aside(step) {
            Some((target, Rows::Counted(rows))) => Some((target.resource.clone(), with_headroom(rows))),
            Some((_, Rows::Unknown)) | None => None,
        });
        Some(Self {
            stage: plan.stage.clone(),
            worst: examined.worst(),
            highest_risk: band.up_to,
            most_touches: with_headroom(examined.touches()),
            most_rows_set_aside: rows.collect(),
        })
    }
}

impl Bounds {
    /// What either allows, for the same stage. The rows of a resource are bounded where either counts them.
    #[must_use]
    pub fn or_more(mut self, other: Self) -> Self {
        self.worst = self.worst.max(other.worst);
        self.highest_risk = self.highest_risk.max(other.highest_risk);
        self.most_touches = self.most_touches.max(other.most_touches);
        for (resource, rows) in other.most_rows_set_aside {
            let most = self.most_rows_set_aside.entry(resource).or_default();
            *most = rows.max(*most);
        }
        self
    }
}

/// Rows of later data that a step sets aside.
enum Rows {
    Counted(u64),
    /// The plugin can't tell.
    Unknown,
}

/// None for a step that observed nothing. Where nothing is written, nothing is set aside; but attributes that are set
/// already say nothing about later.
fn rows_set_aside(step: &StepPlan) -> Option<(&Target, Rows)> {
    let target = step.subject.target()?;
    let rows = match &step.work {
        Work::Change { change, .. } if change.operations.is_empty() => match target.desired {
            Desired::Pinned(_) => Rows::Counted(0),
            Desired::Attributes(_) => return None,
        },
        Work::Change { change, .. } => change.loss.and_then(|loss| loss.rows).map_or(Rows::Unknown, Rows::Counted),
        Work::Blind { .. } | Work::Person => return None,
    };
    Some((target, rows))
}

impl Mandate {
    /// Whether a plan lies within this mandate at the moment `now`; if not, each way in which it lies outside.
    ///
    /// `components` are those in use now, of guardrails and probes too: each must be the one that the mandate names.
    pub fn admits(
        &self,
        plan: &StagePlan,
        examined: &Examined,
        assessment: &Assessment,
        components: &BTreeMap<PluginName, Digest>,
        now: Millis,
    ) -> Result<(), Vec<Outside>> {
        let mut outside = Vec::new();
        if now >= self.expires_at {
            outside.push(Outside::Expired { late_ms: now.since(self.expires_at) });
        }
        if plan.environment != self.environment {
            outside.push(Outside::Environment { found: plan.environment.clone(), bound: self.environment.clone() });
        }
        if plan.digest().ok() != Some(examined.plan) {
            outside.push(Outside::NotExamined(plan.stage.clone()));
        }
        let targets = || plan.steps.iter().filter_map(|step| step.subject.target());
        let part = self.part(plan);
        outside.extend(targets().filter_map(|target| part.goes_elsewhere(target)));
        let planned = targets().map(|target| (&target.plugin, &target.component));
        let in_use: BTreeSet<_> = planned.chain(components).collect();
        outside.extend(in_use.into_iter().filter_map(|(plugin, found)| self.other_component(plugin, found)));
        match part.bounds {
            Some(bounds) => bounds.hold(plan, examined, assessment, &mut outside),
            None => outside.push(Outside::UnknownStage(plan.stage.clone())),
        }
        if outside.is_empty() { Ok(()) } else { Err(outside) }
    }

    /// What the mandate says of a plan's stage: of its own, or of those that may follow a failure, which come after them.
    fn part(&self, plan: &StagePlan) -> Part<'_> {
        let after = (plan.index as usize).checked_sub(self.stages.len());
        match (&self.on_failure, after) {
            (Fallback::Undo(undo), Some(_)) => {
                Part { bounds: Some(Cow::Owned(undo.of_stage(plan.stage.clone()))), desired: None }
            }
            (Fallback::Runbook(alternate), Some(place)) => {
                let bounds = alternate.stages.get(place).filter(|bounds| bounds.stage == plan.stage);
                Part { bounds: bounds.map(Cow::Borrowed), desired: Some(&alternate.desired) }
            }
            (Fallback::Halt | Fallback::Undo(_) | Fallback::Runbook(_), _) => {
                let bounds = self.stages.iter().find(|bounds| bounds.stage == plan.stage);
                Part { bounds: bounds.map(Cow::Borrowed), desired: Some(&self.desired) }
            }
        }
    }

    fn other_component(&self, plugin: &PluginName, found: &Digest) -> Option<Outside> {
        let bound = self.components.get(plugin);
        let other = || Outside::Component { plugin: plugin.clone(), found: *found, bound: bound.copied() };
        (bound != Some(found)).then(other)
    }
}

/// What a mandate says of one stage.
struct Part<'m> {
    bounds: Option<Cow<'m, Bounds>>,
    /// What is wanted of each resource; none: what the run itself had found, which nobody could know before.
    desired: Option<&'m BTreeMap<ResourceName, Wanted>>,
}

impl Part<'_> {
    fn goes_elsewhere(&self, target: &Target) -> Option<Outside> {
        let wanted = self.desired?.get(&target.resource);
        let same = Wanted::of_target(target).is_ok_and(|planned| wanted == Some(&planned));
        (!same).then(|| Outside::Desired { resource: target.resource.clone() })
    }
}

impl Bounds {
    fn hold(&self, plan: &StagePlan, examined: &Examined, assessment: &Assessment, outside: &mut Vec<Outside>) {
        let stage = || self.stage.clone();
        if assessment.risk > self.highest_risk {
            outside.push(Outside::Risk { stage: stage(), found: assessment.risk, bound: self.highest_risk });
        }
        if let Some(found) = examined.worst().filter(|worst| Some(*worst) > self.worst) {
            outside.push(Outside::Reversibility { stage: stage(), found, bound: self.worst });
        }
        if examined.touches() > self.most_touches {
            outside.push(Outside::Touches { stage: stage(), found: examined.touches(), bound: self.most_touches });
        }
        outside.extend(plan.steps.iter().filter_map(|step| self.too_many_rows(step)));
    }

    fn too_many_rows(&self, step: &StepPlan) -> Option<Outside> {
        let (target, rows) = rows_set_aside(step)?;
        let bound = *self.most_rows_set_aside.get(&target.resource)?;
        let (stage, resource) = (self.stage.clone(), target.resource.clone());
        match rows {
            Rows::Counted(found) => (found > bound).then_some(Outside::Rows { stage, resource, found, bound }),
            Rows::Unknown => Some(Outside::RowsUnknown { stage, resource, bound }),
        }
    }
}
