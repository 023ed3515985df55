//! Connections: what the workspace says of each, and what each environment adds.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use belay_connect::{ConnectionSpec, Target};
use belay_domain::connection::{ConnectionKind, ConnectionRules, Criticality, WriteRule};
use belay_domain::id::ConnectionName;
use serde::Deserialize;

/// How long a lost write may still take to land, where a connection does not say.
const SETTLE_MS: u64 = 1_000;

/// How long a resource that was written is asked again where it can't be observed, where a connection does not say.
const CONFIRM_WITHIN: Duration = Duration::from_secs(10);

/// `[connection.NAME]`: the keys that every kind has; the rest is the target's own.
#[derive(Clone, Deserialize)]
pub(super) struct ConnectionTable {
    kind: ConnectionKind,
    #[serde(default)]
    writes: Vec<WriteRule>,
    #[serde(default)]
    criticality: Criticality,
    #[serde(default, with = "humantime_serde")]
    settle: Option<Duration>,
    #[serde(default = "confirm_within", with = "humantime_serde")]
    confirm_within: Duration,
    #[serde(flatten)]
    target: toml::Table,
}

const fn confirm_within() -> Duration {
    CONFIRM_WITHIN
}

/// A connection in an environment: the keys of the target there go before those of the workspace.
pub(super) fn resolve(
    root: &Path,
    name: &ConnectionName,
    base: &ConnectionTable,
    here: &toml::Table,
) -> Result<ConnectionSpec, String> {
    let keys = merged(base, here);
    let target = match base.kind {
        ConnectionKind::Dir => {
            let mut target: belay_connect::DirTarget = keys.try_into().map_err(|e| plain(&e))?;
            target.path = root.join(target.path);
            Target::Dir(target)
        }
        ConnectionKind::Http => {
            let target: belay_connect::HttpTarget = keys.try_into().map_err(|e| plain(&e))?;
            Target::Http(target.below(root))
        }
        ConnectionKind::Objects => {
            let target: belay_connect::ObjectsTarget = keys.try_into().map_err(|e| plain(&e))?;
            Target::Objects(target.below(root))
        }
        ConnectionKind::Redis => {
            let target: belay_connect::RedisTarget = keys.try_into().map_err(|e| plain(&e))?;
            Target::Redis(target.below(root))
        }
    };
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let settle_ms = base.settle.map_or(SETTLE_MS, ms);
    let rules = ConnectionRules {
        name: name.clone(),
        kind: base.kind,
        criticality: base.criticality,
        writes: base.writes.clone(),
        settle_ms,
    };
    let spec = ConnectionSpec { rules, target, confirm_within_ms: ms(base.confirm_within) };
    spec.check()?;
    Ok(spec)
}

/// The target's keys, those of the environment before those of the workspace.
pub(super) fn merged(base: &ConnectionTable, here: &toml::Table) -> toml::Table {
    let mut keys = base.target.clone();
    keys.extend(here.clone());
    keys
}

fn plain(error: &toml::de::Error) -> String {
    error.message().to_owned()
}

/// The tables of an environment's connections.
pub(super) type Overlays = BTreeMap<ConnectionName, toml::Spanned<toml::Table>>;
