//! `belay quarantine`.

use belay_runtime::api::{Ending, Error};

use super::open;
use crate::arguments::{Global, QuarantineCommand};
use crate::output::Output;
use crate::render;

pub(super) async fn perform(command: QuarantineCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    match command {
        QuarantineCommand::List { env } => {
            let found = runtime.quarantined(env.as_ref())?;
            output.answer("quarantine", &found, |found| render::quarantine::list(found))?;
        }
        QuarantineCommand::Lift { word, env, reason } => {
            let lifted = runtime.lift_quarantine(&word, env.as_ref(), &reason).await?;
            output.answer("quarantine.lifted", &lifted, |lifted| render::quarantine::lifted(lifted))?;
        }
    }
    Ok(Ending::Done)
}
