//! One stage on its way. Never decides: transitions do.

use std::ops::Range;

use belay_domain::digest::Digest;
use belay_domain::examined::{Examined, ExaminedOperation};
use belay_domain::id::{Millis, StepId};
use belay_domain::json::Json;
use belay_domain::operation::{Change, Operation};
use belay_domain::plan::{StagePlan, StepPlan, Work};
use belay_domain::risk::Assessment;
use belay_domain::state::State;

use crate::spec::StageSpec;
use crate::step::{StepRun, StepStatus};

/// One stage on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StageRun {
    pub(crate) status: StageStatus,
    pub(crate) steps: Vec<StepRun>,
    /// The latest plan that was permitted.
    pub(crate) permit: Option<Permit>,
    /// The risk of the latest plan, permitted or not.
    pub(crate) assessment: Option<Assessment>,
    /// On whose approval it was permitted, or waits for more.
    pub(crate) approved_by: Vec<String>,
    pub(crate) began: Option<Millis>,
    pub(crate) ended: Option<Millis>,
}

/// Where a stage stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StageStatus {
    /// Its turn has not come.
    Pending,
    /// Its locks are being taken.
    Locking,
    /// Nothing starts; it is planned once everything under way has ended.
    Resting,
    /// It is being planned.
    Planning,
    /// Its plan is permitted.
    Acting,
    /// Every step is done.
    Finished,
}

/// A plan that was judged and may be performed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Permit {
    pub(crate) plan: StagePlan,
    pub(crate) digest: Digest,
    pub(crate) examined: Examined,
}

impl Permit {
    /// What the plan had observed of a resource, and the change that it permits.
    pub(crate) fn change(&self, step: StepId) -> Option<(&State, &Change)> {
        self.step(step).and_then(|planned| match &planned.work {
            Work::Change { observed, change } => Some((observed, change)),
            Work::Blind { .. } | Work::Person => None,
        })
    }

    pub(crate) fn operation(&self, step: StepId, index: u32) -> Option<&Operation> {
        self.change(step)?.1.operations.get(index as usize)
    }

    pub(crate) fn examined(&self, step: StepId, index: u32) -> Option<&ExaminedOperation> {
        self.examined.operations.iter().find(|found| found.step == step && found.index == index)
    }

    fn step(&self, step: StepId) -> Option<&StepPlan> {
        self.plan.steps.iter().find(|planned| planned.id == step)
    }

    /// The part of the step's ramp that an operation is of, with the places of all its operations.
    pub(crate) fn part_of(&self, step: StepId, index: u32) -> Option<(u32, Range<u32>)> {
        self.step(step)?.part_of(index)
    }

    /// The first operation of those that follow a part of the step's ramp.
    pub(crate) fn after_part(&self, step: StepId, part: u32) -> Option<u32> {
        let (_, operations) = self.step(step)?.parts().find(|(next, own)| *next > part && !own.is_empty())?;
        Some(operations.start)
    }

    /// Whether an operation comes after a hold: then it was planned that much earlier.
    pub(crate) fn follows_a_hold(&self, step: StepId, index: u32) -> bool {
        index > 0 && self.part_of(step, index).is_some_and(|(_, own)| own.start == index)
    }

    /// The contents on the way on which an operation lies: before the first operation, after it, after the second, and
    /// so on. It ends with the operation's own part, since the run itself goes no further without a hold.
    pub(crate) fn chain(&self, step: StepId, index: u32) -> Vec<&Json> {
        let Some((observed, change)) = self.change(step) else { return Vec::new() };
        let length = self.part_of(step, index).map_or(change.operations.len(), |(_, own)| own.end as usize);
        let yields = change.operations.iter().map(|operation| &operation.yields);
        std::iter::once(&observed.content).chain(yields.take(length)).collect()
    }
}

impl StageRun {
    pub(crate) fn new(spec: &StageSpec) -> Self {
        Self {
            status: StageStatus::Pending,
            steps: spec.steps.iter().map(StepRun::new).collect(),
            permit: None,
            assessment: None,
            approved_by: Vec::new(),
            began: None,
            ended: None,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.steps.iter().all(StepRun::is_done)
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.steps.iter().any(StepRun::is_under_way)
    }

    /// Whether a command to act is out whose intent may still be recorded.
    pub(crate) fn is_starting(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.status, StepStatus::Starting(_)))
    }

    pub(crate) fn wants_a_new_plan(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.status, StepStatus::Again { .. }))
    }

    /// Whether its steps are done without this run or a person having done anything.
    pub(crate) fn did_nothing(&self) -> bool {
        !self.has_acted() && !self.steps.iter().any(|step| matches!(step.status, StepStatus::DoneBy { .. }))
    }

    /// Whether a step of it was skipped because a system is down.
    pub(crate) fn has_skipped(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.status, StepStatus::Skipped(_)))
    }

    /// Whether an operation of it was ever intended.
    pub(crate) fn has_acted(&self) -> bool {
        self.steps.iter().any(|step| !step.acts.is_empty())
    }
}
