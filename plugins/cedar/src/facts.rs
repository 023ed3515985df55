//! The facts, as far as policies in Cedar are told of them. The rest is ignored: facts grow, and Cedar's schemas don't.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(crate) struct Facts {
    pub(crate) environment: String,
    pub(crate) mode: String,
    pub(crate) purpose: Purpose,
    pub(crate) now: Moment,
    pub(crate) requester: String,
    pub(crate) incident: Option<String>,
    pub(crate) runbook: Runbook,
    pub(crate) feature_set: FeatureSet,
    pub(crate) destination: Destination,
    pub(crate) stages: BTreeSet<String>,
    pub(crate) stage: Stage,
    pub(crate) skipped: BTreeSet<String>,
    pub(crate) lineage: Lineage,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    Rollback,
    Undo,
}

/// Told as it is.
#[derive(Deserialize, Serialize)]
pub(crate) struct Moment {
    pub(crate) ms: i64,
    weekday: String,
    hour: u32,
    minute: u32,
}

#[derive(Deserialize)]
pub(crate) struct Runbook {
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct FeatureSet {
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) tier: Tier,
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) resources: i64,
}

#[derive(Deserialize)]
pub(crate) struct Consumer {
    pub(crate) name: String,
    pub(crate) tier: Tier,
}

/// In rising order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tier {
    Experimental,
    Standard,
    Important,
    Critical,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Destination {
    Point { id: String, age_ms: i64 },
    Before { at: i64 },
    Versions {},
    UndoPoint { run: String },
}

#[derive(Deserialize)]
pub(crate) struct Stage {
    pub(crate) index: i64,
    pub(crate) name: String,
    pub(crate) risk: i64,
    pub(crate) worst: Option<Reversibility>,
    pub(crate) touches: i64,
    pub(crate) resources: BTreeSet<String>,
    pub(crate) steps: Vec<Step>,
    pub(crate) operations: Vec<Operation>,
}

/// From the best on.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reversibility {
    Reversible,
    Recoverable,
    Irreversible,
}

#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) work: Work,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Work {
    Change { loss: Option<Loss> },
    Nothing {},
    Blind {},
    Manual {},
}

#[derive(Deserialize)]
pub(crate) struct Loss {
    pub(crate) changes: i64,
    pub(crate) rows: Option<i64>,
}

#[derive(Deserialize)]
pub(crate) struct Operation {
    pub(crate) connection: String,
    pub(crate) plugin: String,
}

#[derive(Deserialize)]
pub(crate) struct Lineage {
    pub(crate) downstream: Vec<Downstream>,
}

#[derive(Deserialize)]
pub(crate) struct Downstream {
    pub(crate) resource: String,
    pub(crate) restored: bool,
}
