//! `belay audit replay`.

use belay_runtime::api::{Ending, Error};

use super::super::open;
use crate::arguments::{Global, ReplayArguments};
use crate::output::Output;
use crate::render;

pub(super) fn perform(typed: ReplayArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let answer = open(global)?.replay(&typed.into())?;
    output.answer("replay", &answer, render::audit::replay::page)?;
    Ok(if answer.is_faithful() { Ending::Done } else { Ending::Failed })
}
