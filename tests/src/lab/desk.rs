//! A responder's desk: the lab's workspace in a folder of its own, and the commands that are typed there. Never looks
//! into belay's state, but for what must not be in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use super::sources;
use crate::repository;
use crate::stage::copy;
use crate::workspace::{Said, files};

const FLAGS: &str = "shop.flagd.json";
const PLUGINS: [&str; 3] = ["delta_table", "flagd_flag", "mlflow_alias"];

/// A workspace with a ledger and pinned plugins.
#[derive(Debug)]
pub struct Desk {
    folder: TempDir,
}

impl Desk {
    /// A desk with systems of its own; the registry leads nowhere yet.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(prepared(), folder.path(), &|_| true).unwrap();
        Self { folder }
    }

    /// A desk whose registry is at this address, and whose feature set `ranker` is this model.
    pub fn at_registry(url: &str, model: &str) -> Self {
        let desk = Self::new();
        desk.edit("belay.toml", "http://127.0.0.1:9", url);
        desk.edit("features/ranker.toml", "registry/ranker@champion", &format!("registry/{model}@champion"));
        desk
    }

    /// The table of the feature set `clicks`.
    pub fn table(&self) -> PathBuf {
        self.folder.path().join("systems/lake/clicks")
    }

    /// The text of the flag file.
    pub fn flags(&self) -> String {
        fs::read_to_string(self.folder.path().join("systems/flags").join(FLAGS)).unwrap()
    }

    /// A file of the workspace.
    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join("workspace").join(path)
    }

    /// Replaces what a file of the workspace says.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(path)).unwrap();
        assert!(text.contains(from), "{path} does not say {from}");
        fs::write(self.file(path), text.replace(from, to)).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut belay = Command::new(repository::belay());
        belay.args(words).current_dir(self.file("")).env("NO_COLOR", "1").env("TZ", "UTC");
        belay.env_remove("BELAY_WORKSPACE").stdin(Stdio::null());
        belay
    }

    /// Types a command and waits for its end.
    pub fn belay(&self, words: &str) -> Said {
        let words: Vec<&str> = words.split(' ').collect();
        Said::listen(self.command(&words), self.folder.path())
    }

    /// Types a command and goes on.
    pub fn start(&self, words: &str) -> Child {
        let words: Vec<&str> = words.split(' ').collect();
        self.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Captures the present as a point that is marked good.
    pub fn capture(&self, feature_set: &str) {
        let said = self.belay(&format!("point capture {feature_set} -m good --json"));
        let point = said.ends(0).answer("point")["id"].as_str().unwrap().to_owned();
        self.belay(&format!("point mark {point} good")).ends(0);
    }

    /// The entries of the ledger, the oldest first.
    pub fn log(&self) -> Vec<Value> {
        let said = self.belay("audit log --json --limit 100000");
        let entries = said.ends(0).answers("entry");
        entries.iter().map(|line| serde_json::from_str(line["entry"].as_str().unwrap()).unwrap()).collect()
    }

    /// That the ledger is sound and nothing in it is open.
    pub fn is_sound(&self) {
        let said = self.belay("audit verify --json");
        let found = said.ends(0).answer("verification");
        assert_eq!(
            (&found["sound"], found["open_intents"].as_array().map(Vec::len)),
            (&Value::Bool(true), Some(0)),
            "{said}"
        );
    }

    /// The files below this desk that contain these bytes.
    pub fn files_with(&self, bytes: &[u8]) -> Vec<String> {
        let holds = |file: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
        files(self.folder.path()).into_iter().filter(|(_, file)| holds(file)).map(|(name, _)| name).collect()
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

/// How a resource is left, as the receipt of a run says: the kind of its condition.
pub fn left(run: &Value, resource: &str) -> String {
    step(run, resource)["condition"]["kind"].as_str().unwrap().to_owned()
}

/// What became of each write to a resource, as the receipt of a run says: the kind of its outcome, and how an unknown one
/// was settled.
pub fn writes(run: &Value, resource: &str) -> Vec<String> {
    let acts = step(run, resource)["acts"].as_array().into_iter().flatten();
    let kind = |value: &Value| value["kind"].as_str().map(str::to_owned);
    acts.map(|act| [kind(&act["outcome"]), kind(&act["settled"])].into_iter().flatten().collect::<Vec<_>>().join(", "))
        .collect()
}

fn step<'a>(run: &'a Value, resource: &str) -> &'a Value {
    let stages = run["receipt"]["stages"].as_array().into_iter().flatten();
    let mut steps = stages.flat_map(|stage| stage["steps"].as_array().into_iter().flatten());
    steps.find(|step| step["title"] == resource).unwrap()
}

/// A desk that others are copied from: pinning compiles the plugins, which takes seconds. Made anew when what it is made
/// from changed.
fn prepared() -> &'static Path {
    static PREPARED: OnceLock<PathBuf> = OnceLock::new();
    PREPARED.get_or_init(|| {
        let lab = repository::target("lab");
        let (folder, mark) = (lab.join("desk"), lab.join("desk.done"));
        let lock = File::create(lab.join("desk.lock")).unwrap();
        lock.lock().unwrap();
        if fs::read_to_string(&mark).is_ok_and(|found| found == made_from()) {
            return folder;
        }
        let _ = fs::remove_file(&mark);
        let desk = prepare();
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        copy(desk.folder.path(), &folder, &|_| true).unwrap();
        fs::write(mark, made_from()).unwrap();
        folder
    })
}

fn prepare() -> Desk {
    let desk = Desk { folder: tempfile::tempdir().unwrap() };
    let flags = desk.folder.path().join("systems/flags");
    for folder in [&flags, &desk.folder.path().join("systems/lake"), &desk.file("plugins")] {
        fs::create_dir_all(folder).unwrap();
    }
    copy(&sources().join("workspace"), &desk.file(""), &|path| !path.ends_with(FLAGS)).unwrap();
    fs::copy(sources().join("workspace").join(FLAGS), flags.join(FLAGS)).unwrap();
    for plugin in PLUGINS {
        fs::copy(repository::component(plugin), desk.file(&format!("plugins/{plugin}.wasm"))).unwrap();
    }
    desk.belay("init").ends(0);
    for plugin in PLUGINS {
        desk.belay(&format!("plugin add plugins/{plugin}.wasm")).ends(0);
    }
    desk
}

/// The sizes and times of what a desk is made from.
fn made_from() -> String {
    let workspace = sources().join("workspace");
    let texts = files(&workspace).into_iter().map(|(name, text)| format!("{name} {}", String::from_utf8_lossy(&text)));
    let built = PLUGINS.map(repository::component).into_iter().chain([repository::belay()]).map(|file| {
        let found = fs::metadata(&file).unwrap();
        format!("{} {} {:?}", file.display(), found.len(), found.modified().unwrap())
    });
    texts.chain(built).collect::<Vec<_>>().join("\n")
}
