//! People with real keys, made by ssh-keygen in a shop's folder, and a workspace that lists them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::workspace::Shop;

/// Everybody who has a key here.
pub const EVERYBODY: [&str; 7] = ["ada", "bo", "ana", "ben", "cleo", "dan", "pia"];

/// Admins, and two teams: the feature set's own and another.
const TABLES: &str = r##"
[people]
allowed_signers = "people/allowed_signers"
revoked_keys = "people/revoked_keys"
admins = ["ada", "bo"]
os_users = { $ACCOUNT = "ana" }

[governance]
accept = 1

[team.ranking]
members = ["ana", "ben"]
approvers = ["cleo", "dan"]
authors = ["ben"]
channel = "#ranking-incidents"

[team.payments]
members = ["pia"]
approvers = ["pia"]
"##;

impl Shop {
    /// Lists people and teams: `ana` stands for whoever runs the test.
    pub fn hires(&self) {
        fs::create_dir_all(self.keys()).unwrap();
        let signers = EVERYBODY.map(|person| {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", person, "-f"])
                .arg(self.key(person))
                .status();
            assert!(made.unwrap().success());
            format!("{person} {}", fs::read_to_string(self.public_key(person)).unwrap())
        });
        self.write("people/allowed_signers", signers.concat());
        self.write("people/revoked_keys", "");
        let config = fs::read_to_string(self.file("belay.toml")).unwrap();
        self.write("belay.toml", config + &TABLES.replace("$ACCOUNT", &account()));
    }

    /// Has the files accepted as the governance: proposed by `ada`, accepted by `bo`.
    pub fn accepts_its_governance(&self) {
        let said = self.belay(["governance", "propose", "--key", &self.key_of("ada"), "--json"]);
        said.ends(0);
        let change = said.answer("governance.proposed")["short"].as_str().unwrap().to_owned();
        self.belay(["governance", "accept", &change, "--key", &self.key_of("bo")]).ends(0).says("in force");
    }

    fn keys(&self) -> PathBuf {
        self.folder().join("keys")
    }

    /// A person's private key.
    pub fn key(&self, person: &str) -> PathBuf {
        self.keys().join(person)
    }

    /// The same, as it is typed.
    pub fn key_of(&self, person: &str) -> String {
        self.key(person).display().to_string()
    }

    /// A person's public key.
    pub fn public_key(&self, person: &str) -> PathBuf {
        self.keys().join(format!("{person}.pub"))
    }

    /// `ssh-keygen -Y sign`, over what a command printed: the signature's file.
    pub fn signs(&self, person: &str, namespace: &str, text: &str) -> String {
        let file = self.keys().join("text");
        fs::write(&file, text).unwrap();
        let signature = self.keys().join("text.sig");
        let _ = fs::remove_file(&signature);
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(self.key(person)).arg(&file);
        assert!(command.stderr(Stdio::null()).status().unwrap().success());
        signature.display().to_string()
    }
}

/// Who runs the test, by the operating system.
fn account() -> String {
    nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().map_or_else(|| "nobody".to_owned(), |user| user.name)
}
