//! `belay keys`.

use belay_runtime::api::{Ending, Error};

use super::open;
use crate::arguments::{Global, KeysCommand};
use crate::output::Output;
use crate::render;

pub(super) fn perform(command: KeysCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    match command {
        KeysCommand::Show => output.answer("keys", &runtime.keys()?, render::keys::list)?,
        KeysCommand::Rotate { reason } => {
            output.answer("key.rotated", &runtime.rotate_key(reason)?, render::keys::rotated)?;
        }
        KeysCommand::Compromised(typed) => {
            output.answer("key.compromised", &runtime.key_compromised(typed.into())?, render::keys::compromised)?;
        }
    }
    Ok(Ending::Done)
}
