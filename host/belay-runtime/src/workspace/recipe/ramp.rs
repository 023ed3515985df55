//! `ramp = { … }` in a step: one attribute through several values. Reads it; whether the plugin knows the attribute is
//! for the lint.

use std::ops::Range;
use std::time::Duration;

use belay_domain::runbook::{Parameter, RampRecipe};
use serde::Deserialize;

use super::{Reader, millis};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RampTable {
    attribute: String,
    through: Vec<toml::Value>,
    #[serde(with = "humantime_serde")]
    hold: Duration,
    #[serde(default = "yes")]
    checks: bool,
}

const fn yes() -> bool {
    true
}

impl Reader<'_> {
    /// None where it can't be gone; then a problem says why.
    pub(super) fn ramp(
        &mut self,
        span: &Range<usize>,
        table: RampTable,
        parameters: &[Parameter],
    ) -> Option<RampRecipe> {
        if table.through.is_empty() {
            self.problem(span.clone(), "the ramp's `through` is empty: it names at least the value to end with");
            return None;
        }
        if table.through.windows(2).any(|pair| matches!(pair, [one, next] if one == next)) {
            self.problem(span.clone(), "the ramp's `through` names a value twice in a row");
        }
        let through = table.through.into_iter().map(|value| self.setting(span, value, parameters));
        let through = through.collect::<Option<Vec<_>>>()?;
        Some(RampRecipe { attribute: table.attribute, through, hold_ms: millis(table.hold), checks: table.checks })
    }
}
