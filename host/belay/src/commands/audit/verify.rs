//! `belay audit verify`.

use belay_runtime::api::{Ending, Error};

use crate::arguments::{Global, VerifyArguments};
use crate::output::Output;
use crate::render;

pub(super) fn perform(typed: &VerifyArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let request = typed.request()?;
    let answer = match &typed.path {
        Some(path) => belay_runtime::verify_path(path, &request)?,
        None => {
            let workspace = crate::place::workspace(global.workspace.as_deref())?;
            belay_runtime::verify_workspace(&workspace, &request)?
        }
    };
    output.answer("verification", &answer, render::audit::verify::page)?;
    Ok(if answer.sound { Ending::Done } else { Ending::Failed })
}
