//! Three model aliases taken back, by belay and by the script that a responder would write, on a registry that answers
//! after 50 ms; and a cold plan of the sample workspace.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use belay_tests::lab::registry;
use belay_tests::stage::Stage;

use super::measure::{Taken, measure, millis, spread};
use crate::demo::Error;
use crate::repository;

const DELAY: Duration = Duration::from_millis(50);
const ROUNDS: usize = 9;
const MODELS: [&str; 3] = ["ranker", "scorer", "pricer"];
const RUN: [&str; 7] = ["run", "back", "models", "--env", "bench", "--to", "latest-good"];

/// `belay plan` of the sample workspace, each time in a new process, components precompiled.
pub(super) fn plan(belay: &Path) -> Result<(), Error> {
    let folder = tempfile::tempdir().map_err(|source| Error::File { path: std::env::temp_dir(), source })?;
    let stage = Stage::set(&folder.path().join("plan"))?;
    let workspace = stage.workspace();
    command(belay, workspace, &["init"])?;
    for plugin in stage.plugins()? {
        command(belay, workspace, &["plugin", "add", &plugin])?;
    }
    command(belay, workspace, &["point", "capture", "checkout-ranker", "--env", "demo", "-m", "good"])?;
    command(belay, workspace, &["point", "mark", "rp-0001", "good"])?;
    stage.release_v9()?;
    let words = ["plan", "standard-rollback", "checkout-ranker", "--env", "demo", "--to", "latest-good"];
    // The first one compiles.
    command(belay, workspace, &words)?;
    let taken = (0..ROUNDS).map(|_| command(belay, workspace, &words)).collect::<Result<Vec<_>, _>>()?;
    print("belay plan, wall ms", &taken, |taken| millis(taken.wall));
    print("belay plan, CPU ms", &taken, |taken| millis(taken.cpu));
    Ok(())
}

/// Three models of a registry, captured as they were good.
struct Scene {
    server: SocketAddr,
    /// How many requests it has answered.
    answered: Arc<AtomicUsize>,
    folder: tempfile::TempDir,
    workspace: PathBuf,
}

impl Scene {
    fn set(belay: &Path, delay: Duration) -> Result<Self, Error> {
        let served = registry::serve_counted(delay);
        let (server, answered) = served.map_err(|source| Error::File { path: "127.0.0.1".into(), source })?;
        let folder = tempfile::tempdir().map_err(|source| Error::File { path: std::env::temp_dir(), source })?;
        let workspace = lay(folder.path(), server)?;
        promote(server, "8")?;
        command(belay, &workspace, &["init"])?;
        command(belay, &workspace, &["plugin", "add", "plugins/mlflow_alias.wasm"])?;
        command(belay, &workspace, &["point", "capture", "models", "--env", "bench", "-m", "good"])?;
        command(belay, &workspace, &["point", "mark", "rp-0001", "good"])?;
        Ok(Self { server, answered, folder, workspace })
    }

    /// After a bad release.
    fn by_belay(&self, belay: &Path) -> Result<Taken, Error> {
        promote(self.server, "9")?;
        command(belay, &self.workspace, &RUN)
    }

    /// The same, with its notes made first.
    fn by_script(&self, note: &[&str]) -> Result<Taken, Error> {
        let mut script = Command::new("sh");
        script.arg(repository::root().join("tests/lab/rollback.sh")).args(note);
        script.arg(format!("http://{}", self.server)).arg("8").args(MODELS);
        measure(script.env("NOTES", self.folder.path()))
    }

    /// One curl that asks as often, as many at a time as belay does, and looks at nothing that it is told.
    fn by_one_curl(&self, requests: usize) -> Result<Taken, Error> {
        let alias = format!("http://{}/api/2.0/mlflow/registered-models/alias?name=ranker&alias=champion", self.server);
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--fail", "--parallel", "--parallel-max"]).arg(MODELS.len().to_string());
        measure(curl.args(vec![alias; requests]))
    }

    fn requests(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }
}

/// The run: belay, the script, and as many requests of one curl in turn; beside them belay on a server that answers at once.
pub(super) fn run(belay: &Path) -> Result<(), Error> {
    let (waiting, at_once) = (Scene::set(belay, DELAY)?, Scene::set(belay, Duration::ZERO)?);
    waiting.by_script(&["--note"])?;
    let (mut by_belay, mut by_hand, mut by_one_curl, mut unkept) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut requests = 0;
    for _ in 0..ROUNDS {
        let before = waiting.requests() + MODELS.len();
        by_belay.push(waiting.by_belay(belay)?);
        requests = waiting.requests() - before;
        by_one_curl.push(waiting.by_one_curl(requests)?);
        promote(waiting.server, "9")?;
        by_hand.push(waiting.by_script(&[])?);
        unkept.push(at_once.by_belay(belay)?);
    }
    print("belay run, wall ms", &by_belay, |taken| millis(taken.wall));
    print("shell script, wall ms", &by_hand, |taken| millis(taken.wall));
    ratio("belay / script, wall", &by_belay, &by_hand, |taken| taken.wall);
    print("belay run, CPU ms", &by_belay, |taken| millis(taken.cpu));
    print("the same, answered at once", &unkept, |taken| millis(taken.cpu));
    println!("{:28}{requests:5}", "its HTTP requests");
    print("as many of one curl, CPU ms", &by_one_curl, |taken| millis(taken.cpu));
    ratio("belay / one curl, CPU", &by_belay, &by_one_curl, |taken| taken.cpu);
    print("shell script, CPU ms", &by_hand, |taken| millis(taken.cpu));
    ratio("belay / script, CPU", &by_belay, &by_hand, |taken| taken.cpu);
    print("belay run, peak MiB", &by_belay, |taken| {
        f64::from(u32::try_from(taken.peak_kib).unwrap_or(u32::MAX)) / 1024.0
    });
    promote(waiting.server, "9")?;
    syncs(belay, &waiting.workspace)
}

