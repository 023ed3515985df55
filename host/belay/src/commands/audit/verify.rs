//! `belay audit verify`.

use belay_runtime::api::{Ending, Error};

use crate::arguments::{Global, VerifyArguments};
use crate::output::Output;
use crate::render;

pub(super) fn perform(typed: &VerifyArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let answer = match &typed.folder {
        Some(folder) => belay_runtime::verify_directory(folder)?,
        None => belay_runtime::verify_workspace(&crate::place::workspace(global.workspace.as_deref())?)?,
    };
    output.answer("verification", &answer, render::audit::verify::page)?;
    Ok(if answer.sound { Ending::Done } else { Ending::Failed })
}
