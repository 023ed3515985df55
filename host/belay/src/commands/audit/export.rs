//! `belay audit export`.

use belay_runtime::api::{Ending, Error};
use jiff::Zoned;

use super::super::open;
use crate::arguments::{ExportArguments, Global};
use crate::output::Output;
use crate::render;

pub(super) fn perform(typed: &ExportArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let request = typed.request(&Zoned::now())?;
    let answer = open(global)?.export(&request, &typed.output)?;
    output.answer("evidence", &answer, |answer| render::audit::export::page(answer, &typed.output))?;
    Ok(Ending::Done)
}
