//! What a responder would use instead of belay: the script and the playbook in `tests/lab/baseline`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use belay_tests::lab::{Part, programs, python, sources};

use super::calls::{self, Calls};
use crate::bench::measure::{Taken, measure, watch};
use crate::demo::Error;
use crate::lab::Stack;

/// Both, with what they are told.
pub(super) struct Baseline {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Baseline {
    /// Notes what is good now in a folder, for both to go by.
    pub(super) fn noted(folder: &Path, stack: &Stack) -> Result<Self, Error> {
        let notes = folder.join("notes");
        let file = |source| Error::File { path: notes.clone(), source };
        fs::create_dir_all(&notes).map_err(file)?;
        // curl reads its configuration there.
        fs::write(notes.join(".curlrc"), calls::CURLRC).map_err(file)?;
        let path = std::env::var("PATH").unwrap_or_default();
        let told = stack.environment().map_err(Error::Untrue)?;
        let told = told.into_iter().map(|(name, value)| (name.to_owned(), value));
        let more = [
            ("NOTES", notes.display().to_string()),
            ("CURL_HOME", notes.display().to_string()),
            ("PYTHON", python().display().to_string()),
            ("PATH", format!("{}:{path}", programs().display())),
            // No inventory is needed for this machine.
            ("ANSIBLE_LOCALHOST_WARNING", "False".to_owned()),
            ("ANSIBLE_INVENTORY_UNPARSED_WARNING", "False".to_owned()),
        ];
        let environment = told.chain(more.map(|(name, value)| (name.to_owned(), value))).collect();
        let baseline = Self { folder: folder.to_path_buf(), environment };
        measure(&mut baseline.shell("note.sh"))?;
        Ok(baseline)
    }

    /// The script, and what each system's calls took in it.
    pub(super) fn by_script(&self) -> Result<((Taken, Duration), Calls), Error> {
        let log = self.folder.join("script.log");
        let took = watch(&mut self.shell("rollback.sh"), &log, |line| line == "restored")?;
        let said = fs::read_to_string(&log).map_err(|source| Error::File { path: log, source })?;
        Ok((took, Calls::told(&said)))
    }

    /// The playbook.
    pub(super) fn by_playbook(&self) -> Result<(Taken, Duration), Error> {
        let mut playbook = Command::new(Part::Ansible.file("bin/ansible-playbook"));
        playbook.arg("rollback.yml");
        watch(self.told(&mut playbook), &self.folder.join("playbook.log"), |line| line.contains("\"restored\""))
    }

    fn shell(&self, script: &str) -> Command {
        let mut shell = Command::new("sh");
        self.told(shell.arg(script));
        shell
    }

    fn told<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        command.current_dir(sources().join("baseline")).envs(self.environment.iter().cloned())
    }
}
