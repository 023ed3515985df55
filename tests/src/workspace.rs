//! A shop in a temporary folder, and a person who types commands in its workspace. Never looks into belay's own state.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::redact::redact;
use crate::repository;
use crate::stage::{ENVIRONMENTS, Stage, copy};

/// How a responder rolls the sample feature set back, but for the environment.
pub const ROLLBACK: [&str; 4] = ["standard-rollback", "checkout-ranker", "--to", "latest-good"];

const RAMP_DOWN: &str = r#"
[runbook]
name = "ramp-down"
summary = "Take the release down by parts"

[[stage]]
name = "contain"

[[stage.step]]
resource = "flag"
ramp = { attribute = "rollout", through = [50, 0], hold = "HOLD" }
"#;

/// A workspace with its systems, in a folder that goes when it is dropped.
#[derive(Debug)]
pub struct Shop {
    folder: TempDir,
    stage: Stage,
}

impl Shop {
    /// Version 8 live; no ledger yet, no plugin pinned.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // What a person would wait for and a test need not.
        let stage = Stage::set(&folder.path().join("shop")).unwrap();
        let shop = Self { folder, stage };
        shop.edit("belay.toml", "kind = \"dir\"", "kind = \"dir\"\nsettle = \"30ms\"");
        shop.edit("runbooks/standard-rollback.toml", "hold = \"500ms\"", "hold = \"0s\"");
        shop.edit("runbooks/standard-rollback.toml", "within = \"10s\"", "within = \"20s\"");
        shop
    }

    /// Version 8 live, captured in each environment as a point that is marked good: `rp-0001` in `demo`, `rp-0002` in
    /// `prod`.
    pub fn good() -> Self {
        Self::like(&template())
    }

    /// A copy of this shop as it is now.
    #[must_use]
    pub fn twin(&self) -> Self {
        Self::like(&self.folder())
    }

    fn like(other: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_linking(other, &folder.path().join("shop"));
        let stage = Stage::at(&folder.path().join("shop"));
        Self { folder, stage }
    }

    /// Version 9 live, and harmful.
    pub fn released() -> Self {
        let shop = Self::good();
        shop.stage.release_v9().unwrap();
        shop
    }

    /// Makes the ledger and pins every plugin.
    pub fn begin(&self) {
        self.belay(["init"]).ends(0);
        for plugin in self.stage.plugins().unwrap() {
            self.belay(["plugin", "add", &plugin]).ends(0);
        }
    }

    /// The sample's files.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The folder that everything is in.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    /// A file or folder of the workspace.
    pub fn file(&self, path: &str) -> PathBuf {
        self.stage.workspace().join(path)
    }

    /// A file of the environment `demo`.
    pub fn system(&self, path: &str) -> PathBuf {
        self.stage.systems("demo").join(path)
    }

    /// Takes a folder of the environment `demo` away, as a system that goes down.
    pub fn goes_down(&self, system: &str) {
        fs::rename(self.system(system), self.system(&format!("{system}-down"))).unwrap();
    }

    /// Brings it back.
    pub fn comes_back(&self, system: &str) {
        fs::rename(self.system(&format!("{system}-down")), self.system(system)).unwrap();
    }

    /// The text of a file of the environment `demo`.
    pub fn reads(&self, path: &str) -> String {
        fs::read_to_string(self.system(path)).unwrap()
    }

    /// Replaces every place where a file of the workspace says `from`.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let file = self.file(path);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{path} does not say {from}");
        fs::write(file, text.replace(from, to)).unwrap();
    }

    /// Puts a file into the workspace, in place of one that may be there.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let file = self.file(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        // Removed first: a component is linked to the one in other shops.
        let _ = fs::remove_file(&file);
        fs::write(file, content).unwrap();
    }

    /// Adds the runbook `ramp-down`, which takes the release to 50 %, holds it there, and then takes it down.
    pub fn ramps_down(&self, hold: &str) {
        self.write("runbooks/ramp-down.toml", RAMP_DOWN.replace("HOLD", hold));
    }

    /// Lets the shop report an error ratio.
    pub fn reports(&self, ratio: &str) {
        fs::write(self.system("metrics/ranker.json"), format!("{{\"error_ratio\": {ratio}}}\n")).unwrap();
    }

    /// The command line with these words, to be run in the workspace.
    pub fn command<W: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = W>) -> Command {
        let mut command = Command::new(repository::belay());
        command.args(words).current_dir(self.stage.workspace()).env("NO_COLOR", "1").env("TZ", "UTC");
        command.env_remove("BELAY_WORKSPACE").stdin(Stdio::null());
        command
    }

    /// Types a command.
    pub fn belay<W: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = W>) -> Said {
        self.listen(self.command(words))
    }

    /// Runs a command and listens.
    pub fn listen(&self, command: Command) -> Said {
        Said::listen(command, &self.folder())
    }

    /// Rolls back in `demo`, with more words.
    pub fn roll_back(&self, verb: &str, more: &[&str]) -> Said {
        self.belay([&[verb], &ROLLBACK[..], &["--env", "demo"], more].concat())
    }

    /// Every file of the environment `demo`, by its path from there.
    pub fn systems(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.stage.systems("demo"))
    }

    /// Every entry of the ledger as `audit log` gives it, the oldest first.
    pub fn log(&self) -> Vec<Value> {
        let said = self.belay(["audit", "log", "--json", "--limit", "100000"]);
        said.ends(0);
        said.answers("entry")
            .iter()
            .map(|line| serde_json::from_str(line["entry"].as_str().unwrap()).unwrap())
            .collect()
    }

    /// That the ledger is sound, and every intent has its outcome.
    pub fn is_sound(&self) {
        let said = self.belay(["audit", "verify", "--json"]);
        said.ends(0);
        let answer = said.answer("verification");
        assert_eq!(answer["sound"], true, "{said}");
        assert_eq!(answer["open_intents"].as_array().map(Vec::len), Some(0), "{said}");
    }
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// As it was typed.
    pub command: String,
    /// The exit status; none where a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    folder: String,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "$ {}", self.command)?;
        write!(f, "{}{}", self.out, self.err)?;
        match self.status {
            Some(status) => writeln!(f, "[{status}]"),
            None => writeln!(f, "[ended by a signal]"),
        }
    }
}

