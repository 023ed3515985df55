//! Measures what belay promises about its speed: each figure against a baseline in the same run, interleaved. Judges
//! nothing: the bars stand beside the figures.

mod incident;
mod measure;
mod redis;
mod registry;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::demo::Error;
use crate::{guests, host};

/// What can be measured by itself, in the order in which all of it is.
const PARTS: [&str; 8] = ["calls", "bystanders", "guardrails", "barriers", "million", "plan", "run", "redis"];

/// Measures the rollback of the whole stack, on the lab.
pub(crate) fn run_on_lab() -> ExitCode {
    match build().and_then(|belay| incident::run(&belay)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Builds what is measured, measures all or one part of it, prints.
pub(crate) fn run(only: Option<&str>) -> ExitCode {
    if let Some(stranger) = only.filter(|part| !PARTS.contains(part)) {
        eprintln!("error: `{stranger}` can't be measured; there are {}", PARTS.join(", "));
        return ExitCode::from(2);
    }
    match bench(only) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<PathBuf, Error> {
    let built = guests::build_all().and_then(|()| guests::build_hostile());
    built.map_err(|error| Error::Build(error.to_string()))?;
    host::build_release().map_err(Error::Build)
}

fn bench(only: Option<&str>) -> Result<(), Error> {
    let belay = build()?;
    PARTS.iter().filter(|part| only.is_none_or(|only| only == **part)).try_for_each(|part| measure(part, &belay))
}

fn measure(part: &str, belay: &Path) -> Result<(), Error> {
    match part {
        "calls" => {
            heading(
                "A plugin call: guarded against bare wasmtime; bar 1.5 times, and 100,000 calls a second on two threads",
            );
            example("belay-sandbox", "bench_calls")
        }
        "bystanders" => {
            heading("A plugin call alone, and beside a guest that does harm on another thread");
            example("belay-sandbox", "bench_bystanders")
        }
        "guardrails" => {
            heading(
                "Judging: 50 operations by 10 guardrails, bar 2 ms; the label check, bar 5 times 12,000 a second; \
                 rego, bar 4 times native",
            );
            example("belay-sandbox", "bench_guardrails")
        }
        "barriers" => {
            heading(
                "A barrier: a lone writer against one fdatasync, bar 1.5 times; 64 writers with the public log kept up, \
                 bars 10,000 entries a second and half of what a bare file whose writers share an fdatasync takes",
            );
            example("belay-ledger", "bench_barrier")
        }
        "million" => {
            heading(
                "A log of 1,000,000 entries of 1 KiB: an append, bar 1.5 times one among 1,000; verification, bar 5 s",
            );
            example("belay-ledger", "bench_million")
        }
        "plan" => {
            heading("belay plan of the sample workspace from a cold process; bar 100 ms");
            registry::plan(belay)
        }
        "redis" => {
            heading(
                "100,000 cached values deleted by their prefix, against redis-cli with SCAN and UNLINK; bar 1.5 times",
            );
            redis::run()
        }
        _ => {
            heading("A run over three resources whose servers answer in 50 ms, against a shell script");
            println!("bars: 1.2 times the script, 20 ms of CPU, 10 barriers, 100 MiB");
            registry::run(belay)
        }
    }
}

fn heading(what: &str) {
    println!("\n# {what}");
}

/// Runs an example of a crate, which prints a line of JSON for each figure.
fn example(package: &str, name: &str) -> Result<(), Error> {
    let mut cargo = host::cargo();
    cargo.args(["run", "--release", "--quiet", "--package", package, "--example", name]);
    let command = format!("cargo run --release --package {package} --example {name}");
    println!("$ {command}");
    let status = cargo.status();
    let status = status.map_err(|source| Error::File { path: "cargo".into(), source })?;
    if status.success() { Ok(()) } else { Err(Error::Ended { command, found: status.to_string(), expected: 0 }) }
}
