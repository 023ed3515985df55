//! What guardrails judge: one JSON document about one stage of one run. Bodies are named by their digest, never shown
//! whole, and no credential is in it.
//!
//! `docs/facts.md` has its JSON Schema, generated from these types, and an example.

mod gather;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use gather::Case;

/// The version of this document's shape. Fields may be added within a version; none change or go.
pub const SCHEMA: u32 = 1;

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
    /// What else depends on what the stage writes.
    pub lineage: Lineage,
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

/// The stage that is judged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StageFacts {
    /// Its place in the run, from 0.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// The plan's SHA-256.
    pub plan: String,
    /// Its risk before guardrails add to it, 0 to 100.
    pub risk: u32,
    /// What the risk is made of, the largest first.
    pub parts: Vec<PartFacts>,
    /// The worst reversibility of its writes; null where nothing is written.
    pub worst: Option<Reversibility>,
    /// How many things its writes touch together.
    pub touches: u64,
    /// The names of the resources that it writes.
    pub resources: Vec<String>,
    /// Its steps, in order.
    pub steps: Vec<StepFacts>,
    /// Its writes, in order.
    pub operations: Vec<OperationFacts>,
}

/// One cause of risk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PartFacts {
    /// For people: `2 consumers`.
    pub cause: String,
    /// Points.
    pub score: u32,
}

/// How a write can be taken back, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reversibility {
    /// A later run can undo it completely.
    Reversible,
    /// With effort or from elsewhere.
    Recoverable,
    /// Not at all.
    Irreversible,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StepFacts {
    /// Its place in the stage, from 0.
    pub step: u32,
    /// The resource's name; null for a person's step.
    pub resource: Option<String>,
    /// Where the resource lives: `registry/ranker@champion`.
    pub at: Option<String>,
    /// The plugin that planned the step.
    pub plugin: Option<String>,
    /// What the step would do.
    pub work: WorkFacts,
}

/// What a step would do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WorkFacts {
    /// Write.
    Change {
        /// The version found.
        from: String,
        /// What is wanted.
        to: Wanted,
        /// What is set aside by going back; null where it can't be measured.
        loss: Option<LossFacts>,
        /// What the plugin says about it.
        notes: Vec<String>,
    },
    /// Nothing: the resource is as wanted.
    Nothing {
        /// The version found.
        found: String,
    },
    /// Nothing yet: the resource could not be observed or planned.
    Blind {
        /// Why.
        reason: String,
    },
    /// Wait for a person.
    Manual {
        /// What the person does.
        instruction: String,
    },
}

/// What a step wants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A pinned state.
    Pinned {
        /// Its version's label.
        version: String,
        /// The SHA-256 of its content.
        content: String,
    },
    /// Attributes: an object.
    Attributes(
        #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, serde_json::Value>"))] crate::json::Json,
    ),
}

/// Later data that the resource no longer shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LossFacts {
    /// Since when, in milliseconds since 1970 UTC.
    pub since: u64,
    /// How many changes.
    pub changes: u64,
    /// How many rows, where it can be told.
    pub rows: Option<u64>,
}

/// One write.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OperationFacts {
    /// Its step's place in the stage, from 0.
    pub step: u32,
    /// Its place in the step, from 0.
    pub index: u32,
    /// The resource that it changes.
    pub resource: String,
    /// The plugin that proposed it.
    pub plugin: String,
    /// The connection that it goes through.
    pub connection: String,
    /// What it is.
    pub kind: WriteKind,
    /// `METHOD path` for HTTP, `PUT key` or `DELETE key` for objects.
    pub line: String,
    /// For people.
    pub summary: String,
    /// The object written, as the host names it.
    pub object: String,
    /// How it can be taken back, as the host sees it.
    pub reversibility: Reversibility,
    /// How many things it touches, as the host sees it.
    pub touches: u64,
    /// Performing it again does no more harm.
    pub repeat_is_safe: bool,
    /// The system itself does not notice a change in between.
    pub unguarded_by_system: bool,
    /// What it sends; null for a deletion of an object.
    pub body: Option<BodyFacts>,
}

/// What a write is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WriteKind {
    /// An HTTP request.
    Http,
    /// Named bytes in a directory or an object store.
    Object,
}

/// Bytes by their digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BodyFacts {
    /// Their SHA-256.
    pub sha256: String,
    /// How many.
    pub bytes: u64,
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
