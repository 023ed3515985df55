//! `belay guard`.

use std::path::Path;

use belay_domain::id::Millis;
use belay_domain::json::Json;
use belay_runtime::api::{BacktestRequest, Ending, Error};
use jiff::Timestamp;

use super::{clock, open};
use crate::arguments::{Global, GuardCommand};
use crate::output::Output;
use crate::render;

pub(super) async fn perform(command: GuardCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    match command {
        GuardCommand::Backtest { component, since, config, plans } => {
            let config = config.as_deref().map(json).transpose()?;
            let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default();
            let since = Millis(now.saturating_sub(since));
            let found = open(global)?.backtest(BacktestRequest { component, since, config, plans }).await?;
            output.answer("guard.backtest", &found, |found| render::guard::backtest(found, &clock()))?;
            Ok(Ending::Done)
        }
    }
}

/// A JSON file that a guardrail can be given.
pub(super) fn json(file: &Path) -> Result<Json, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::usage(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    Json::parse(&text).map_err(|error| wrong(&error))
}
