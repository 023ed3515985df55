//! One step on its way. Never decides: transitions do.

use belay_domain::digest::Digest;
use belay_domain::id::{Millis, ResourceName, StepId};
use belay_domain::json::Json;
use belay_domain::state::State;

use crate::act_record::{ActRecord, Knowledge};
use crate::command::Act;
use crate::event::{ActId, WakeId};
use crate::outlook::Halt;
use crate::part::PartRecord;
use crate::run::CheckRun;
use crate::spec::StepSpec;

/// One step on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StepRun {
    pub(crate) id: StepId,
    pub(crate) status: StepStatus,
    /// What the plan had observed under which the first operation was intended that may have taken effect.
    pub(crate) before: Option<State>,
    /// What was observed last.
    pub(crate) found: Option<State>,
    pub(crate) acts: Vec<ActRecord>,
    /// The parts of its ramp; empty where it has none.
    pub(crate) parts: Vec<PartRecord>,
    /// How many acts had been made when a person last made the run go on: only later ones count as attempts.
    pub(crate) counted_from: usize,
    /// How often the step asked to be planned again since then.
    pub(crate) replans: u32,
    /// Operations that a person said were applied.
    pub(crate) vouched: Vec<Digest>,
    /// When the step has taken its time.
    pub(crate) due: Option<WakeId>,
    pub(crate) began: Option<Millis>,
    pub(crate) ended: Option<Millis>,
}

/// Where a step stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StepStatus {
    /// The responder left it out.
    LeftOut,
    /// Its system is down, or that of a resource upstream of it.
    Skipped(Skipped),
    /// Not planned yet, or its plan is void.
    Idle,
    /// Permitted; waits for those upstream of it.
    Ready,
    /// The command to act is out, the intent is not recorded yet.
    Starting(Act),
    /// The intent is recorded, the outcome is not.
    Acting(Act),
    /// The outcome is unknown and is being settled.
    Settling(Settling),
    /// The operation was not applied; a look says whether somebody moved the resource.
    Refused { index: u32, reason: String },
    /// Rests before the operation `next`, because the run stops or its stage is planned again.
    Between { next: u32 },
    /// Its last operation was applied.
    Confirming(Confirming),
    /// A part of its ramp is reached.
    Holding(HoldPhase),
    /// A person was asked.
    Asked,
    /// Its stage is to be planned again.
    Again { reason: String },
    /// As desired.
    Restored,
    /// A person did what it asks.
    DoneBy { person: String },
    /// It made the run halt.
    Stuck(Stuck),
}

/// Why a step was skipped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Skipped {
    /// How it was noticed that a system is down.
    pub(crate) reason: String,
    /// The resource upstream whose system that is; none: the step's own.
    pub(crate) with: Option<ResourceName>,
}

/// An unknown outcome on its way to be known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Settling {
    pub(crate) act: Act,
    /// Why it is unknown.
    pub(crate) reason: String,
    /// How many times `settle` was waited out.
    pub(crate) windows: u32,
    pub(crate) phase: SettlePhase,
}

/// Nothing may move between two looks that are `settle` apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum SettlePhase {
    /// The look at its beginning is under way.
    First,
    /// It is waited out; `revision` is what the first look saw, if it saw anything.
    Waiting { wake: WakeId, revision: Option<Json> },
    /// The look at its end is under way.
    Last { revision: Option<Json> },
}

/// A confirmation under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Confirming {
    /// How long it is waited for.
    pub(crate) waited: Waited,
    /// Between two observations.
    pub(crate) wake: Option<WakeId>,
    /// The part of its ramp that is confirmed; none: what the step wants.
    pub(crate) part: Option<u32>,
}

/// How long something is waited for that is looked at again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Waited {
    /// When it was first asked for.
    since: Millis,
    /// In milliseconds, until the look under way began, or until the next begins.
    pub(crate) ms: u64,
}

impl Waited {
    /// Asked for the first time.
    pub(crate) const fn from(since: Millis) -> Self {
        Self { since, ms: 0 }
    }

    /// Until now, in milliseconds, with what the look took. A clock that stepped back takes nothing away.
    pub(crate) fn until(self, at: Millis) -> u64 {
        at.since(self.since).max(self.ms)
    }

    /// Until the look that begins after a pause.
    pub(crate) fn and_paused(self, at: Millis, pause_ms: u64) -> Self {
        Self { ms: self.until(at).saturating_add(pause_ms), ..self }
    }
}

