//! Measures what belay promises about its speed: each figure against a baseline in the same run, interleaved. Judges
//! nothing: the bars stand beside the figures.

mod measure;
mod registry;

use std::process::{Command, ExitCode};

use crate::demo::Error;
use crate::{guests, host, repository};

/// Builds what is measured, measures, prints.
pub(crate) fn run() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<(), Error> {
    guests::build_all(&repository::target("plugins")).map_err(|error| Error::Build(error.to_string()))?;
    let belay = host::build_release().map_err(Error::Build)?;
    heading("A plugin call: guarded against bare wasmtime; bar 1.5 ×, and 100,000 calls a second on two threads");
    example("belay-sandbox", "bench_calls")?;
    heading("A barrier: a lone writer against one fdatasync, bar 1.5 ×; 64 writers, bar 10,000 entries a second");
    example("belay-ledger", "bench_barrier")?;
    heading("belay plan from a cold process: bar 100 ms");
    registry::plan(&belay)?;
    heading(
        "A run over three resources whose servers answer in 50 ms, against a shell script: bar 1.2 ×, 20 ms of CPU, 10 barriers, 100 MiB",
    );
    registry::run(&belay)
}

fn heading(what: &str) {
    println!("\n# {what}");
}

/// Runs an example of a crate, which prints a line of JSON for each figure.
fn example(package: &str, name: &str) -> Result<(), Error> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--release", "--quiet", "--package", package, "--example", name]);
    let command = format!("cargo run --release --package {package} --example {name}");
    println!("$ {command}");
    let status = cargo.current_dir(repository::root()).status();
    let status = status.map_err(|source| Error::File { path: "cargo".into(), source })?;
    if status.success() { Ok(()) } else { Err(Error::Ended { command, found: status.to_string(), expected: 0 }) }
}
