//! A stranger gets one file and Debian's tools: what its README says, word for word, reaches belay's own verdict.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use belay_tests::people::People;
use belay_tests::workspace::{ROLLBACK, Said, Shop};
use serde_json::Value;
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

    /// What the program of the README's fourth step says to somebody who trusts this key.
    fn verifies_with(&self, key: &Path) -> String {
        let mut go = Command::new("go");
        go.args(["run", "check/verify.go"]).arg(key).current_dir(self.unpacked(""));
        go.envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode")]).env("HOME", self.folder.path());
        String::from_utf8(go.output().unwrap().stdout).unwrap()
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

/// Where a member's bytes lie in the file.
fn place(file: &[u8], path: &str) -> usize {
    let whole = format!("evidence/{path}\0");
    let header = (0..file.len()).step_by(512).find(|at| file[*at..].starts_with(whole.as_bytes())).unwrap();
    header + 512
}

#[test]
fn a_changed_byte_is_objected_to_by_belay_and_by_the_stranger() {
    if !has_go() {
        return;
    }
    let (shop, _people) = rolled_back();
    let stranger = Stranger::given(&shop, &["--with-log"]);
    let sound = fs::read(stranger.file()).unwrap();
    let seq = stranger.reads("signatures/list").lines().last().unwrap().split(' ').next().unwrap().to_owned();
    let blob = fs::read_dir(stranger.unpacked("blobs")).unwrap().next().unwrap().unwrap().file_name();
    for (path, at, objection) in [
        (format!("entries/{seq}.json"), 30, "not sound"),
        (format!("proofs/{seq}.tlog-proof"), 40, "not sound"),
        (format!("blobs/{}", blob.display()), 0, "not sound"),
        (format!("signatures/{seq}.txt"), 60, "does not hold"),
        ("checkpoint".to_owned(), 12, "not sound"),
        ("SHA256SUMS.note".to_owned(), 30, "not sound"),
        ("report.html".to_owned(), 900, "not sound"),
        ("log/tile/entries/000.p".to_owned(), 0, "not sound"),
    ] {
        let mut changed = sound.clone();
        let path = match path.strip_suffix(".p") {
            // The name of the last bundle has how many entries it holds.
            Some(_) => {
                let width = fs::read_dir(stranger.unpacked("log/tile/entries/000.p")).unwrap().next().unwrap().unwrap();
                format!("{path}/{}", width.file_name().display())
            }
            None => path,
        };
        let at = place(&sound, &path) + at;
        changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
        fs::write(stranger.file(), &changed).unwrap();
        stranger.belay(&[]).ends(1).says("✘ not sound").says(&path);
        stranger.unpack();
        let said = stranger.follows_the_readme();
        assert!(said.contains(objection) && said.contains("not sound"), "{path}: it doesn't object:\n{said}");
        assert!(
            !said.contains("all files are as they were sealed") || path.starts_with("SHA256SUMS"),
            "{path}:\n{said}"
        );
    }
    fs::write(stranger.file(), &sound).unwrap();
    stranger.belay(&[]).ends(0);
}

#[test]
fn a_checkpoint_that_was_kept_is_a_witness() {
    let (shop, _people) = rolled_back();
    shop.belay(["audit", "verify"]).ends(0);
    let kept = shop.folder().join("kept");
    fs::copy(log(&shop).join("checkpoint"), &kept).unwrap();
    let since = ["audit", "verify", "--since", kept.to_str().unwrap()];
    shop.belay(since).ends(0);
    // The log grows.
    shop.belay(["point", "capture", "checkout-ranker", "--env", "prod", "-m", "later"]).ends(0);

    let stranger = Stranger::given(&shop, &["--since", kept.to_str().unwrap()]);
    stranger.belay(&["--since", kept.to_str().unwrap()]).ends(0).says("it still begins with the");
    let text = fs::read_to_string(&kept).unwrap();
    let changed = shop.folder().join("changed");
    fs::write(&changed, text.replacen('\n', "\n1", 1)).unwrap();
    stranger.belay(&["--since", changed.to_str().unwrap()]).ends(1).says("the checkpoint that was kept");

    let nonsense = shop.file("belay.toml");
    stranger.belay(&["--since", nonsense.to_str().unwrap()]).ends(2).says("belay.toml is no checkpoint");
    stranger.belay(&["--since", "nowhere"]).ends(2).says("nowhere: No such file");

    // The same key, but a copy from before: it is older, and once it has grown it is a fork.
    let copy = Shop::released();
    copy.belay(since).ends(1).says("the log is older than the checkpoint that was kept");
    let twin = shop.twin();
    let capture = |shop: &Shop| {
        shop.belay(["point", "capture", "checkout-ranker", "--env", "prod", "-m", "another"]).ends(0);
        shop.belay(["audit", "verify"]).ends(0);
    };
    capture(&shop);
    fs::copy(log(&shop).join("checkpoint"), &kept).unwrap();
    (0..2).for_each(|_| capture(&twin));
    twin.belay(since).ends(1).says("a fork: the first");

    // Another log of the same name: its key is not the one that signed what was kept.
    let other = Shop::bare();
    other.belay(["init"]).ends(0);
    other.belay(since).ends(1).says("was signed by another key than");
}

fn log(shop: &Shop) -> PathBuf {
    let mut folders = vec![shop.folder()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
            if entry.path().join("ledger.vkey").is_file() {
                return entry.path();
            }
            folders.push(entry.path());
        }
    }
    panic!("no log below {}", shop.folder().display());
}

