//! A stranger gets one file and Debian's tools: what its README says, word for word, reaches belay's own verdict.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use belay_tests::people::People;
use belay_tests::workspace::{ROLLBACK, Said, Shop};
use tempfile::TempDir;

/// A shop where a release was rolled back in `prod`: asked by ana, approved by cleo.
fn rolled_back() -> (Shop, People) {
    let shop = Shop::released();
    let people = People::of(&shop);
    let words = [&["run"], &ROLLBACK[..], &["--env", "prod", "--incident", "INC-4211"]].concat();
    shop.belay([&words[..], &["--key", &people.key_of("ana")]].concat()).ends(4);
    people.approves(&shop, "cleo", "r-1").ends(0);
    shop.belay(["resume", "r-1"]).ends(0);
    (shop, people)
}

/// A folder with nothing of belay's in it but the file that the stranger was given.
struct Stranger {
    folder: TempDir,
}

impl Stranger {
    fn given(shop: &Shop, more: &[&str]) -> Self {
        let stranger = Self { folder: tempfile::tempdir().unwrap() };
        let file = stranger.file().display().to_string();
        shop.belay([&["audit", "export", "--incident", "INC-4211", "-o", &file], more].concat()).ends(0);
        stranger.unpack();
        stranger
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("inc-4211.evidence")
    }

    fn unpacked(&self, path: &str) -> PathBuf {
        self.folder.path().join("evidence").join(path)
    }

    fn reads(&self, path: &str) -> String {
        fs::read_to_string(self.unpacked(path)).unwrap()
    }

    fn unpack(&self) {
        let tar = Command::new("tar").arg("xf").arg(self.file()).current_dir(self.folder.path()).status();
        assert!(tar.unwrap().success());
    }

    /// The README's commands, all that stand between fences, as one script; without the installation, which is done.
    fn script(&self) -> String {
        let text = self.reads("README.md");
        let mut script = String::new();
        for block in text.split("```sh\n").skip(1) {
            let (commands, _) = block.split_once("```").unwrap();
            if !commands.starts_with("apt-get") {
                script.push_str(commands);
            }
        }
        script
    }

    /// Types the README's commands into a shell that knows nothing of this machine but its tools.
    fn follows_the_readme(&self) -> String {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(self.script()).current_dir(self.unpacked(""));
        shell.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", self.folder.path());
        let output = shell.output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    /// belay's own verdict, in a folder that is no workspace.
    fn belay(&self, more: &[&str]) -> Said {
        let mut command = Command::new(belay_tests::repository::belay());
        command.args(["audit", "verify", self.file().to_str().unwrap()]).args(more);
        command.current_dir(self.folder.path()).env("NO_COLOR", "1").env_remove("BELAY_WORKSPACE");
        Said::listen(command, self.folder.path())
    }
}

/// Whether Debian's Go and its libraries are installed; without them nothing of the README's fourth step can run.
fn has_go() -> bool {
    let there = Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog").is_dir()
        && Command::new("go").arg("version").output().is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("left out: apt-get install golang-go golang-golang-x-mod-dev");
    }
    there
}

#[test]
fn the_readme_word_for_word_reaches_belay_s_verdict() {
    if !has_go() {
        return;
    }
    let (shop, _people) = rolled_back();
    let stranger = Stranger::given(&shop, &["--with-log"]);
    stranger
        .belay(&[])
        .ends(0)
        .says("✔ sound")
        .says("signatures of people that hold: 2")
        .says("mandates that it agrees with: 1");
    let said = stranger.follows_the_readme();
    for words in [
        "the same key\n",
        "the list is the one that was signed\n",
        "all files are as they were sealed\n",
        "sound: belay/",
        "Good \"request@belay\" signature for ana",
        "Good \"mandate@belay\" signature for cleo",
    ] {
        assert!(said.contains(words), "it doesn't say `{words}`:\n{said}");
    }
    assert_eq!(said.matches("Signature Verified Successfully").count(), 2, "{said}");
    for words in ["not sound", "does not hold", "differ", "revoked", "No such file", "rules do not have"] {
        assert!(!said.contains(words), "it says `{words}`:\n{said}");
    }
}
