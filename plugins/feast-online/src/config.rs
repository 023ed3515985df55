//! Which values are looked at.

use std::collections::BTreeSet;

use belay_sdk::{Fault, Reads, Resource};
use feast_sidecar::{Entity, Sidecar, Window};
use schemars::JsonSchema;
use serde::Deserialize;

/// The sidecar's bound for one request.
const MOST_ENTITIES: usize = 1_000;
/// A hundred years: a window's start stays a moment.
const MOST_DAYS: u32 = 36_525;
const MS_IN_DAY: u64 = 86_400_000;

/// How the values of one feature view are restored. Its id is the view's name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-belay-plans-from-upstream" = true))]
pub struct Config {
    /// The entities whose values are compared, each by its keys as text: `[{ user_id = "1" }]`. Take some that matter
    /// and some at random.
    pub entities: Vec<Entity>,
    /// How many days before the point rows of the batch source count.
    #[serde(default = "month")]
    pub days: u32,
}

const fn month() -> u32 {
    30
}

/// The configured values behind their sidecar.
pub(crate) struct Values<'a> {
    pub(crate) sidecar: Sidecar<'a>,
    pub(crate) entities: &'a [Entity],
    days: u32,
}

impl<'a> Values<'a> {
    /// The values of a resource; nonsense in its configuration is named.
    pub(crate) fn of(reads: &'a dyn Reads, resource: &'a Resource<Config>) -> Result<Self, Fault> {
        let Config { entities, days } = &resource.config;
        let invalid = |why: String| Err(Fault::Invalid(why));
        if entities.is_empty() || entities.len() > MOST_ENTITIES {
            return invalid(format!("`entities` has {}; it takes 1 to {MOST_ENTITIES}", entities.len()));
        }
        if entities.iter().collect::<BTreeSet<_>>().len() != entities.len() {
            return invalid("`entities` names one of them twice".to_owned());
        }
        if *days == 0 || *days > MOST_DAYS {
            return invalid(format!("`days` is {days}; it takes 1 to {MOST_DAYS}"));
        }
        let sidecar = Sidecar::about(reads, &resource.connection, &resource.id)?;
        Ok(Self { sidecar, entities, days: *days })
    }

    /// The rows of the batch source that count for what was there at a moment, in milliseconds since 1970 UTC.
    pub(crate) fn window(&self, end: u64) -> Window {
        Window { start: end.saturating_sub(u64::from(self.days) * MS_IN_DAY), end }
    }
}
