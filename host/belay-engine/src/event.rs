//! What a run learns: facts, each with its moment. Never says what follows from them.

use belay_domain::check::Reading;
use belay_domain::digest::Digest;
use belay_domain::id::{Epoch, Millis, StepId};
use belay_domain::operation::Outcome;
use belay_domain::plan::StagePlan;
use serde::{Deserialize, Serialize};

use crate::answer::{Decision, Finding, Holder, Look, Observed};
use crate::failure::{Failed, Response};
use crate::receipt::Receipt;
use crate::spec::RunSpec;

/// A number that the run gave to an act: the pair of an intent and its outcome. Never used twice in a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActId(pub u32);

/// A number that the run gave to a wait. Never used twice in a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WakeId(pub u32);

/// What a run learns. One ledger entry each, of the kind that [`Event::kind`] says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    /// The run was asked for. Always the first.
    #[serde(rename = "run.opened")]
    Opened {
        /// What it is made from.
        spec: Box<RunSpec>,
        /// Its first owner.
        by: String,
        /// The first owner's epoch.
        epoch: Epoch,
        /// When.
        at: Millis,
    },
    /// The stage's resources are locked, and no others.
    #[serde(rename = "stage.locked")]
    Locked {
        /// Which stage.
        stage: u32,
        /// When.
        at: Millis,
    },
    /// Another run holds one of the stage's resources; this one holds none.
    #[serde(rename = "stage.lock_held")]
    LockHeld {
        /// Which stage.
        stage: u32,
        /// Who holds it.
        holder: Holder,
        /// When.
        at: Millis,
    },
    /// The stage was observed, planned, examined, assessed, held against the mandate and judged, under its locks.
    #[serde(rename = "stage.planned")]
    Planned {
        /// Which stage.
        stage: u32,
        /// What it would do.
        plan: StagePlan,
        /// What the host and the guardrails make of it.
        finding: Finding,
        /// When that was done.
        at: Millis,
    },
    /// The host is about to perform an operation. Durable before it does.
    #[serde(rename = "intent")]
    Intended {
        /// The act, as its command numbered it.
        act: ActId,
        /// Its step.
        step: StepId,
        /// The operation's place in the step, from 0.
        index: u32,
        /// Which try, from 1.
        attempt: u32,
        /// The operation.
        operation: Digest,
        /// The plan that permits it.
        plan: Digest,
        /// Until when it may be acted on.
        act_by: Millis,
        /// The owner's.
        epoch: Epoch,
        /// When.
        at: Millis,
    },
    /// What became of it. Durable before anything rests on it.
    #[serde(rename = "outcome")]
    Performed {
        /// The act.
        act: ActId,
        /// The ledger's sequence number of its intent.
        intent: u64,
        /// What became of it.
        outcome: Outcome,
        /// When.
        at: Millis,
    },
    /// The host looked for itself and then let the plugin observe.
    #[serde(rename = "step.seen")]
    Seen {
        /// Which step.
        step: StepId,
        /// What lies where the operation writes.
        look: Look,
        /// What the plugin observed.
        observed: Observed,
        /// When.
        at: Millis,
    },
    /// The resource was observed and planned again after its last operation.
    #[serde(rename = "step.confirmed")]
    Confirmed {
        /// Which step.
        step: StepId,
        /// What the plugin observed.
        observed: Observed,
        /// The part of the step's ramp that was to be confirmed, from 0; absent where it has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<u32>,
        /// How many operations it would still propose: to get there, of a part.
        remaining_operations: u32,
        /// When.
        at: Millis,
    },
    /// A named person did what a manual step asks.
    #[serde(rename = "step.person_confirmed")]
    PersonConfirmed {
        /// Which step.
        step: StepId,
        /// Who says so.
        by: String,
        /// When.
        at: Millis,
    },
    /// A person decided what nobody could tell. The run goes on with [`Event::Resumed`].
    #[serde(rename = "step.resolved")]
    Resolved {
        /// Which step.
        step: StepId,
        /// What the person says.
        decision: Decision,
        /// Who.
        by: String,
        /// Why.
        reason: String,
        /// When.
        at: Millis,
    },
    /// A check's probe measured.
    #[serde(rename = "check.measured")]
    Measured {
        /// The check's place in [`RunSpec::checks`].
        check: u32,
        /// The step on whose ramp it was measured; absent after the last stage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        /// What it said.
        reading: Reading,
        /// When.
        at: Millis,
    },
    /// A wait is over, by a clock that doesn't step.
    #[serde(rename = "run.woke")]
    Woke {
        /// Which wait.
        wake: WakeId,
        /// When.
        at: Millis,
    },
    /// A stage or a check failed, and the run goes on with what its mandate lets follow.
    #[serde(rename = "run.fell_back")]
    FellBack {
        /// What failed.
        failed: Failed,
        /// What follows.
        response: Response,
        /// When.
        at: Millis,
    },
    /// People said something of a waiting run's mandate, or it may have run out: the stage is planned and judged again.
    #[serde(rename = "run.reconsidered")]
    Reconsidered {
        /// When.
        at: Millis,
    },
    /// One of those who could approve a waiting run says no: it ends.
    #[serde(rename = "run.turned_down")]
    TurnedDown {
        /// Who.
        by: String,
        /// Why.
        reason: String,
        /// When.
        at: Millis,
    },
    /// Somebody wants the run to end: the operation under way ends, no other starts.
    #[serde(rename = "run.abort_asked")]
    AbortAsked {
        /// Who.
        by: String,
        /// Why.
        reason: String,
        /// When.
        at: Millis,
    },
    /// Somebody wants the run to rest where it is: the operation under way ends, no other starts.
    #[serde(rename = "run.pause_asked")]
    PauseAsked {
        /// Who.
        by: String,
        /// Why; may be empty.
        reason: String,
        /// When.
        at: Millis,
    },
    /// Somebody wants a paused run to go on, or the parts that are held now not to be held any longer.
    #[serde(rename = "run.continue_asked")]
    ContinueAsked {
        /// Who.
        by: String,
        /// When.
        at: Millis,
    },
    /// Another owner took a live run. It goes on from what is recorded.
    #[serde(rename = "run.taken_over")]
    TakenOver {
        /// The new owner's epoch: higher than any before.
        epoch: Epoch,
        /// The new owner.
        by: String,
        /// When.
        at: Millis,
    },
    /// A run whose owner is gone, or which halted or waits, goes on from what is recorded.
    #[serde(rename = "run.resumed")]
    Resumed {
        /// The owner's epoch: not lower than any before.
        epoch: Epoch,
        /// The owner.
        by: String,
        /// When.
        at: Millis,
    },
    /// The run has ended and its receipt is recorded. Always the last.
    #[serde(rename = "run.sealed")]
    Sealed {
        /// What was and was not done.
        receipt: Box<Receipt>,
        /// When.
        at: Millis,
    },
}