impl Said {
    /// Runs a command of belay's on something in a folder and listens.
    pub fn listen(mut command: Command, folder: &Path) -> Self {
        let output = command.output().unwrap();
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        Self {
            command: format!("belay {}", words.join(" ")),
            status: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            folder: folder.display().to_string(),
        }
    }

    /// That it ended so, and did not panic.
    #[track_caller]
    pub fn ends(&self, status: i32) -> &Self {
        assert!(!self.err.contains("panicked"), "{self}");
        assert!(self.status == Some(status), "must end with {status}:\n{self}");
        self
    }

    /// That it says this, on either stream.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.out.contains(words) || self.err.contains(words), "must say `{words}`:\n{self}");
        self
    }

    /// All of it, with the command and the status, without what differs from run to run.
    pub fn redacted(&self) -> String {
        redact(&self.to_string(), &self.folder)
    }

    /// The data of each answer of a kind.
    pub fn answers(&self, kind: &str) -> Vec<Value> {
        let lines = self.out.lines().chain(self.err.lines());
        let parsed = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        parsed.filter(|line| line["kind"] == kind).map(|mut line| line["data"].take()).collect()
    }

    /// The data of the only answer of a kind.
    #[track_caller]
    pub fn answer(&self, kind: &str) -> Value {
        let mut found = self.answers(kind);
        assert_eq!(found.len(), 1, "must answer once with `{kind}`:\n{self}");
        found.remove(0)
    }
}

/// Every file below a folder, by its path from there.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A shop as [`Shop::good`] copies it: pinning compiles every plugin, which each test need not wait for. It is made
/// anew when what it is made of changed, or the day did, since points age.
fn template() -> PathBuf {
    let folder = repository::target("tests");
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::File::create(folder.join("template.lock")).unwrap();
    lock.lock().unwrap();
    let template = folder.join("template");
    let made_of = folder.join("template.made-of");
    let stamp = stamp();
    if fs::read_to_string(&made_of).is_ok_and(|found| found == stamp) {
        return template;
    }
    if template.exists() {
        fs::remove_dir_all(&template).unwrap();
    }
    let shop = Shop::bare();
    shop.begin();
    for environment in ENVIRONMENTS {
        // The runbook's check and a plan open every plugin, so that its machine code is kept.
        let capture = ["point", "capture", "checkout-ranker", "--env", environment, "--commit", "3f2a91c"];
        let words = ["-m", "v8: query features", "--metric", "auc=0.913", "--good-if", "standard-rollback"];
        shop.belay([&capture[..], &words[..]].concat()).ends(0).says("good");
    }
    shop.roll_back("plan", &[]).ends(0);
    copy(&shop.folder(), &template, &|_| true).unwrap();
    fs::write(made_of, stamp).unwrap();
    template
}

fn stamp() -> String {
    let mut made_of = vec![repository::belay()];
    for folder in [repository::target("plugins"), repository::root().join("runbooks")] {
        made_of.extend(files(&folder).into_keys().map(|file| folder.join(file)));
    }
    let day = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 86_400;
    let stamps = made_of.iter().map(|file| {
        let data = fs::metadata(file).unwrap();
        format!("{} {} {:?}\n", file.display(), data.len(), data.modified().unwrap())
    });
    format!("day {day}, harness {}\n{}", env!("CARGO_PKG_VERSION"), stamps.collect::<String>())
}

/// Copies a shop. What nobody changes in place is linked.
fn copy_linking(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        // Space and nothing else: the first command makes it.
        if entry.file_name() == "reserve" {
            continue;
        }
        if path.is_dir() {
            copy_linking(&path, &copy);
        } else if path.extension().is_some_and(|kind| kind == "parquet" || kind == "wasm" || kind == "cwasm") {
            fs::hard_link(&path, &copy).or_else(|_| fs::copy(&path, &copy).map(drop)).unwrap();
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}
