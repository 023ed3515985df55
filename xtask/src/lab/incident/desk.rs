//! The responder's workspace at the lab's stack, and the commands that are typed there. It stays, to go on by hand.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use belay_tests::lab::sources;
use belay_tests::stage::copy;

use super::stack::Stack;
use crate::repository;

/// What `belay.toml` of the workspace pins.
const PLUGINS: [&str; 9] = [
    "unleash_flag",
    "delta_table",
    "feast_feature_view",
    "feast_online",
    "mlflow_alias",
    "redis_cache",
    "prometheus",
    "feast_parity",
    "blast_radius",
];

/// A workspace and belay.
pub(super) struct Desk {
    belay: PathBuf,
    folder: PathBuf,
}

impl Desk {
    /// A new workspace at this stack, in place of one that an earlier incident left.
    pub(super) fn set(stack: &Stack, belay: PathBuf) -> Result<Self, String> {
        let desk = Self { belay, folder: repository::target("lab").join("incident") };
        if desk.folder.exists() {
            fs::remove_dir_all(&desk.folder).map_err(failed(&desk.folder))?;
        }
        let source = sources().join("workspaces/stack");
        copy(&source, &desk.workspace(), &|_| true).map_err(|error| error.to_string())?;
        for (file, replaced) in stack.places() {
            let path = desk.workspace().join(file);
            let mut text = fs::read_to_string(&path).map_err(failed(&path))?;
            for (from, to) in replaced {
                text = text.replace(from, &to);
            }
            fs::write(&path, text).map_err(failed(&path))?;
        }
        let secrets = desk.folder.join("secrets");
        for folder in [&secrets, &desk.workspace().join("plugins")] {
            fs::create_dir_all(folder).map_err(failed(folder))?;
        }
        for (name, secret) in stack.secrets() {
            fs::write(secrets.join(name), secret).map_err(failed(&secrets))?;
        }
        for plugin in PLUGINS {
            let file = format!("{plugin}.wasm");
            let from = repository::target("plugins").join(&file);
            fs::copy(&from, desk.workspace().join("plugins").join(&file)).map_err(failed(&from))?;
        }
        Ok(desk)
    }

    fn workspace(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// Makes the ledger and pins the plugins.
    pub(super) fn begin(&self) -> Result<(), String> {
        self.run(0, &["init"])?;
        for plugin in PLUGINS {
            self.run(0, &["plugin", "add", &format!("plugins/{plugin}.wasm")])?;
        }
        Ok(())
    }

    /// Types a command, shows it and what it prints, and holds its exit status against what it must be.
    pub(super) fn run(&self, expected: i32, words: &[&str]) -> Result<(), String> {
        println!("\n$ belay {}", words.join(" "));
        let status = Command::new(&self.belay).args(words).current_dir(self.workspace()).status();
        let status = status.map_err(failed(&self.belay))?;
        if status.code() == Some(expected) {
            return Ok(());
        }
        let found = status.code().map_or_else(|| status.to_string(), |code| code.to_string());
        let at = self.workspace();
        Err(format!(
            "`belay {}` ended with {found}, not {expected}\nhelp: cd {}; belay status",
            words.join(" "),
            at.display()
        ))
    }

    /// What a responder could type now, with a system that breaks on the way.
    pub(super) fn hand_over(&self, rollback: &[&str]) {
        println!("  cd {}", self.workspace().display());
        println!("  alias belay={}", self.belay.display());
        println!("  belay plan {}", rollback.join(" "));
        println!("Break a system, and see what is said; mend it, and go on:");
        println!("  cargo xtask lab stop mlflow");
        println!("  belay run {}", rollback.join(" "));
        println!("  cargo xtask lab start mlflow");
        println!("  belay resume r-1");
        println!("End the lab with: cargo xtask lab down");
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> String + use<> {
    let path = path.to_path_buf();
    move |error| format!("{}: {error}", path.display())
}