#[test]
fn what_goes_in_is_chosen_and_what_stays_out_is_said() {
    let (shop, _people) = rolled_back();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let export = |more: &[&str]| shop.belay([&["audit", "export"], more].concat());
    export(&["-o", &file("a")]).ends(2);
    export(&["--run", "r-9", "-o", &file("a")]).ends(2).says("no entry of the ledger fits");
    assert!(!folder.path().join("a").exists());

    export(&["--run", "r-1", "--without-blobs", "-o", &file("a")]).ends(0).says("✔ wrote");
    export(&["--run", "r-1", "-o", &file("a")]).ends(2).says("is there already");
    let a = fs::read(file("a")).unwrap();
    shop.belay(["audit", "verify", &file("a")]).ends(0).says("left out of the file, and so not checked");
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds(&a, "BEGIN SSH SIGNATURE"), "a signature is a blob");

    export(&["--from", "2020-01-01T00:00:00Z", "--components", "-o", &file("b")]).ends(0);
    let b = fs::read(file("b")).unwrap();
    assert!(holds(&b, "\0asm") && !holds(&a, "\0asm"), "components go in only where they are asked for");
    shop.belay(["audit", "verify", &file("b")]).ends(0);

    let exported: Vec<_> = shop.log().into_iter().filter(|entry| entry["kind"] == "evidence.exported").collect();
    assert_eq!(exported.len(), 2, "each file that was given, and no other");
    assert_eq!(exported[0]["body"]["about"]["run"], "r-1");
    let parts: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(parts.len(), 2, "{parts:?}");
}

#[test]
fn whoever_has_an_earlier_key_can_follow_its_changes_unless_one_was_compromised() {
    let (shop, _people) = rolled_back();
    shop.belay(["audit", "verify"]).ends(0);
    let earlier = shop.folder().join("earlier.vkey");
    fs::copy(log(&shop).join("ledger.vkey"), &earlier).unwrap();
    let trusting = ["--key", earlier.to_str().unwrap()];
    shop.belay(["keys", "rotate", "--reason", "yearly"]).ends(0);
    let stranger = Stranger::given(&shop, &[]);
    stranger.belay(&trusting).ends(0).says("✔ sound");
    assert_ne!(stranger.reads("ledger.vkey"), fs::read_to_string(&earlier).unwrap());
    if has_go() {
        let said = stranger.verifies_with(&earlier);
        assert!(said.starts_with("sound: belay/"), "{said}");
        // A log of the same name with another key.
        let namesake = Shop::bare();
        namesake.begin();
        namesake.belay(["audit", "verify"]).ends(0);
        let said = stranger.verifies_with(&log(&namesake).join("ledger.vkey"));
        assert!(said.contains("not sound: ") && said.contains("  checkpoint: "), "{said}");
        // A change of keys that the key before did not sign: whoever has only the new key could write that.
        let rotated = shop.log().iter().find(|entry| entry["kind"] == "key.rotated").unwrap()["seq"].clone();
        let entry = stranger.unpacked(&format!("entries/{rotated}.json"));
        let text = fs::read_to_string(&entry).unwrap();
        let note: Value = serde_json::from_str(&text).unwrap();
        let note = note["body"]["note"].as_str().unwrap();
        let last = note.lines().last().unwrap();
        let first = note.lines().find(|line| line.starts_with('\u{2014}')).unwrap();
        assert_ne!(first, last, "old and new signed it");
        let without = [(first, last), (last, first)].map(|(signature, other)| {
            fs::write(&entry, text.replace(signature, other)).unwrap();
            stranger.verifies_with(&earlier)
        });
        assert!(without.iter().all(|said| said.contains("not sound")), "{without:?}");
        let unsigned = without.iter().filter(|said| said.contains("the key before did not sign that"));
        assert_eq!(unsigned.count(), 1, "{without:?}");
        stranger.unpack();
    }
    shop.belay(["keys", "compromised", "--since", "3", "--reason", "an open backup"]).ends(0);
    let stranger = Stranger::given(&shop, &[]);
    stranger.belay(&trusting).ends(1).says("compromised");
    if has_go() {
        let said = stranger.verifies_with(&earlier);
        assert!(said.starts_with("not sound") && said.contains("this key was compromised"), "{said}");
    }
}