/// How often one run waits for the disk, and for how long; with strace, where there is one.
fn syncs(belay: &Path, workspace: &Path) -> Result<(), Error> {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-T", "-e", "trace=fdatasync,fsync", "-o", "syncs.txt"]).arg(belay).args(RUN);
    if measure(traced.current_dir(workspace)).is_err() {
        println!("strace is not here: syncs are not counted");
        return Ok(());
    }
    let path = workspace.join("syncs.txt");
    let text = fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
    let took = |line: &str| line.rsplit_once('<')?.1.trim_end_matches('>').parse::<f64>().ok();
    // The ledger's barriers are syncs of its write-ahead log with fdatasync; the log's files are published after the seal.
    let barriers = text.lines().filter(|line| line.contains("fdatasync(")).count();
    let seconds: f64 = text.lines().filter_map(took).sum();
    println!("{:28}{barriers:5}", "fdatasync in one run");
    println!("{:28}{:8.2}", "all syncs of one run, ms", seconds * 1_000.0);
    Ok(())
}

fn print(what: &str, taken: &[Taken], figure: impl Fn(&Taken) -> f64) {
    println!("{what:28}{}", spread(taken.iter().map(figure).collect()));
}

/// Of each round's two.
fn ratio(what: &str, by_belay: &[Taken], by_hand: &[Taken], time: impl Fn(&Taken) -> Duration) {
    let ratios =
        by_belay.iter().zip(by_hand).map(|(belay, script)| time(belay).as_secs_f64() / time(script).as_secs_f64());
    println!("{what:28}{}", spread(ratios.collect()));
}

fn command(belay: &Path, workspace: &Path, words: &[&str]) -> Result<Taken, Error> {
    measure(Command::new(belay).args(words).current_dir(workspace))
}

/// Points the alias of each model at a version.
fn promote(server: SocketAddr, version: &str) -> Result<(), Error> {
    for model in MODELS {
        let body = format!("{{\"name\":\"{model}\",\"alias\":\"champion\",\"version\":\"{version}\"}}");
        let post = || -> std::io::Result<()> {
            let mut stream = TcpStream::connect(server)?;
            write!(
                stream,
                "POST /api/2.0/mlflow/registered-models/alias HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )?;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer)
        };
        post().map_err(|source| Error::File { path: "127.0.0.1".into(), source })?;
    }
    Ok(())
}

/// A workspace with three models of one registry.
fn lay(folder: &Path, server: SocketAddr) -> Result<PathBuf, Error> {
    let workspace = folder.join("workspace");
    let resources: String = MODELS
        .iter()
        .map(|model| {
            format!(
                "[[resource]]\nname = \"{model}\"\nplugin = \"mlflow-alias\"\nat = \"registry/{model}@champion\"\n\n"
            )
        })
        .collect();
    let steps: String = MODELS.iter().map(|model| format!("[[stage.step]]\nresource = \"{model}\"\n\n")).collect();
    let config = format!(
        "[workspace]\nname = \"bench\"\nstate = \"../state\"\nkey = \"../bench.key\"\n\n\
         [connection.registry]\nkind = \"http\"\nwrites = [{{ match = \"POST /api/2.0/mlflow/registered-models/alias\", \
         object = [\"/name\", \"/alias\"], at_best = \"reversible\", repeatable = true }}]\n\n\
         [environment.bench.connection]\nregistry = {{ url = \"http://{server}\", allow = [\"loopback\"] }}\n\n\
         [plugin]\nmlflow-alias = {{ path = \"plugins/mlflow_alias.wasm\" }}\n\n\
         [risk]\nbands = [{{ up_to = 100, approvals = 0 }}]\n"
    );
    let set = format!("[feature_set]\nname = \"models\"\nowner = \"bench\"\n\n{resources}");
    let runbook = format!("[runbook]\nname = \"back\"\nsummary = \"Back\"\n\n[[stage]]\nname = \"restore\"\n\n{steps}");
    for (file, text) in [("belay.toml", config), ("features/models.toml", set), ("runbooks/back.toml", runbook)] {
        let path = workspace.join(file);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        made.map_err(|source| Error::File { path, source })?;
    }
    let (from, to) = (repository::target("plugins/mlflow_alias.wasm"), workspace.join("plugins/mlflow_alias.wasm"));
    let copied = fs::create_dir_all(workspace.join("plugins")).and_then(|()| fs::copy(&from, &to));
    copied.map_err(|source| Error::File { path: from, source })?;
    Ok(workspace)
}
