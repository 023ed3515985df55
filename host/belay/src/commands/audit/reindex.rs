//! `belay audit reindex`.

use belay_runtime::api::{Ending, Error};

use super::super::open;
use crate::arguments::Global;
use crate::output::Output;
use crate::render;

pub(super) fn perform(global: &Global, output: Output) -> Result<Ending, Error> {
    let answer = open(global)?.reindex()?;
    output.answer("reindexed", &answer, render::audit::log::reindexed)?;
    Ok(Ending::Done)
}
