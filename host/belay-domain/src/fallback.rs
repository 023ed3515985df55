//! What a run may do once a stage or a check of it failed: part of its mandate, so that it is judged and signed with the
//! rest. Never says that something failed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{ResourceName, RunbookName, StageName};
use crate::json::{Json, MAX_INTEGER};
use crate::mandate::{Bounds, Named, Wanted};
use crate::operation::Reversibility;
use crate::skip::Skips;

/// What a run may do once a stage or a check of it failed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fallback {
    /// Halt, or end.
    #[default]
    Halt,
    /// Put back what it wrote, to what its permitted plans had found.
    Undo(UndoBounds),
    /// Go on with the stages of another runbook.
    Runbook(Box<Alternate>),
}

/// What undoing may do, in each of its stages. It can't be planned before there is something to undo.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UndoBounds {
    /// The worst reversibility of any write.
    pub worst: Reversibility,
    /// The highest risk. Whether it needs approval is for the bands to say.
    pub highest_risk: u32,
}

/// Another runbook's part of a mandate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alternate {
    /// The recipe, by its digest.
    pub runbook: Named<RunbookName>,
    /// Its parameters: their defaults.
    pub parameters: BTreeMap<String, Json>,
    /// What is wanted of each resource.
    pub desired: BTreeMap<ResourceName, Wanted>,
    /// What may be left as it is where its system is down.
    pub may_skip: Skips,
    /// What each stage may do at the most.
    pub stages: Vec<Bounds>,
}

impl UndoBounds {
    /// The bounds of a stage that undoes another.
    pub fn of_stage(&self, stage: StageName) -> Bounds {
        Bounds {
            stage,
            worst: Some(self.worst),
            highest_risk: self.highest_risk,
            most_touches: MAX_INTEGER.unsigned_abs(),
            most_rows_set_aside: BTreeMap::new(),
        }
    }
}
