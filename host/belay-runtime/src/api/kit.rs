//! Recorded cases, and what a guardrail would have said to them.

use std::path::PathBuf;

use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, Millis, PluginName, RunId};
use belay_domain::json::Json;
use belay_domain::verdict::Judgement;
use serde::{Deserialize, Serialize};

use super::GuardrailFailure;

/// One stage as guardrails once judged it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordedCase {
    /// The entry of the first call that judged it.
    pub entry: u64,
    /// When.
    pub at: Millis,
    /// Where.
    pub environment: Option<EnvironmentName>,
    /// The run; absent for a plan that was only shown.
    pub run: Option<RunId>,
    /// The stage's name; absent where the facts were redacted.
    pub stage: Option<String>,
    /// What the guardrails were given; absent where that was redacted.
    pub facts: Option<Json>,
    /// What each of them said.
    pub said: Vec<RecordedVerdict>,
}

/// What a guardrail said to a recorded case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordedVerdict {
    /// Which.
    pub plugin: PluginName,
    /// Its component.
    pub digest: Digest,
    /// Its configuration.
    pub config: Json,
    /// `allow`, `deny`, `needs_approvals`, or `failed`.
    pub verdict: VerdictWord,
    /// Why, for people.
    pub reasons: Vec<String>,
}

/// A verdict in one word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictWord {
    /// It was not asked.
    NotAsked,
    /// It may go on.
    Allow,
    /// Once people have approved.
    NeedsApprovals,
    /// It may not.
    Deny,
    /// No verdict, which denies.
    Failed,
}

impl VerdictWord {
    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotAsked => "not asked",
            Self::Allow => "allow",
            Self::NeedsApprovals => "asks for approvals",
            Self::Deny => "deny",
            Self::Failed => "no verdict, so deny",
        }
    }

    /// Whether a stage is judged otherwise by the one than by the other: who is not asked bars nothing, who fails
    /// denies.
    pub const fn differs_from(self, other: Self) -> bool {
        self.weight() != other.weight()
    }

    const fn weight(self) -> u8 {
        match self {
            Self::NotAsked | Self::Allow => 0,
            Self::NeedsApprovals => 1,
            Self::Deny | Self::Failed => 2,
        }
    }
}

/// Which recorded cases to judge again, and by what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BacktestRequest {
    /// The component.
    pub component: PathBuf,
    /// Cases since then.
    pub since: Millis,
    /// Its configuration; without one, that of `belay.toml`'s guardrail of its name, or `{}`.
    pub config: Option<Json>,
    /// Whether plans that were only shown count too.
    pub plans: bool,
}

/// What a guardrail would have said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Backtest {
    /// What the component calls itself.
    pub plugin: String,
    /// The component.
    pub digest: Digest,
    /// How `belay.toml` has a guardrail of that name now.
    pub mode: GuardrailMode,
    /// The configuration that was used.
    pub config: Json,
    /// Since when.
    pub since: Millis,
    /// How many cases there are.
    pub cases: u64,
    /// How many of them were redacted and can't be judged again.
    pub redacted: u64,
    /// How many of the others it would allow.
    pub allow: u64,
    /// How many it would want approved.
    pub needs_approvals: u64,
    /// How many it would deny.
    pub deny: u64,
    /// To how many it would have no verdict.
    pub failed: u64,
    /// The cases to which the verdict would be another, the oldest first.
    pub changed: Vec<ChangedVerdict>,
}

/// How a guardrail stands in `belay.toml`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardrailMode {
    /// It binds.
    Enforce,
    /// It is shown.
    Monitor,
    /// It is not there.
    Absent,
}

/// A case to which the verdict would be another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChangedVerdict {
    /// The entry of the recorded case.
    pub entry: u64,
    /// When.
    pub at: Millis,
    /// Where.
    pub environment: Option<EnvironmentName>,
    /// The run.
    pub run: Option<RunId>,
    /// The stage.
    pub stage: String,
    /// What the guardrail of this name said then.
    pub before: VerdictWord,
    /// What it would say.
    pub after: VerdictWord,
    /// Why.
    pub reasons: Vec<String>,
}

/// A guardrail asked about facts, outside any run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TriedVerdict {
    /// About what: `r-77, stage restore`, or a file.
    pub about: String,
    /// The verdict in one word.
    pub verdict: VerdictWord,
    /// What it said, where it did.
    pub judgement: Option<Judgement>,
    /// Why it did not.
    pub failed: Option<GuardrailFailure>,
    /// Its log.
    pub log: Vec<String>,
    /// Fuel burnt.
    pub fuel: u64,
    /// Bytes of linear memory.
    pub memory_bytes: u64,
    /// Microseconds. Not reproducible.
    pub took_us: u64,
}

/// What guardrails are given about one stage now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StageFacts {
    /// The stage's name.
    pub stage: String,
    /// The facts; absent where the plan breaks belay's own rules and is judged by nobody.
    pub facts: Option<Json>,
}