impl Event {
    /// The ledger's name for this kind of entry; the same as the `kind` in its JSON.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "run.opened",
            Self::Locked { .. } => "stage.locked",
            Self::LockHeld { .. } => "stage.lock_held",
            Self::Planned { .. } => "stage.planned",
            Self::Intended { .. } => "intent",
            Self::Performed { .. } => "outcome",
            Self::Seen { .. } => "step.seen",
            Self::Confirmed { .. } => "step.confirmed",
            Self::PersonConfirmed { .. } => "step.person_confirmed",
            Self::Resolved { .. } => "step.resolved",
            Self::Measured { .. } => "check.measured",
            Self::Woke { .. } => "run.woke",
            Self::FellBack { .. } => "run.fell_back",
            Self::Reconsidered { .. } => "run.reconsidered",
            Self::TurnedDown { .. } => "run.turned_down",
            Self::AbortAsked { .. } => "run.abort_asked",
            Self::PauseAsked { .. } => "run.pause_asked",
            Self::ContinueAsked { .. } => "run.continue_asked",
            Self::TakenOver { .. } => "run.taken_over",
            Self::Resumed { .. } => "run.resumed",
            Self::Sealed { .. } => "run.sealed",
        }
    }

    /// When it happened, by the clock of whoever says so.
    pub const fn at(&self) -> Millis {
        match self {
            Self::Opened { at, .. }
            | Self::Locked { at, .. }
            | Self::LockHeld { at, .. }
            | Self::Planned { at, .. }
            | Self::Intended { at, .. }
            | Self::Performed { at, .. }
            | Self::Seen { at, .. }
            | Self::Confirmed { at, .. }
            | Self::PersonConfirmed { at, .. }
            | Self::Resolved { at, .. }
            | Self::Measured { at, .. }
            | Self::Woke { at, .. }
            | Self::FellBack { at, .. }
            | Self::Reconsidered { at }
            | Self::TurnedDown { at, .. }
            | Self::AbortAsked { at, .. }
            | Self::PauseAsked { at, .. }
            | Self::ContinueAsked { at, .. }
            | Self::TakenOver { at, .. }
            | Self::Resumed { at, .. }
            | Self::Sealed { at, .. } => *at,
        }
    }

    /// Whether it must be durable before anything rests on it. The others join the next one that must.
    pub const fn is_barrier(&self) -> bool {
        match self {
            // A hold counts from here, also in the eyes of whoever resumes the run.
            Self::Confirmed { part, .. } => part.is_some(),
            Self::Opened { .. }
            | Self::Intended { .. }
            | Self::Performed { .. }
            | Self::PersonConfirmed { .. }
            | Self::Resolved { .. }
            | Self::FellBack { .. }
            | Self::TurnedDown { .. }
            | Self::AbortAsked { .. }
            | Self::PauseAsked { .. }
            | Self::ContinueAsked { .. }
            | Self::TakenOver { .. }
            | Self::Resumed { .. }
            | Self::Sealed { .. } => true,
            Self::Locked { .. }
            | Self::LockHeld { .. }
            | Self::Planned { .. }
            | Self::Seen { .. }
            | Self::Measured { .. }
            | Self::Reconsidered { .. }
            | Self::Woke { .. } => false,
        }
    }
}
