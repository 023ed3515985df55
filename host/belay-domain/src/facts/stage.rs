//! The facts about the stage itself: its risk, its steps and its writes.

use serde::{Deserialize, Serialize};

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
        /// How what is wanted is reached, where that is by parts; null where it is not.
        ramp: Option<RampFacts>,
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
        /// Whether that is because its system is down.
        system_down: bool,
    },
    /// Wait for a person.
    Manual {
        /// What the person does.
        instruction: String,
    },
}

/// An attribute that is taken through several values.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RampFacts {
    /// The attribute.
    pub attribute: String,
    /// All its values, in order.
    #[cfg_attr(test, schemars(with = "Vec<serde_json::Value>"))]
    pub through: Vec<crate::json::Json>,
    /// The place in `through` of the first value that is still to be set, from 0.
    pub next: u32,
    /// How long each value but the last is held, in milliseconds.
    pub hold_ms: u64,
    /// Whether the runbook's checks must pass after each hold.
    pub checks: bool,
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
    /// The part of its step's ramp that it belongs to, from 0; null where the step has none.
    pub part: Option<u32>,
    /// The resource that it changes.
    pub resource: String,
    /// The plugin that proposed it.
    pub plugin: String,
    /// The connection that it goes through.
    pub connection: String,
    /// What it is.
    pub kind: WriteKind,
    /// `METHOD path` for HTTP, `PUT key` or `DELETE key` for objects; for keys `SET key`, `DEL key`, `HSET key field`,
    /// `HDEL key field` or `UNLINK prefix*`, with whatever is not printable ASCII as `%` and two hex digits.
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
    /// What it sends; null for a deletion of an object or of keys.
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
    /// Keys in a key-value store.
    Keyvalue,
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
