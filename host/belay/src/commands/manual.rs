//! Completions and manual pages, made from the grammar itself.

use std::path::Path;

use belay_runtime::api::{Ending, Error};
use clap::CommandFactory;

use crate::arguments::Arguments;
use crate::output::Output;

/// Prints completions for a shell.
pub(super) fn completions(shell: clap_complete::Shell, output: Output) -> Result<Ending, Error> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "belay", &mut text);
    output.bytes(&text)?;
    Ok(Ending::Done)
}

/// Prints the manual page, or writes one for each command into a folder.
pub(super) fn man(folder: Option<&Path>, output: Output) -> Result<Ending, Error> {
    let command = Arguments::command();
    let failed = |error: std::io::Error| Error::failed(format!("the manual page: {error}"));
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(failed)?;
            clap_mangen::generate_to(command, folder).map_err(failed)?;
        }
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(command).render(&mut text).map_err(failed)?;
            output.bytes(&text)?;
        }
    }
    Ok(Ending::Done)
}
