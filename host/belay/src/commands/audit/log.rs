//! `belay audit log`.

use belay_runtime::api::{Ending, Error};

use super::super::{clock, open};
use crate::arguments::{Global, LogArguments};
use crate::output::Output;
use crate::render;

pub(super) fn perform(typed: LogArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let lines = open(global)?.log(typed.into())?;
    if output.is_json() {
        lines.iter().try_for_each(|line| output.line("entry", line))?;
    } else {
        output.page(&render::audit::log::page(&lines, &clock()))?;
    }
    Ok(Ending::Done)
}
