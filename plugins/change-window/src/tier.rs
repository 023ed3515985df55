//! How much rests on a feature set.

use schemars::JsonSchema;
use serde::Deserialize;

/// A tier, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tier {
    /// Nobody's work stops.
    Experimental,
    /// The usual.
    Standard,
    /// Users notice.
    Important,
    /// The business stops.
    Critical,
}
