//! The main job on files of this machine: a good release captured as a point, a bad one played, the rollback planned,
//! run, run again and undone, the ledger verified. No network, no server, no Python.

mod shop;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use belay_tests::stage::{self, Stage};

use crate::responder::Responder;
use crate::{guests, host};
use shop::Shop;

/// What is rolled back, in the words of a responder.
const ROLLBACK: [&str; 4] = ["standard-rollback", "checkout-ranker", "--to", "latest-good"];

/// Why the demo did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file of the demo's own folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// A command did not end as it must.
    #[error("`{command}` ended with {found}, not {expected}")]
    Ended {
        /// The command.
        command: String,
        /// Its exit status.
        found: String,
        /// What it should have been.
        expected: i32,
    },
    /// The workspace and its systems are not as they should be.
    #[error(transparent)]
    Stage(#[from] stage::Error),
    /// The world is not as the story says.
    #[error("{0}")]
    Untrue(String),
    /// Something could not be built.
    #[error("{0}")]
    Build(String),
}

/// Plays the demo in a folder of its own, or in `keep`, which stays.
pub(crate) fn run(keep: Option<&Path>) -> ExitCode {
    let result = match keep {
        Some(folder) => play(folder, true),
        None => match tempfile::tempdir() {
            Ok(folder) => play(&folder.path().join("demo"), false),
            Err(source) => Err(Error::File { path: std::env::temp_dir(), source }),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(folder: &Path, kept: bool) -> Result<(), Error> {
    let build = |error: String| Error::Build(error);
    guests::build_all().map_err(|error| build(error.to_string()))?;
    let belay = host::build_release().map_err(build)?;
    let stage = Stage::set(folder)?;
    let shop = Shop::open(&stage.systems("demo"));
    let responder = Responder { belay, workspace: stage.workspace().to_path_buf() };

    say("A workspace for belay, its ledger and its plugins");
    responder.run(0, &["init"])?;
    for plugin in stage.plugins()? {
        responder.run(0, &["plugin", "add", &plugin])?;
    }
    say("Version 8 of the ranker is live and good: a rollback point");
    for environment in ["demo", "prod"] {
        let capture = ["point", "capture", "checkout-ranker", "--env", environment, "--commit", "3f2a91c"];
        responder.run(0, &[&capture[..], &["-m", "v8: query features", "--metric", "auc=0.913"]].concat())?;
    }
    responder.run(0, &["point", "mark", "rp-0001", "good"])?;
    responder.run(0, &["point", "mark", "rp-0002", "good"])?;

    say("Version 9 is released: flag on, new model, the click table overwritten. The error ratio climbs to 31 %");
    stage.release_v9()?;
    shop.expect("0.31", "the release did not reach the shop")?;

    say("3 a.m. What would a rollback do?");
    responder.run(0, &rollback("plan"))?;
    say("Do it");
    responder.run(0, &rollback("run"))?;
    shop.expect("0.004", "the shop is not well again")?;
    stage.is_rolled_back()?;
    say("Once more: there must be nothing left to do");
    responder.run(0, &rollback("run"))?;
    say("Undo it, as one would after a false alarm");
    responder.run(0, &["undo", "r-1", "--reason", "the demo shows it"])?;
    shop.expect("0.31", "the undo did not bring version 9 back")?;
    say("In prod somebody must approve the restoration: the flag goes off at once, the rest waits");
    let prod = ["run", ROLLBACK[0], ROLLBACK[1], ROLLBACK[2], ROLLBACK[3], "--env", "prod", "--incident", "INC-4211"];
    responder.run(4, &prod)?;
    say("Nothing of this can be changed afterwards without being noticed");
    responder.run(0, &["audit", "verify"])?;
    drop(shop);
    if kept { farewell(&responder, &stage) } else { Ok(()) }
}

fn rollback(verb: &str) -> Vec<&str> {
    [&[verb], &ROLLBACK[..], &["--env", "demo", "--incident", "INC-4211"]].concat()
}

fn say(what: &str) {
    println!("\n# {what}");
}

/// What to do with a folder that stays.
fn farewell(responder: &Responder, stage: &Stage) -> Result<(), Error> {
    // Nobody reports any more: by hand, a rollback is to find the shop well unless somebody says otherwise.
    let metrics = stage.systems("demo").join("metrics/ranker.json");
    fs::write(&metrics, "{\"error_ratio\": 0.004}\n")
        .map_err(|source| Error::File { path: metrics.clone(), source })?;
    println!("\nVersion 9 is live again in `demo`. Go on by hand:");
    println!("  cd {}", stage.workspace().display());
    println!("  alias belay={}", responder.belay.display());
    println!("  belay {}", rollback("run").join(" "));
    println!("  belay status");
    println!("  belay audit log --run r-1");
    println!("The shop is closed: {} now says 0.004.", metrics.display());
    println!("Write 0.31 there and undo, then run again, to see a check fail.");
    Ok(())
}
