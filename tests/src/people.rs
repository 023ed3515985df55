//! People with SSH keys, made by the real ssh-keygen in a folder of their own, and the words with which they sign.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::workspace::{Said, Shop};

/// Ana asks for ranking, cleo and dan approve there, ana and dan break the glass; pia is of payments, and an auditor.
#[derive(Debug)]
pub struct People {
    folder: TempDir,
}

const NAMES: [&str; 4] = ["ana", "cleo", "dan", "pia"];

impl People {
    /// Gives each of them a key, and a shop these people.
    pub fn of(shop: &Shop) -> Self {
        let people = Self { folder: tempfile::tempdir().unwrap() };
        let mut signers = String::new();
        for name in NAMES {
            people.make_key(name);
            let public = fs::read_to_string(people.key(name).with_extension("pub")).unwrap();
            signers.push_str(&format!("{name} {public}"));
        }
        shop.write("allowed_signers", signers);
        let account = Command::new("id").arg("-un").output().unwrap().stdout;
        let account = String::from_utf8(account).unwrap();
        let tables = format!(
            r#"
[people]
allowed_signers = "allowed_signers"
admins = ["cleo"]
auditors = ["pia"]
os_users = {{ "{}" = "ana" }}

[team.ranking]
members = ["ana"]
approvers = ["cleo", "dan"]
break_glass = ["ana", "dan"]

[team.payments]
members = ["pia"]
approvers = ["pia"]
"#,
            account.trim()
        );
        let toml = fs::read_to_string(shop.file("belay.toml")).unwrap();
        shop.write("belay.toml", toml + &tables);
        people
    }

    fn make_key(&self, name: &str) {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(self.key(name));
        assert!(command.status().unwrap().success(), "ssh-keygen makes a key");
    }

    /// A person's private key.
    pub fn key(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same, as an argument.
    pub fn key_of(&self, name: &str) -> String {
        self.key(name).display().to_string()
    }

    /// Signs a text as `ssh-keygen -Y sign` does; the file that it writes.
    pub fn sign(&self, name: &str, namespace: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join("text");
        let signature = self.folder.path().join("text.sig");
        let _ = fs::remove_file(&signature);
        fs::write(&file, text).unwrap();
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(self.key(name)).arg(&file);
        assert!(command.output().unwrap().status.success(), "ssh-keygen signs");
        signature
    }

    /// Approves a run with plain ssh-keygen, as somebody who has no belay at hand.
    pub fn approves(&self, shop: &Shop, name: &str, run: &str) -> Said {
        let text = shop.belay(["approve", run, "--show"]);
        text.ends(0);
        let signature = self.sign(name, "mandate@belay", &text.out);
        shop.belay(["approve", run, "--signature", path(&signature)])
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