/// On a part of a ramp, until the next begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum HoldPhase {
    /// The hold is waited out.
    Waiting { wake: WakeId, until: Millis },
    /// The checks measure, one for each of the run's.
    Checking(Vec<CheckRun>),
    /// The resource is observed once more: it may have been moved meanwhile.
    Leaving,
    /// Nothing is waited for: the run stops or its stage is planned again.
    Resting,
}

/// Why a step made the run halt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stuck {
    /// Whether this act happened can't be told.
    Undecided { act: Act, halt: Halt },
    /// What was done is known, but it goes no further.
    Known(Halt),
}

impl StepRun {
    pub(crate) fn new(spec: &StepSpec) -> Self {
        let through = spec.subject.target().and_then(|target| target.ramp.as_ref()).map(|ramp| ramp.through.as_slice());
        Self {
            id: spec.id,
            parts: through.unwrap_or_default().iter().cloned().map(PartRecord::new).collect(),
            status: if spec.excepted { StepStatus::LeftOut } else { StepStatus::Idle },
            before: None,
            found: None,
            acts: Vec::new(),
            counted_from: 0,
            replans: 0,
            vouched: Vec::new(),
            due: None,
            began: None,
            ended: None,
        }
    }

    /// Whether something is on its way whose end must be awaited before the run may rest.
    pub(crate) const fn is_under_way(&self) -> bool {
        match &self.status {
            StepStatus::Acting(_)
            | StepStatus::Settling(_)
            | StepStatus::Refused { .. }
            | StepStatus::Confirming(_) => true,
            StepStatus::LeftOut
            | StepStatus::Skipped(_)
            | StepStatus::Idle
            | StepStatus::Ready
            | StepStatus::Starting(_)
            | StepStatus::Between { .. }
            | StepStatus::Holding(_)
            | StepStatus::Asked
            | StepStatus::Again { .. }
            | StepStatus::Restored
            | StepStatus::DoneBy { .. }
            | StepStatus::Stuck(_) => false,
        }
    }

    /// Whether it has begun since a person last made the run go on, and is not done.
    pub(crate) fn is_on_its_way(&self) -> bool {
        let began = self.is_under_way() || self.starting().is_some() || self.acts.len() > self.counted_from;
        began && !self.is_done() && !matches!(self.status, StepStatus::Stuck(_))
    }

    /// The act whose command is out and whose intent is not recorded.
    pub(crate) const fn starting(&self) -> Option<Act> {
        if let StepStatus::Starting(act) = self.status { Some(act) } else { None }
    }

    /// The act whose intent is recorded and whose outcome is not.
    pub(crate) const fn acting(&self) -> Option<Act> {
        if let StepStatus::Acting(act) = self.status { Some(act) } else { None }
    }

    /// Whether the run does nothing about it: neither plans nor locks nor writes it.
    pub(crate) const fn is_left_alone(&self) -> bool {
        matches!(self.status, StepStatus::LeftOut | StepStatus::Skipped(_))
    }

    /// Whether nothing is left to do.
    pub(crate) const fn is_done(&self) -> bool {
        self.is_left_alone() || matches!(self.status, StepStatus::Restored | StepStatus::DoneBy { .. })
    }

    /// Whether an operation of it may have taken effect.
    pub(crate) fn may_have_written(&self) -> bool {
        self.last_effect().is_some()
    }

    /// How often an operation was intended since a person last made the run go on.
    pub(crate) fn attempts_at(&self, operation: Digest) -> u32 {
        let counted = self.acts.iter().skip(self.counted_from);
        u32::try_from(counted.filter(|act| act.operation == operation).count()).unwrap_or(u32::MAX)
    }

    /// The last operation that may have taken effect.
    pub(crate) fn last_effect(&self) -> Option<&ActRecord> {
        self.acts.iter().rev().find(|act| act.knowledge() != Knowledge::NotApplied)
    }

    /// The part of its ramp that is reached and not left; the last is not held, so nothing stands on it.
    pub(crate) fn standing(&self) -> Option<u32> {
        let standing = PartRecord::standing(&self.parts).filter(|place| place + 1 < self.parts.len());
        standing.and_then(|place| u32::try_from(place).ok())
    }

    /// The part of its ramp from which the rest of the way may be planned.
    pub(crate) fn next_part(&self) -> u32 {
        u32::try_from(PartRecord::next(&self.parts)).unwrap_or(u32::MAX)
    }

    pub(crate) fn part_mut(&mut self, part: u32) -> Option<&mut PartRecord> {
        self.parts.get_mut(part as usize)
    }

    pub(crate) fn record_mut(&mut self, act: ActId) -> Option<&mut ActRecord> {
        self.acts.iter_mut().find(|record| record.act == act)
    }
}
