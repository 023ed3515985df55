//! `cargo xtask lab`: the real systems that the tests use, below `target/lab`.

mod debian;
mod error;
mod hold;
mod incident;
mod install;
mod launcher;
mod leftover;
mod node;
mod python;
mod services;
mod state;
mod up;

use std::process::ExitCode;

use belay_tests::lab::part::{Part, installation};

pub(crate) use hold::run as hold;
pub(crate) use incident::{Desk, ROLLBACK, Responder, Stack, incident};
pub(crate) use install::install;
pub(crate) use state::{caught, present};
pub(crate) use up::{down, status, tell, up};

/// `cargo xtask lab install`: all parts, or those that are named.
pub(crate) fn run_install(names: &[&str]) -> ExitCode {
    let mut parts = Vec::new();
    for name in names {
        let Some(part) = Part::named(name) else {
            let known: Vec<&str> = Part::ALL.iter().map(|part| part.name()).collect();
            eprintln!("error: the lab has no part `{name}`; there are {}", known.join(", "));
            return ExitCode::from(2);
        };
        parts.push(part);
    }
    match install(if parts.is_empty() { &Part::ALL } else { &parts }) {
        Ok(()) => {
            println!("{}", installation().display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
