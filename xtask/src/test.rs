//! Every test, with what it needs, in tiers: what needs no lab, the systems that start in under two seconds, the full lab.

use std::fs;
use std::process::ExitCode;
use std::thread;

use belay_tests::lab::Part;

use crate::{guests, host, lab, repository};

/// How much is tested.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// No lab, fewer kills.
    Quick,
    /// The systems that start in under two seconds.
    NoLab,
    /// The full lab too.
    Whole,
}

/// What the systems that start in under two seconds are installed with.
const FAST: [Part; 4] = [Part::Redis, Part::Prometheus, Part::Python, Part::Kinto];
/// Tells the whole-system tests which tier is wanted: `tests/src/lab/tier.rs`.
const TIER: &str = "BELAY_TESTS";
/// What stands in each file of tests that need the full lab, and in no other.
const FULL: &str = "Tier::Full";
/// Tests that need no lab and try everything in the full tier only; the others sample.
const THOROUGH: [&str; 4] = ["--package", "belay-ledger", "--test", "faults"];

/// Builds host and plugins, installs what is needed, runs the tests.
pub(crate) fn run(extent: Extent) -> ExitCode {
    match prepare(extent).and_then(|lab| tiers(extent, lab)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the full lab is installed.
type Lab = Result<(), String>;

/// The host is built beside all the rest: a large guest is optimised by one core alone, and what is fetched needs none.
fn prepare(extent: Extent) -> Result<Lab, String> {
    thread::scope(|scope| {
        let rest = scope.spawn(|| guests().and_then(|()| installed(extent)));
        let host = host::build_release();
        let lab = rest.join().unwrap_or_else(|_| Err("what builds guests and installs panicked".to_owned()))?;
        host.map(|_| lab)
    })
}

fn guests() -> Result<(), String> {
    let built = guests::build_all().and_then(|()| guests::build_hostile());
    built.map_err(|error| format!("{error}\nhelp: {}", error.help()))
}

/// What is not there of the full lab keeps back no test that does without.
fn installed(extent: Extent) -> Result<Lab, String> {
    if extent != Extent::Quick {
        install(&FAST)?;
    }
    // Ansible is only there to be measured against.
    let full = || install(&Part::ALL.into_iter().filter(|part| *part != Part::Ansible).collect::<Vec<_>>());
    Ok(if extent == Extent::Whole { full() } else { Ok(()) })
}

fn tiers(extent: Extent, lab: Lab) -> Result<(), String> {
    if extent == Extent::Quick {
        return test(&["--workspace".to_owned()], "quick");
    }
    let fast = test(&["--workspace".to_owned()], "fast");
    if extent == Extent::NoLab {
        return fast;
    }
    // A failure of the fast tier doesn't keep back what the full one says.
    lab?;
    let mut words = full_lab()?;
    words.extend(THOROUGH.map(str::to_owned));
    test(&words, "full").and(fast)
}

fn install(parts: &[Part]) -> Result<(), String> {
    lab::install(parts).map_err(|error| error.to_string())
}

/// Cargo's words for the files of tests that need the full lab.
fn full_lab() -> Result<Vec<String>, String> {
    let folder = repository::root().join("tests/tests");
    let unreadable = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut words = vec!["--package".to_owned(), "belay-tests".to_owned()];
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_stem().filter(|_| path.extension().is_some_and(|found| found == "rs")) else {
            continue;
        };
        if fs::read_to_string(&path).map_err(unreadable)?.contains(FULL) {
            words.extend(["--test".to_owned(), name.to_string_lossy().into_owned()]);
        }
    }
    Ok(words)
}

fn test(words: &[String], tier: &str) -> Result<(), String> {
    let mut cargo = host::cargo();
    cargo.args(["test", "--no-fail-fast"]).args(words).env(TIER, tier);
    match cargo.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the tests of the {tier} tier ended with {status}")),
        Err(error) => Err(format!("cargo can't be run: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_need_the_full_lab_are_found_and_no_others() {
        let words = full_lab().unwrap();
        let named = |name: &str| words.iter().any(|word| word == name);
        for name in ["mlflow", "mlflow_faults", "mlflow_kills", "unleash", "unleash_faults"] {
            assert!(named(name), "{name}: {words:?}");
        }
        for name in ["responder", "crash", "delta", "prometheus"] {
            assert!(!named(name), "{name}: {words:?}");
        }
    }
}
