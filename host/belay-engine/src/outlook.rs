//! How a run stands when it doesn't work: it waits, it halted, it ended. Says why, never what to do next.

use std::fmt;

use belay_domain::check::CheckResult;
use belay_domain::digest::Digest;
use belay_domain::grouped::Grouped;
use belay_domain::id::{Millis, ResourceName, RunbookName, StageName, StepId};
use belay_domain::people::Need;
use serde::{Deserialize, Serialize};

use crate::answer::Holder;
use crate::failure::Failed;

/// A stage that people must approve before it may begin. Holds no locks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Wait {
    /// The stage's place in the run.
    pub stage: u32,
    /// Its name.
    pub name: StageName,
    /// The plan that asked; void when something changes, so for information.
    pub plan: Digest,
    /// Its risk.
    pub risk: u32,
    /// Who must approve and why, who has, and who else could.
    pub needs: Vec<Need>,
    /// Whether the request is signed by somebody who may make it: without that, nobody's approval is enough.
    #[serde(default)]
    pub signed: bool,
    /// What breaking the glass would override; empty where the run doesn't ask for that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<String>,
    /// Who asks.
    #[serde(default)]
    pub by: String,
    /// What for: `prod checkout-ranker → rp-0412`.
    #[serde(default)]
    pub aim: String,
    /// Until when the mandate holds; unknown where it is 0.
    #[serde(default = "never")]
    pub until: Millis,
    /// Since when.
    pub since: Millis,
}

const fn never() -> Millis {
    Millis(0)
}

/// A person wants a run to rest where it is. It goes on when a person says so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pause {
    /// Who.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// Since when nothing is under way any more, or when it was asked for.
    pub since: Millis,
}

/// Why a run halted. It can be resumed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Halt {
    /// Another run holds a resource of the next stage.
    Locked {
        /// Who.
        holder: Holder,
    },
    /// Resources of the next stage could not be observed or planned. Nothing of that stage was begun.
    Blind {
        /// Each with the reason.
        resources: Vec<(ResourceName, String)>,
    },
    /// Whether an operation happened can't be told, and doing it again may do harm: a person must decide.
    PersonMustDecide {
        /// Which step.
        step: StepId,
        /// What was found.
        reason: String,
    },
    /// Whether an operation happened can't be told, because the resource can't be observed.
    CannotLook {
        /// Which step.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// The system refused the operation though nothing had moved.
    NotApplied {
        /// Which step.
        step: StepId,
        /// Its reason.
        reason: String,
    },
    /// Somebody else keeps changing the resource, or the operation never takes.
    GaveUp {
        /// Which step.
        step: StepId,
        /// What happened at last.
        reason: String,
    },
    /// A check did not pass while a part of a ramp was held: the resource stays there.
    CheckFailed {
        /// Which step.
        step: StepId,
        /// The part that was held, from 0.
        part: u32,
        /// The check, for people: `json-probe value below 0.02`.
        check: String,
        /// What it said; inconclusive is not a pass.
        result: CheckResult,
    },
    /// The run, or a step, took longer than the rules in force allow. What was under way has ended.
    OutOfTime {
        /// Which.
        overrun: Overrun,
        /// How long it may take, in milliseconds.
        limit_ms: u64,
    },
    /// All operations were applied, but the resource is not as desired, or its plugin contradicts that.
    NotRestored {
        /// Which step.
        step: StepId,
        /// What was found.
        reason: String,
    },
}

/// What took too long.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Overrun {
    /// The run, since it was opened or a person last made it go on.
    Run,
    /// A step, since its first write.
    Step {
        /// Which.
        step: StepId,
        /// Its resource, or `by hand`.
        title: String,
    },
}

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run => f.write_str("the run"),
            Self::Step { title, .. } => f.write_str(title),
        }
    }
}

impl Halt {
    /// The step that it is about, where it is about one.
    pub const fn step(&self) -> Option<StepId> {
        match self {
            Self::Locked { .. } | Self::Blind { .. } | Self::OutOfTime { .. } => None,
            Self::PersonMustDecide { step, .. }
            | Self::CannotLook { step, .. }
            | Self::NotApplied { step, .. }
            | Self::GaveUp { step, .. }
            | Self::CheckFailed { step, .. }
            | Self::NotRestored { step, .. } => Some(*step),
        }
    }
}

