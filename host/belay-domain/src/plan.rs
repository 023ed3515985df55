//! Plans: what a stage would do now. A plan is a value; to permit, perform or change one is the business of others.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{ConnectionName, EnvironmentName, PluginName, ResourceAddress, ResourceName, StageName, StepId};
use crate::json::{self, Json, NotCanonical};
use crate::operation::{Change, Operation};
use crate::ramp::{PlannedPart, Ramp};
use crate::state::{Desired, Resource, State};

/// What a stage would do now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StagePlan {
    /// Where.
    pub environment: EnvironmentName,
    /// The stage's place in the run.
    pub index: u32,
    /// Its name.
    pub stage: StageName,
    /// What each step would do.
    pub steps: Vec<StepPlan>,
}

/// What a step would do now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepPlan {
    /// Which step.
    pub id: StepId,
    /// What it is about.
    pub subject: Subject,
    /// What it found and would do.
    pub work: Work,
    /// The parts of its ramp that are still to be gone, in order; empty for a step without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PlannedPart>,
}

/// What a step is about, resolved: names have become addresses, plugins and desired states.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// A resource.
    Resource(Box<Target>),
    /// Something that a person does.
    Manual {
        /// What to do.
        instruction: String,
    },
}

/// A resource and what a step wants of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Target {
    /// Its name in the feature set.
    pub resource: ResourceName,
    /// Where it lives.
    pub at: ResourceAddress,
    /// The plugin's configuration for it.
    pub config: Json,
    /// The reverter.
    pub plugin: PluginName,
    /// Its component.
    pub component: Digest,
    /// Connections that the plugin may read beside the resource's own.
    pub connections: Vec<ConnectionName>,
    /// The resources upstream of it, directly or through others.
    pub upstream: Vec<ResourceName>,
    /// What the step wants; of a ramp, what its last part wants.
    pub desired: Desired,
    /// The way there, where it is gone by parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Ramp>,
}

impl Target {
    /// The resource as its plugin is told of it.
    pub fn to_resource(&self) -> Resource {
        Resource { connection: self.at.connection.clone(), id: self.at.id.clone(), config: self.config.clone() }
    }
}

/// What a step found and would do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "a plan has a handful of steps, and nearly all of them are changes")]
pub enum Work {
    /// The resource was observed; these are the writes to what is wanted. No operations: it is as desired.
    Change {
        /// What was found.
        observed: State,
        /// The writes.
        change: Change,
    },
    /// The resource could not be observed or planned.
    Blind {
        /// Why, for people.
        reason: String,
        /// Why, as far as something follows from it.
        #[serde(default)]
        cause: BlindCause,
    },
    /// A person's work: confirmed, not observed.
    Person,
}

/// Why a resource could not be observed or planned, as far as something follows from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlindCause {
    /// Its system is down: the plugin says that it is unavailable, and the host saw a read go unanswered.
    SystemDown,
    /// Anything else: a configuration that makes no sense, a read that is refused, a state that is gone, an answer that
    /// nobody understands, a plugin that failed. Nothing of this passes by itself, so a person must look.
    #[default]
    Other,
}

impl StagePlan {
    /// The digest that verdicts, permits and intents name.
    pub fn digest(&self) -> Result<Digest, NotCanonical> {
        json::digest_of(self)
    }

    /// Every operation, with its step, its target and its place in the step, in order.
    pub fn operations(&self) -> impl Iterator<Item = PlannedOperation<'_>> {
        self.steps.iter().flat_map(|step| {
            let parts = match (&step.subject, &step.work) {
                (Subject::Resource(target), Work::Change { change, .. }) => Some((target, change)),
                _ => None,
            };
            parts.into_iter().flat_map(move |(target, change)| {
                (0..).zip(&change.operations).map(move |(index, operation)| PlannedOperation {
                    step: step.id,
                    index,
                    target,
                    operation,
                })
            })
        })
    }

    /// Whether nothing is to be done: each resource is as desired and no person has work.
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| match &step.work {
            Work::Change { change, .. } => change.operations.is_empty(),
            Work::Blind { .. } | Work::Person => false,
        })
    }

    /// The steps that could not be observed, with the reason.
    pub fn blind(&self) -> impl Iterator<Item = (&StepPlan, &str)> {
        self.steps.iter().filter_map(|step| match &step.work {
            Work::Blind { reason, .. } => Some((step, reason.as_str())),
            Work::Change { .. } | Work::Person => None,
        })
    }
}

/// One operation and where it stands in its plan.
#[derive(Clone, Copy, Debug)]
pub struct PlannedOperation<'plan> {
    /// Its step.
    pub step: StepId,
    /// Its place in the step, from 0.
    pub index: u32,
    /// What the step is about.
    pub target: &'plan Target,
    /// The operation.
    pub operation: &'plan Operation,
}

impl Subject {
    /// The resource, where it is about one.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::Resource(target) => Some(target),
            Self::Manual { .. } => None,
        }
    }

    /// The resource's name, or what a person is to do, as its author wrote it.
    pub fn heading(&self) -> &str {
        match self {
            Self::Resource(target) => target.resource.as_str(),
            Self::Manual { instruction } => instruction,
        }
    }

    /// For people: the resource's name, or `by hand`.
    pub fn title(&self) -> &str {
        self.target().map_or("by hand", |target| target.resource.as_str())
    }
}
