//! What guardrails judge: one JSON document about one stage of one run. Bodies are named by their digest, never shown
//! whole, and no credential is in it.
//!
//! `wit/facts.schema.json` is its JSON Schema, generated from these types; `docs/facts.md` explains it.

mod gather;
mod pins;
mod stage;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use gather::Case;
pub use pins::{InputFacts, PinFacts};
pub use stage::{
    BodyFacts, LossFacts, OperationFacts, PartFacts, RampFacts, Reversibility, StageFacts, StepFacts, Wanted,
    WorkFacts, WriteKind,
};

/// The version of this document's shape. Fields may be added within a version; none change or go.
pub const SCHEMA: u32 = 1;

/// The JSON Schema (2020-12) of this document, as text.
pub const SCHEMA_TEXT: &str = include_str!("../../../wit/facts.schema.json");

/// One such document, laid out for people.
pub const EXAMPLE: &str = include_str!("../../../wit/facts.example.json");

/// What guardrails judge.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Facts {
    /// The version of this document's shape: 1.
    pub schema: u32,
    /// Where: `prod`.
    pub environment: String,
    /// Whether systems that people rely on are written, or a drill's.
    pub mode: Mode,
    /// Why the run is made.
    pub purpose: Purpose,
    /// The moment of the plan.
    pub now: Moment,
    /// Who asked for the run: the operating system's user.
    pub requester: String,
    /// The incident that it is about: `INC-4211`.
    pub incident: Option<String>,
    /// The recipe.
    pub runbook: RunbookFacts,
    /// What is rolled back.
    pub feature_set: FeatureSetFacts,
    /// What people asked to go back to.
    pub destination: DestinationFacts,
    /// The names of all the run's stages, in order; `stage.index` says which one this is.
    pub stages: Vec<String>,
    /// The stage that is judged.
    pub stage: StageFacts,
    /// The names of the resources that the run skipped until now, because a system is down: they stay as they are.
    pub skipped: Vec<String>,
    /// What else depends on what the stage writes.
    pub lineage: Lineage,
    /// The states that the run goes back to, in all its stages; resources whose attributes are set have none here.
    pub pins: Vec<PinFacts>,
    /// The names of the resources that the stage would take back into a content that is quarantined.
    pub quarantined: Vec<String>,
    /// What surrounds the run.
    pub around: AroundFacts,
}

/// What surrounds a run: others that are in flight, and what its runbook did before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AroundFacts {
    /// How many other runs on the same feature set, in the same environment, have not ended.
    pub runs_on_set: u64,
    /// The same, on other feature sets.
    pub runs_elsewhere: u64,
    /// What the runbook did on this feature set before.
    pub record: Record,
}

/// What a runbook did on a feature set before, in whatever environment; the best first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// As it is now, it restored the set the last time; or the run is an undo.
    Proven,
    /// It restored the set the last time, and was changed since.
    Changed,
    /// It never ran on the set.
    Untried,
    /// Its last run on the set failed.
    WentBadly,
}

/// Whether it is for real.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Systems that people rely on.
    Live,
    /// A drill.
    Drill,
}

/// Why the run is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Back to what people named.
    Rollback,
    /// Back to what an earlier run had found.
    Undo,
}

/// A moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Moment {
    /// Milliseconds since 1970 UTC.
    pub ms: u64,
    /// The day of the week in UTC.
    pub weekday: Weekday,
    /// The hour in UTC, 0 to 23.
    pub hour: u32,
    /// The minute, 0 to 59.
    pub minute: u32,
}

/// A day of the week.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// The recipe.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunbookFacts {
    /// Its name.
    pub name: String,
    /// Its SHA-256.
    pub digest: String,
}

/// What is rolled back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FeatureSetFacts {
    /// Its name.
    pub name: String,
    /// The team that owns it.
    pub owner: String,
    /// How much rests on it.
    pub tier: Tier,
    /// Who uses it.
    pub consumers: Vec<ConsumerFacts>,
    /// How many resources it has.
    pub resources: u64,
}

/// Who uses the feature set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ConsumerFacts {
    /// Its name.
    pub name: String,
    /// How much rests on it.
    pub tier: Tier,
}

/// How much rests on something, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Nobody's work stops.
    Experimental,
    /// The usual.
    Standard,
    /// Users notice.
    Important,
    /// The business stops.
    Critical,
}

/// What people asked to go back to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DestinationFacts {
    /// A rollback point.
    Point {
        /// Its name: `rp-0412`.
        id: String,
        /// The SHA-256 of its manifest.
        digest: String,
        /// When it was captured, in milliseconds since 1970 UTC.
        captured_at: u64,
        /// How old it is, in milliseconds.
        age_ms: u64,
    },
    /// The states at a moment.
    Before {
        /// The moment, in milliseconds since 1970 UTC.
        at: u64,
    },
    /// States named one by one.
    Versions {
        /// Which.
        versions: Vec<NamedVersion>,
    },
    /// What an earlier run had found.
    UndoPoint {
        /// The run: `r-77`.
        run: String,
        /// The SHA-256 of its manifest.
        digest: String,
    },
}

/// A state that people named.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NamedVersion {
    /// The resource.
    pub resource: String,
    /// The version's label.
    pub version: String,
}

/// What depends on what the stage writes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Lineage {
    /// The set's resources that are made from what the stage writes, directly or through others.
    pub downstream: Vec<DownstreamFacts>,
}

/// A resource that is made from what the stage writes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DownstreamFacts {
    /// The resource's name.
    pub resource: String,
    /// Whether a stage of this run restores it.
    pub restored: bool,
}