impl fmt::Display for Halt {
    /// The reason, without what to do about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { holder } => {
                write!(f, "{} is held by {} in {}", holder.resource, holder.by, holder.run)
            }
            Self::Blind { resources } => {
                let lines: Vec<_> = resources.iter().map(|(name, reason)| format!("{name}: {reason}")).collect();
                f.write_str(&lines.join("; "))
            }
            Self::OutOfTime { overrun, limit_ms } => {
                write!(f, "{overrun} took longer than the {} s that it may take", Grouped(limit_ms.div_ceil(1_000)))
            }
            Self::CheckFailed { part, check, result, .. } => {
                write!(f, "at part {} of the ramp the check `{check}` {result}", u64::from(*part) + 1)
            }
            Self::PersonMustDecide { reason, .. }
            | Self::CannotLook { reason, .. }
            | Self::NotApplied { reason, .. }
            | Self::GaveUp { reason, .. }
            | Self::NotRestored { reason, .. } => f.write_str(reason),
        }
    }
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ending {
    /// Everything is restored and every check passed.
    Done,
    /// Everything was as desired already; nothing was written and nothing checked.
    NothingToDo,
    /// Everything is restored except what the responder left out.
    Partial,
    /// The resources are restored, but a check did not pass.
    Failed {
        /// The first check that did not: its place and its result.
        check: u32,
        /// What it said; inconclusive is not a pass.
        result: CheckResult,
    },
    /// A stage or a check failed, and everything that the run wrote was put back.
    Undone {
        /// What failed.
        failed: Failed,
    },
    /// A stage or a check failed, and the stages of another runbook were restored in its place.
    Replaced {
        /// What failed.
        failed: Failed,
        /// The other runbook.
        runbook: RunbookName,
    },
    /// A stage was refused. What earlier stages did stays done.
    Refused {
        /// The stage.
        stage: StageName,
        /// Why.
        refusal: Refusal,
    },
    /// Somebody ended it.
    Aborted {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
}

/// Why a stage was refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Refusal {
    /// The mandate had expired when the stage's turn came.
    Expired {
        /// When it did.
        expired_at: Millis,
    },
    /// The plan breaks rules.
    Violations {
        /// Each of them.
        violations: Vec<String>,
    },
    /// The plan passes the mandate's bounds.
    OutsideMandate {
        /// Each bound and what was found.
        outside: Vec<String>,
    },
    /// Guardrails denied it.
    Denied {
        /// Which, and why.
        reasons: Vec<String>,
    },
    /// More data would be set aside than the runbook's service level allows.
    LosesTooMuch {
        /// The resource.
        resource: ResourceName,
        /// Since when its data would be set aside.
        since: Millis,
        /// How much, in milliseconds, may be.
        may_lose_ms: u64,
    },
    /// One of those who could approve said no.
    TurnedDown {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// What it goes back to is older than the rules in force allow.
    PointTooOld {
        /// How old, in milliseconds.
        age_ms: u64,
        /// How old it may be at the most.
        limit_ms: u64,
    },
    /// The risk lies above every band.
    RiskTooHigh {
        /// The stage's.
        risk: u32,
        /// The highest that any band takes.
        limit: u32,
    },
}

impl fmt::Display for Refusal {
    /// The reason, without what to do about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { .. } => f.write_str("the mandate has expired"),
            Self::Violations { violations: lines }
            | Self::OutsideMandate { outside: lines }
            | Self::Denied { reasons: lines } => f.write_str(&lines.join("; ")),
            Self::LosesTooMuch { resource, may_lose_ms, .. } => {
                let hours = may_lose_ms / 3_600_000;
                write!(f, "{resource} would set aside more than the {hours} h of data that the runbook may lose")
            }
            Self::TurnedDown { by, reason } => write!(f, "{by} rejected it: {reason}"),
            Self::PointTooOld { age_ms, limit_ms } => {
                let hours = |ms: &u64| Grouped(ms / 3_600_000);
                write!(
                    f,
                    "what it goes back to is {} h old; the oldest allowed is {} h",
                    hours(age_ms),
                    hours(limit_ms)
                )
            }
            Self::RiskTooHigh { risk, limit } => write!(f, "risk {risk} is above every band: {limit} is the highest"),
        }
    }
}
