//! What a run wants done. Values: performing them is the business of others.

use belay_domain::digest::Digest;
use belay_domain::id::{Millis, ResourceAddress, StepId};

use crate::event::{ActId, WakeId};
use crate::failure::{Failed, Response};
use crate::receipt::Receipt;

/// What a run wants done. Commands that came together may be performed side by side, except that locks are taken and
/// given back in the order in which they were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Hold exactly these resources; give others back. Answered by [`crate::Event::Locked`] or
    /// [`crate::Event::LockHeld`].
    Lock {
        /// The stage that they belong to.
        stage: u32,
        /// All or none.
        resources: Vec<ResourceAddress>,
    },
    /// Hold none. Not answered.
    Unlock,
    /// Observe and plan these steps, examine, assess, hold against the mandate, judge. Answered by
    /// [`crate::Event::Planned`], which holds exactly these steps, in this order. A ramp is planned as one path, from
    /// [`crate::Run::next_part`] or from the first part that the resource has not passed, whichever is later.
    Plan {
        /// The stage.
        stage: u32,
        /// Its steps, without those left out.
        steps: Vec<StepId>,
    },
    /// Ask [`crate::Run::may_act`], record the intent ([`crate::Event::Intended`]), act, record the outcome
    /// ([`crate::Event::Performed`]).
    Act(Act),
    /// Record that the outcome of an intent is unknown, because the process ended between the two. Answered by
    /// [`crate::Event::Performed`] with [`belay_domain::operation::Outcome::Unknown`].
    CloseOrphan {
        /// The act.
        act: ActId,
        /// Its step.
        step: StepId,
    },
    /// Look where the operation writes, then let the plugin observe. Answered by [`crate::Event::Seen`].
    Look {
        /// Which step.
        step: StepId,
        /// The operation's place in it.
        index: u32,
    },
    /// Observe the resource and plan it again. Answered by [`crate::Event::Confirmed`].
    Confirm {
        /// Which step.
        step: StepId,
        /// The part of its ramp that it is planned to; none: what the step wants.
        part: Option<u32>,
    },
    /// Show a person what a manual step asks. Answered by [`crate::Event::PersonConfirmed`], whenever that is.
    AskPerson {
        /// Which step.
        step: StepId,
        /// What to do.
        instruction: String,
    },
    /// Let a check's probe measure. Answered by [`crate::Event::Measured`].
    Measure {
        /// The check's place in the specification.
        check: u32,
        /// The step on whose ramp it is measured; none after the last stage.
        step: Option<StepId>,
    },
    /// Record that the run goes on from a failure ([`crate::Event::FellBack`]), before anything follows from it.
    FallBack {
        /// What failed.
        failed: Failed,
        /// What follows.
        response: Response,
    },
    /// Wait. Answered by [`crate::Event::Woke`] when `after_ms` have passed on a clock that doesn't step.
    WakeAt {
        /// Which wait.
        wake: WakeId,
        /// When that will be, if the clock doesn't step.
        at: Millis,
        /// How long, in milliseconds.
        after_ms: u64,
    },
    /// Let the run know once it or a step has taken its time, by [`crate::Event::Woke`]. Nothing waits for it: a run that
    /// has nothing else to do may be left.
    LimitAt {
        /// Which wait.
        wake: WakeId,
        /// When that will be, if the clock doesn't step.
        at: Millis,
        /// In how long, in milliseconds.
        after_ms: u64,
    },
    /// The run has ended: record its receipt. Answered by [`crate::Event::Sealed`]. Locks are given back before.
    Seal {
        /// What was and was not done.
        receipt: Box<Receipt>,
    },
}

/// One operation to perform. [`crate::Run::operation`] gives the operation itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Act {
    /// Its number in the run.
    pub act: ActId,
    /// Its step.
    pub step: StepId,
    /// The operation's place in the step, from 0.
    pub index: u32,
    /// Which try, from 1.
    pub attempt: u32,
    /// The operation.
    pub operation: Digest,
    /// The plan that permits it.
    pub plan: Digest,
    /// Until when it may be acted on.
    pub act_by: Millis,
}
