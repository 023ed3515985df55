//! Every test, with what it needs. The quick tier leaves out what installs packages, and most kills.

use std::process::{Command, ExitCode};

use crate::{guests, host, lab, repository};

/// Says to the whole-system tests that the quick tier is wanted.
const QUICK: (&str, &str) = ("BELAY_TESTS", "quick");

/// Builds host and plugins, installs the lab unless `quick`, and runs the workspace's tests.
pub(crate) fn run(quick: bool) -> ExitCode {
    match prepare(quick).and_then(|()| test(quick)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(quick: bool) -> Result<(), String> {
    guests::build_all(&repository::target("plugins")).map_err(|error| format!("{error}\nhelp: {}", error.help()))?;
    host::build_release()?;
    if quick { Ok(()) } else { lab::install() }
}

fn test(quick: bool) -> Result<(), String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["test", "--workspace", "--no-fail-fast"]).current_dir(repository::root());
    if quick {
        cargo.env(QUICK.0, QUICK.1);
    }
    match cargo.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`cargo test --workspace` ended with {status}")),
        Err(error) => Err(format!("cargo can't be run: {error}")),
    }
}
