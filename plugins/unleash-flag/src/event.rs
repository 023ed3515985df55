//! What happened to a flag, and how it was before that. Unleash keeps what each event replaced.

use belay_sdk::Fault;
use jiff::Timestamp;
use serde::Deserialize;

use crate::flag::Flag;
use crate::server::Found;
use crate::strategy::Placed;

/// Something that happened to a flag in one environment.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) id: u64,
    #[serde(rename = "type")]
    kind: String,
    pub(crate) created_by: Option<String>,
    created_at: Timestamp,
    data: Option<serde_json::Value>,
    pre_data: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    strategy_ids: Vec<String>,
}

/// What changes a flag in an environment. Others, such as a change that waits for its review, change nothing yet.
const CHANGES: [&str; 6] = [
    "feature-environment-enabled",
    "feature-environment-disabled",
    "feature-strategy-add",
    "feature-strategy-update",
    "feature-strategy-remove",
    "strategy-order-changed",
];

impl Event {
    /// Whether clients are served another flag since.
    pub(crate) fn is_served(&self) -> bool {
        CHANGES.contains(&self.kind.as_str())
    }

    /// When, in milliseconds since 1970 UTC.
    pub(crate) fn at(&self) -> u64 {
        u64::try_from(self.created_at.as_millisecond()).unwrap_or_default()
    }

    /// The flag as it was before this event. `earlier` are the events before it, the latest first.
    pub(crate) fn undone(&self, flag: &Flag, earlier: &[Self]) -> Result<Flag, Fault> {
        let mut before = flag.clone();
        match self.kind.as_str() {
            "feature-environment-enabled" => before.enabled = false,
            "feature-environment-disabled" => before.enabled = true,
            "feature-strategy-add" => {
                self.take(&mut before, &self.read::<Found>(self.data.as_ref())?.id)?;
            }
            "feature-strategy-update" => {
                let replaced = self.read::<Found>(self.pre_data.as_ref())?;
                self.take(&mut before, &replaced.id)?;
                before.strategies.push(replaced.into());
            }
            "feature-strategy-remove" => {
                before.strategies.push(self.removed(earlier)?.into());
            }
            "strategy-order-changed" => {
                let order = self.read::<Order>(self.pre_data.as_ref())?.strategy_ids;
                for placed in &mut before.strategies {
                    placed.place = self.position(&order, placed)?;
                }
            }
            other => {
                return Err(Fault::Unsupported(format!(
                    "what the flag was before event {} can't be told: it is a `{other}`",
                    self.id
                )));
            }
        }
        Ok(Flag::new(before.enabled, before.strategies))
    }

    fn take(&self, from: &mut Flag, id: &str) -> Result<(), Fault> {
        let count = from.strategies.len();
        from.strategies.retain(|placed| placed.id.as_deref() != Some(id));
        if from.strategies.len() == count {
            return Err(self.unclear(&format!("the strategy {id} is not where it left it")));
        }
        Ok(())
    }

    /// The strategy that this event removed. Unleash writes such events without segments, so those come from the event
    /// that set them last.
    fn removed(&self, earlier: &[Self]) -> Result<Found, Fault> {
        let mut removed = self.read::<Found>(self.pre_data.as_ref())?;
        let mut written = earlier.iter().filter_map(|event| event.read::<Found>(event.data.as_ref()).ok());
        match written.find(|found| found.id == removed.id) {
            Some(last) => removed.segments = last.segments,
            None => return Err(self.unclear("nothing tells which segments the strategy had that it removed")),
        }
        Ok(removed)
    }

    fn position(&self, order: &[String], placed: &Placed) -> Result<i64, Fault> {
        let found = order.iter().position(|id| placed.id.as_ref() == Some(id));
        found
            .and_then(|position| i64::try_from(position).ok())
            .ok_or_else(|| self.unclear("it put other strategies in order than there were"))
    }

    fn read<T: serde::de::DeserializeOwned>(&self, value: Option<&serde_json::Value>) -> Result<T, Fault> {
        serde_json::from_value(value.cloned().unwrap_or_default()).map_err(|error| self.unclear(&error.to_string()))
    }

    fn unclear(&self, why: &str) -> Fault {
        Fault::Unexpected(format!("event {} ({}): {why}", self.id, self.kind))
    }
}