#[test]
fn what_was_redacted_is_accounted_for_and_what_claims_to_be_is_not() {
    let (shop, people) = rolled_back();
    let calls = |entry: &&Value| entry["kind"] == "plugin.call" && entry["run"] == "r-1";
    let call = shop.log().iter().find(calls).unwrap().clone();
    let (seq, commitment) = (call["seq"].to_string(), call["blobs"][0].as_str().unwrap().to_owned());
    let pia = people.key_of("pia");
    let asked = shop.belay([
        "audit",
        "redact",
        "ask",
        &seq,
        "--authority",
        "GDPR Art. 17",
        "--reason",
        "a customer asked",
        "--key",
        &pia,
        "--json",
    ]);
    let asked = asked.ends(0).answer("redaction")["asked"].to_string();
    // Asked for only: it is still there.
    let before = Stranger::given(&shop, &[]);
    assert!(before.unpacked("blobs").join(&commitment).is_file());
    shop.belay(["audit", "redact", "approve", &asked, "--key", &people.key_of("cleo")]).ends(0);

    let stranger = Stranger::given(&shop, &[]);
    stranger.belay(&[]).ends(0).says("✔ sound").says("1 blob was redacted with authority");
    assert!(!stranger.unpacked("blobs").join(&commitment).exists());
    let mut blobs: Value = serde_json::from_str(&stranger.reads("blobs.json")).unwrap();
    let blobs = blobs.as_array_mut().unwrap();
    assert!(
        blobs.iter().all(|blob| blob["state"] == if blob["entry"] == call["seq"] { "redacted" } else { "present" })
    );
    if has_go() {
        let said = stranger.follows_the_readme();
        assert!(said.contains("sound: belay/") && !said.contains("not sound"), "{said}");

        // A blob that is said to have been redacted, and no entry did it.
        let other = blobs.iter_mut().find(|blob| blob["state"] == "present").unwrap();
        other["state"] = "redacted".into();
        fs::remove_file(stranger.unpacked("blobs").join(other["commitment"].as_str().unwrap())).unwrap();
        fs::write(stranger.unpacked("blobs.json"), serde_json::to_vec(blobs).unwrap()).unwrap();
        let said = stranger.follows_the_readme();
        assert!(said.contains("missing without authority"), "{said}");
    }
}

#[test]
fn the_report_tells_the_run_and_runs_nothing() {
    let (shop, _people) = rolled_back();
    let stranger = Stranger::given(&shop, &[]);
    let report = stranger.reads("report.html");
    for words in [
        "Run r-1",
        "restored within 5m: kept, took ",
        "It ended: done",
        "belay mandate v1",
        "cleo",
        "request.signed",
        "Approvals that counted",
        "Guardrail",
        "applied",
        "What changed from outside",
        "Timeline",
    ] {
        assert!(report.contains(words), "the report doesn't say `{words}`");
    }
    for never in ["<script", "http://", "https://", "<img", "<link", "url("] {
        assert!(!report.contains(never), "the report has `{never}`");
    }
    let csv = stranger.reads("entries.csv");
    assert_eq!(csv.lines().count(), stranger.reads("entries.jsonl").lines().count() + 1);
}

#[test]
fn one_entry_s_proof_is_a_file_of_its_own() {
    let shop = Shop::good();
    let file = shop.folder().join("3.tlog-proof");
    shop.belay(["audit", "show", "3", "--proof", file.to_str().unwrap()]).ends(0);
    let text = fs::read_to_string(file).unwrap();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 3\n"), "{text}");
    assert!(text.contains("\n\nbelay/shop-ml\n"), "{text}");
}
