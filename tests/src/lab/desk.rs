//! A responder's desk: the lab's workspace in a folder of its own, and the commands that are typed there. Never looks
//! into belay's state, but for what must not be in it.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{s3, sources, unleash};
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
        let desk = Self::of("registry", &PLUGINS);
        fs::create_dir_all(desk.systems().join("lake")).unwrap();
        desk
    }

    /// A desk with a copy of `tests/lab/workspaces/WORKSPACE`, whose ledger is new and which has pinned these components
    /// (`delta_table`). What that folder has below `systems` comes to lie beside the workspace.
    pub fn of(workspace: &str, plugins: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&Prototype { workspace, plugins }.folder(), folder.path(), &|_| true).unwrap();
        Self { folder }
    }

    /// The folder in which its systems hold their files, beside the workspace.
    pub fn systems(&self) -> PathBuf {
        self.folder.path().join("systems")
    }

    /// A desk whose registry is at this address, and whose feature set `ranker` is this model.
    pub fn at_registry(url: &str, model: &str) -> Self {
        let desk = Self::new();
        desk.edit("belay.toml", "http://127.0.0.1:9", url);
        desk.edit("features/ranker.toml", "registry/ranker@champion", &format!("registry/{model}@champion"));
        desk
    }

    /// A desk whose flags are at this address, and whose feature set `ranker` is this flag.
    pub fn at_unleash(url: &str, flag: &str) -> Self {
        let desk = Self::of("unleash", &["unleash_flag"]);
        desk.edit("belay.toml", "http://127.0.0.1:9", url);
        desk.edit("features/ranker.toml", "flags/ranker", &format!("flags/{flag}"));
        desk.admin_token(unleash::TOKEN);
        desk.client_token(unleash::CLIENT_TOKEN);
        desk
    }

    /// A desk whose catalog is at this address, and whose feature set `clicks` is the branch `main` of this table.
    pub fn at_catalog(url: &str, table: &str) -> Self {
        let desk = Self::of("catalog", &["iceberg_table"]);
        desk.edit("belay.toml", "http://127.0.0.1:9", url);
        desk.edit("features/clicks.toml", "catalog/shop.clicks@main", &format!("catalog/{table}@main"));
        desk
    }

    /// A desk whose lake is a bucket of the store at this address.
    pub fn at_store(url: &str, bucket: &str) -> Self {
        let desk = Self::of("store", &["delta_table"]);
        desk.edit("belay.toml", "http://127.0.0.1:9", url);
        desk.edit("belay.toml", "bucket = \"bucket\"", &format!("bucket = \"{bucket}\""));
        fs::write(desk.folder.path().join("key.id"), s3::KEY_ID).unwrap();
        fs::write(desk.folder.path().join("key.secret"), s3::SECRET).unwrap();
        desk
    }

    /// The token with which it writes flags from now on.
    pub fn admin_token(&self, token: &str) {
        fs::write(self.folder.path().join("admin.token"), token).unwrap();
    }

    /// The token with which it sees flags as they are served.
    pub fn client_token(&self, token: &str) {
        fs::write(self.folder.path().join("client.token"), token).unwrap();
    }

    /// The table of the feature set `clicks`.
    pub fn table(&self) -> PathBuf {
        self.systems().join("lake/clicks")
    }

    /// The text of the flag file.
    pub fn flags(&self) -> String {
        fs::read_to_string(self.systems().join("flags").join(FLAGS)).unwrap()
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

    /// A command, to be run at the desk.
    pub fn command(&self, words: &[&str]) -> Command {
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

    /// The files below this desk that contain these bytes. Blobs are encrypted in the state folder, so that all of the
    /// ledger is looked for in an evidence file too, which has them in the clear.
    pub fn files_with(&self, bytes: &[u8]) -> Vec<String> {
        let evidence = self.folder.path().join("everything.evidence");
        let said = self.belay("audit export --from 1970-01-01T00:00:00Z -o ../everything.evidence");
        said.ends(0);
        let holds = |file: &[u8], bytes: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
        assert!(holds(&fs::read(&evidence).unwrap(), b"blobs/"), "it holds what plugins read and answered");
        let found = files(self.folder.path()).into_iter().filter(|(_, file)| holds(file, bytes));
        let found = found.map(|(name, _)| name).collect();
        fs::remove_file(evidence).unwrap();
        found
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

/// A workspace that desks are made from, and how it becomes one: pinning compiles the plugins, which takes seconds, so
/// it is done once for all tests and done again when what it is made from changed.
struct Prototype<'w> {
    /// Its folder below `tests/lab/workspaces`.
    workspace: &'w str,
    /// The components that it pins.
    plugins: &'w [&'w str],
}

impl Prototype<'_> {
    /// The folder that desks are copied from.
    fn folder(&self) -> PathBuf {
        let lab = repository::target("lab/desks");
        fs::create_dir_all(&lab).unwrap();
        let named = |end: &str| lab.join(format!("{}{end}", self.workspace));
        let (folder, mark) = (named(""), named(".done"));
        let lock = File::create(named(".lock")).unwrap();
        lock.lock().unwrap();
        if fs::read_to_string(&mark).is_ok_and(|found| found == self.made_from()) {
            return folder;
        }
        let _ = fs::remove_file(&mark);
        let desk = self.make();
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        copy(desk.folder.path(), &folder, &|_| true).unwrap();
        fs::write(mark, self.made_from()).unwrap();
        folder
    }

    fn source(&self) -> PathBuf {
        sources().join("workspaces").join(self.workspace)
    }

    /// Files below `systems` in the workspace's source are what its systems hold at first.
    fn make(&self) -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        let systems = self.source().join("systems");
        fs::create_dir_all(desk.file("plugins")).unwrap();
        copy(&self.source(), &desk.file(""), &|path| !path.starts_with(&systems)).unwrap();
        fs::create_dir_all(desk.systems()).unwrap();
        if systems.exists() {
            copy(&systems, &desk.systems(), &|_| true).unwrap();
        }
        for plugin in self.plugins {
            fs::copy(repository::component(plugin), desk.file(&format!("plugins/{plugin}.wasm"))).unwrap();
        }
        desk.belay("init").ends(0);
        for plugin in self.plugins {
            desk.belay(&format!("plugin add plugins/{plugin}.wasm")).ends(0);
        }
        desk
    }

    /// The sizes and times of what a desk is made from.
    fn made_from(&self) -> String {
        let texts = files(&self.source()).into_iter();
        let texts = texts.map(|(name, text)| format!("{name} {}", String::from_utf8_lossy(&text)));
        let components = self.plugins.iter().map(|plugin| repository::component(plugin));
        let built = components.chain([repository::belay()]).map(|file| {
            let found = fs::metadata(&file).unwrap();
            format!("{} {} {:?}", file.display(), found.len(), found.modified().unwrap())
        });
        texts.chain(built).collect::<Vec<_>>().join("\n")
    }
}
