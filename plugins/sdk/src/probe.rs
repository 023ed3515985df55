//! Signals for checks.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::bindings::probe::exports::belay::plugin::probing;
use crate::{About, Context, Description, Fault, Host, Measurement, Pin, Reads, json, schema_of};

/// A signal that checks hold against a threshold.
pub trait Probe {
    /// What the probe is; usually `belay_sdk::about!()`.
    const ABOUT: About;
    /// What the runbook configures. The host adds `connections`: the names that the check may read.
    type Config: DeserializeOwned + JsonSchema;

    /// Measures now. `expected` is what the run restores of the resource that the check names, if it names one. No data
    /// is a measurement without a value, not a fault.
    fn measure(
        reads: &dyn Reads,
        moment: &Context,
        config: Self::Config,
        expected: Option<&Pin>,
    ) -> Result<Vec<Measurement>, Fault>;
}

impl<T: Probe> probing::Guest for T {
    fn describe() -> Description {
        T::ABOUT.describe(schema_of::<T::Config>(), "{}".to_owned())
    }

    fn measure(moment: Context, config: String, expected: Option<Pin>) -> Result<Vec<Measurement>, Fault> {
        T::measure(&Host, &moment, json::configured(&config, "the configuration")?, expected.as_ref())
    }
}
