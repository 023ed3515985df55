//! The responder's workspace at the lab's stack, and the commands that are typed there. It stays, to go on by hand.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use belay_tests::lab::sources;
use belay_tests::stage::copy;

use super::stack::Stack;
use crate::repository;
use crate::responder::Responder;

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
pub(crate) struct Desk {
    responder: Responder,
}

impl Desk {
    /// A new workspace at this stack in a folder, in place of one that an earlier incident left there.
    pub(crate) fn set(folder: &Path, stack: &Stack, belay: PathBuf) -> Result<Self, String> {
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(failed(folder))?;
        }
        let workspace = folder.join("workspace");
        let source = sources().join("workspaces/stack");
        copy(&source, &workspace, &|_| true).map_err(|error| error.to_string())?;
        for (file, replaced) in stack.places() {
            let path = workspace.join(file);
            let mut text = fs::read_to_string(&path).map_err(failed(&path))?;
            for (from, to) in replaced {
                text = text.replace(from, &to);
            }
            fs::write(&path, text).map_err(failed(&path))?;
        }
        let secrets = folder.join("secrets");
        for folder in [&secrets, &workspace.join("plugins")] {
            fs::create_dir_all(folder).map_err(failed(folder))?;
        }
        for (name, secret) in stack.secrets() {
            fs::write(secrets.join(name), secret).map_err(failed(&secrets))?;
        }
        for plugin in PLUGINS {
            let file = format!("{plugin}.wasm");
            let from = repository::target("plugins").join(&file);
            fs::copy(&from, workspace.join("plugins").join(&file)).map_err(failed(&from))?;
        }
        Ok(Self { responder: Responder { belay, workspace } })
    }

    /// Makes the ledger and pins the plugins.
    pub(crate) fn begin(&self) -> Result<(), String> {
        self.run(0, &["init"])?;
        for plugin in PLUGINS {
            self.run(0, &["plugin", "add", &format!("plugins/{plugin}.wasm")])?;
        }
        Ok(())
    }

    /// Types a command, which must end with this.
    pub(crate) fn run(&self, expected: i32, words: &[&str]) -> Result<(), String> {
        let at = self.responder.workspace.display();
        self.responder.run(expected, words).map_err(|error| format!("{error}\nhelp: cd {at}; belay status"))
    }

    /// A command, to be run in the workspace.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.responder.belay);
        command.args(words).current_dir(&self.responder.workspace);
        command
    }

    /// What a responder could type now, with a system that breaks on the way.
    pub(crate) fn hand_over(&self, rollback: &[&str]) {
        println!("  cd {}", self.responder.workspace.display());
        println!("  alias belay={}", self.responder.belay.display());
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
