//! `belay audit heartbeat`.

use std::time::Duration;

use belay_runtime::Runtime;
use belay_runtime::api::{Ending, Error};

use super::super::{clock, open};
use crate::arguments::{Global, HeartbeatArguments};
use crate::output::Output;
use crate::render;

pub(super) async fn perform(typed: &HeartbeatArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let every_ms = typed.every_ms()?;
    let runtime = open(global)?;
    let Some(pause_ms) = every_ms.filter(|_| !typed.once) else {
        beat(&runtime, every_ms, output).await?;
        return Ok(Ending::Done);
    };
    // The first one says from when on silence can be told.
    beat(&runtime, every_ms, output).await?;
    loop {
        let left = pause_ms.saturating_sub(runtime.quiet_ms()?);
        if left > 0 {
            tokio::time::sleep(Duration::from_millis(left)).await;
        } else {
            beat(&runtime, every_ms, output).await?;
        }
    }
}

async fn beat(runtime: &Runtime, every_ms: Option<u64>, output: Output) -> Result<(), Error> {
    let answer = runtime.heartbeat(every_ms).await?;
    output.answer("heartbeat", &answer, |answer| render::audit::heartbeat::page(answer, &clock()))
}
