//! The host's clock. The only place that asks what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use belay_domain::id::Millis;

/// Now. Clocks step back: nothing rests on two readings being in order.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
