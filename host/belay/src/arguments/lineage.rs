//! `belay impact`, `belay features` and `belay gate`.

use belay_domain::id::{EnvironmentName, FeatureSetName, Millis};
use belay_runtime::api::Error;
use clap::Args;
use jiff::Zoned;

use super::moment;

/// `belay features`.
#[derive(Args, Debug)]
pub(crate) struct FeaturesArguments {
    /// Of this feature set; without it, of all
    pub feature_set: Option<FeatureSetName>,
    /// Where; needed unless the workspace has only one environment
    #[arg(long, value_name = "NAME")]
    pub env: Option<EnvironmentName>,
    /// When: 02:10 (the last one past), or RFC 3339; without it, now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

impl FeaturesArguments {
    /// The moment, seen from now.
    pub(crate) fn moment(&self, now: &Zoned) -> Result<Millis, Error> {
        match &self.at {
            Some(text) => moment::past(text, now).map_err(|reason| Error::usage(format!("--at: {reason}"))),
            None => Ok(Millis(u64::try_from(now.timestamp().as_millisecond()).unwrap_or_default())),
        }
    }
}

/// `belay gate`.
#[derive(Args, Debug)]
pub(crate) struct GateArguments {
    /// The feature set
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub feature_set: Option<FeatureSetName>,
    /// Every feature set, in every environment unless one is named
    #[arg(long)]
    pub all: bool,
    /// Where; needed unless the workspace has only one environment
    #[arg(long, value_name = "NAME")]
    pub env: Option<EnvironmentName>,
}
