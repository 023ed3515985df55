//! `belay audit show`.

use belay_runtime::api::{Ending, Error};

use super::super::{clock, open};
use crate::arguments::{Global, ShowArguments};
use crate::output::Output;
use crate::render;

pub(super) fn perform(typed: &ShowArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let answer = open(global)?.entry(typed.entry)?;
    if let Some(file) = &typed.proof {
        std::fs::write(file, answer.proof_text())
            .map_err(|error| Error::failed(format!("{}: {error}", file.display())).changed("no proof was written"))?;
    }
    output.answer("entry", &answer, |answer| render::audit::show::page(answer, &clock()))?;
    Ok(Ending::Done)
}
