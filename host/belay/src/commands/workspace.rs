//! `init` and `lint`.

use std::path::Path;

use belay_runtime::api::{Ending, Error};

use super::folder;
use crate::arguments::Global;
use crate::output::Output;
use crate::place;
use crate::render;

pub(super) fn init(at: &Path, name: Option<&str>, output: Output) -> Result<Ending, Error> {
    let own = std::path::absolute(at).ok();
    let own = own.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    let name = name.or(own).ok_or_else(|| {
        Error::usage(format!("{} says no name for the workspace", at.display())).next("belay init --name NAME")
    })?;
    let files = belay_runtime::init(at, name, &place::person())?;
    output.answer("workspace.made", &files, |files| render::workspace::made(files))?;
    Ok(Ending::Done)
}

pub(super) async fn lint(global: &Global, output: Output) -> Result<Ending, Error> {
    let answer = belay_runtime::lint(&folder(global)?).await?;
    output.answer("lint", &answer, render::workspace::lint)?;
    Ok(if answer.findings.is_empty() { Ending::Done } else { Ending::Usage })
}
