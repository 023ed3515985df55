//! `belay runbook`.

use belay_runtime::api::{Ending, Error};

use super::{clock, open};
use crate::arguments::{Global, RunbookCommand};
use crate::output::Output;
use crate::render;

pub(super) fn perform(command: RunbookCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let list = |runbooks: &Vec<_>| render::runbook::list(runbooks, &clock());
    match command {
        RunbookCommand::List => output.answer("runbooks", &runtime.runbooks()?, list)?,
        RunbookCommand::Search { words } => output.answer("runbooks", &runtime.search_runbooks(&words)?, list)?,
        RunbookCommand::Show { runbook: name } => {
            let all = runtime.runbooks()?;
            let found = all
                .iter()
                .find(|summary| summary.runbook.name == name)
                .ok_or_else(|| Error::usage(format!("there is no runbook `{name}`")).next("belay runbook list"))?;
            output.answer("runbook", found, |summary| render::runbook::whole(summary, &clock()))?;
        }
    }
    Ok(Ending::Done)
}
