//! What a run may leave as it is where a system is down, and what is left with it. Never says that a system is down.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::feature_set::FeatureSet;
use crate::id::{ResourceName, StepId};
use crate::plan::{BlindCause, StagePlan, Work};
use crate::runbook::{Runbook, Step};

/// What a step does where a system is down.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WhenDown {
    /// Where the system of its own resource is.
    pub if_unreachable: IfUnreachable,
    /// Where a resource upstream of its own was skipped.
    pub if_upstream_skipped: IfUpstreamSkipped,
}

/// What a step does where the system of its resource is down.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfUnreachable {
    /// The run halts before the step's stage.
    #[default]
    Halt,
    /// The step is skipped, and the run ends partial.
    Skip,
}

/// What a step does where a resource was skipped that its own is made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfUpstreamSkipped {
    /// It is skipped too: restored against an upstream that was not, it would be a mix that nobody has seen work.
    #[default]
    Skip,
    /// It is restored all the same.
    Restore,
}

/// The resources that may be skipped, each with those that are skipped with it. Part of a mandate: who signs one signs
/// what may be left undone.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Skips(BTreeMap<ResourceName, BTreeSet<ResourceName>>);

/// What can't be seen of a stage.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unseen {
    /// What makes the run halt, with the reason.
    pub barring: Vec<(ResourceName, String)>,
    /// What may be skipped, with the reason.
    pub skippable: Vec<Down>,
}

/// A step whose system is down and which may be skipped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Down {
    /// The step.
    pub step: StepId,
    /// Its resource.
    pub resource: ResourceName,
    /// How it was noticed.
    pub reason: String,
}

impl FromIterator<(ResourceName, BTreeSet<ResourceName>)> for Skips {
    fn from_iter<I: IntoIterator<Item = (ResourceName, BTreeSet<ResourceName>)>>(each: I) -> Self {
        Self(each.into_iter().collect())
    }
}

impl Skips {
    /// Nothing may be skipped.
    pub const NONE: Self = Self(BTreeMap::new());

    /// What a runbook lets a run skip of a feature set.
    pub fn of(runbook: &Runbook, set: &FeatureSet) -> Self {
        let downs: BTreeMap<&ResourceName, WhenDown> = runbook.when_down().collect();
        let follows = |resource: &ResourceName| {
            downs.get(resource).is_some_and(|down| down.if_upstream_skipped == IfUpstreamSkipped::Skip)
        };
        let skippable = downs.iter().filter(|(_, down)| down.if_unreachable == IfUnreachable::Skip);
        let with = |resource: &ResourceName| {
            let downstream = set.downstream_of(resource).into_iter();
            downstream.filter(|resource| follows(resource)).cloned().collect()
        };
        Self(skippable.map(|(resource, _)| ((*resource).clone(), with(resource))).collect())
    }

    /// Whether a resource may be skipped where its own system is down.
    pub fn allows(&self, resource: &ResourceName) -> bool {
        self.0.contains_key(resource)
    }

    /// Whether a resource is skipped with another one.
    pub fn follows(&self, resource: &ResourceName, skipped: &ResourceName) -> bool {
        self.0.get(skipped).is_some_and(|with| with.contains(resource))
    }

    /// Each resource that may be skipped, with those that are skipped with it.
    pub fn iter(&self) -> impl Iterator<Item = (&ResourceName, &BTreeSet<ResourceName>)> {
        self.0.iter()
    }

    /// What can't be seen of a stage, by what follows from it.
    pub fn sort(&self, plan: &StagePlan) -> Unseen {
        let mut unseen = Unseen::default();
        for planned in &plan.steps {
            let (Some(target), Work::Blind { reason, cause }) = (planned.subject.target(), &planned.work) else {
                continue;
            };
            let (resource, reason) = (target.resource.clone(), reason.clone());
            if *cause == BlindCause::SystemDown && self.allows(&resource) {
                unseen.skippable.push(Down { step: planned.id, resource, reason });
            } else {
                unseen.barring.push((resource, reason));
            }
        }
        unseen
    }
}

impl Runbook {
    /// What each step about a resource does where a system is down.
    pub fn when_down(&self) -> impl Iterator<Item = (&ResourceName, WhenDown)> {
        self.stages.iter().flat_map(|stage| &stage.steps).filter_map(|step| match step {
            Step::Resource { resource, when_down, .. } => Some((resource, *when_down)),
            Step::Manual { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::StepPlan;
    use crate::runbook::{OnFailure, ServiceLevel, Stage};
    use crate::sample;

    const SKIP: WhenDown =
        WhenDown { if_unreachable: IfUnreachable::Skip, if_upstream_skipped: IfUpstreamSkipped::Skip };

    fn runbook(steps: &[(&str, WhenDown)]) -> Runbook {
        let step = |(resource, when_down): &(&str, WhenDown)| Step::Resource {
            resource: resource.parse().unwrap(),
            set: None,
            connections: vec![],
            ramp: None,
            when_down: *when_down,
        };
        Runbook {
            name: "r".parse().unwrap(),
            summary: String::new(),
            when: String::new(),
            when_not: String::new(),
            escalate_to: String::new(),
            tags: vec![],
            parameters: vec![],
            stages: vec![Stage { name: "restore".parse().unwrap(), steps: steps.iter().map(step).collect() }],
            checks: vec![],
            service_level: ServiceLevel::default(),
            on_failure: OnFailure::Halt,
            may_touch: crate::people::Scope::default(),
            limits: crate::limits::Terms::default(),
            leaves: vec![],
        }
    }

    fn skips(steps: &[(&str, WhenDown)]) -> String {
        crate::json::Json::from(&Skips::of(&runbook(steps), &sample::ranker())).unwrap().canonical()
    }

    #[test]
    fn what_is_made_from_a_skipped_resource_is_skipped_with_it() {
        assert_eq!(skips(&[("dataset", SKIP), ("model", WhenDown::default())]), r#"{"dataset":["model"]}"#);
        assert_eq!(skips(&[("dataset", WhenDown::default()), ("model", SKIP)]), r#"{"model":[]}"#);
        assert_eq!(skips(&[("dataset", SKIP), ("flag", SKIP)]), r#"{"dataset":[],"flag":[]}"#);
    }

    #[test]
    fn unless_its_own_step_says_otherwise() {
        let on = WhenDown { if_upstream_skipped: IfUpstreamSkipped::Restore, ..WhenDown::default() };
        assert_eq!(skips(&[("dataset", SKIP), ("model", on)]), r#"{"dataset":[]}"#);
    }

    #[test]
    fn only_a_system_that_is_down_is_skipped() {
        let skips = Skips::of(
            &runbook(&[("dataset", SKIP), ("flag", SKIP), ("model", WhenDown::default())]),
            &sample::ranker(),
        );
        let blind = |step, name: &str, cause| {
            let desired = sample::pinned("v1", "1");
            let seen = sample::step(0, step, name, desired, ("v2", "2"), sample::change(vec![], None));
            StepPlan { work: Work::Blind { reason: format!("{name} can't be observed"), cause }, ..seen }
        };
        let steps = vec![
            blind(0, "dataset", BlindCause::SystemDown),
            blind(1, "flag", BlindCause::Other),
            blind(2, "model", BlindCause::SystemDown),
        ];
        let unseen = skips.sort(&sample::stage(0, "restore", steps));
        let barring: Vec<_> = unseen.barring.iter().map(|(resource, _)| resource.as_str()).collect();
        assert_eq!(barring, ["flag", "model"]);
        assert_eq!(unseen.skippable.iter().map(|down| down.resource.as_str()).collect::<Vec<_>>(), ["dataset"]);
    }
}
