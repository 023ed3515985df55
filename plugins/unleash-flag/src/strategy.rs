//! One strategy: a way in which a flag decides who gets it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The strategy that deals callers out by percentage.
const GRADUAL: &str = "flexibleRollout";

/// A strategy as belay compares it. Its id is no part of it: one that is made again has another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Strategy {
    /// Its kind: `flexibleRollout`, `default`.
    pub(crate) name: String,
    /// What people call it.
    #[serde(default)]
    pub(crate) title: Option<String>,
    /// Whether it is left out when the flag is evaluated.
    #[serde(default)]
    pub(crate) disabled: bool,
    #[serde(default)]
    pub(crate) parameters: Map<String, Value>,
    #[serde(default)]
    pub(crate) constraints: Vec<Value>,
    /// The segments' ids, ascending.
    #[serde(default)]
    pub(crate) segments: Vec<u64>,
    #[serde(default)]
    pub(crate) variants: Vec<Value>,
}

impl Strategy {
    /// The share that gets the flag, in percent, where it says one as a whole number.
    pub(crate) fn rollout(&self) -> Option<u8> {
        let share = self.parameters.get("rollout").filter(|_| self.name == GRADUAL)?;
        share.as_str()?.parse().ok().filter(|percent| *percent <= 100)
    }

    /// The same with another share. Unleash keeps parameters as text.
    pub(crate) fn with_rollout(&self, percent: u8) -> Self {
        let mut changed = self.clone();
        changed.parameters.insert("rollout".to_owned(), Value::String(percent.to_string()));
        changed
    }

    /// Whether it narrows whom it is for, beyond its share.
    pub(crate) fn is_constrained(&self) -> bool {
        !self.constraints.is_empty() || !self.segments.is_empty()
    }

    /// For people: `flexibleRollout 25 %`.
    pub(crate) fn label(&self) -> String {
        let share = self.rollout().map(|percent| format!(" {percent} %")).unwrap_or_default();
        let title = self.title.as_deref().filter(|title| !title.is_empty());
        let title = title.map(|title| format!(" `{title}`")).unwrap_or_default();
        format!("{}{share}{title}", self.name)
    }
}

/// A strategy in its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Placed {
    /// Unleash's name for it; nothing for one that a planned write makes.
    pub(crate) id: Option<String>,
    /// Strategies are evaluated from the smallest.
    pub(crate) place: i64,
    pub(crate) strategy: Strategy,
}
