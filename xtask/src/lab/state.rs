//! What is known of a lab that is up: `target/lab/up/lab.json`, which the supervisor writes and everybody may read.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::repository;

/// The socket on which the supervisor listens, in the lab's folder. Named from there: a socket's path has at most 107 bytes.
pub(super) const SOCKET: &str = "control";

/// A lab.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// The supervisor's process.
    pub(super) pid: u32,
    /// The systems by name.
    pub(super) systems: BTreeMap<String, SystemState>,
}

/// A system of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SystemState {
    pub(super) condition: Condition,
    /// Where it listens, also while it doesn't.
    pub(super) address: SocketAddr,
    /// The same as `http://…`.
    pub(super) url: String,
    /// Where else of it something listens, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) also: BTreeMap<String, SocketAddr>,
    /// Its folder, with its log.
    pub(super) folder: PathBuf,
    /// How long it took to start, in milliseconds.
    pub(super) took_ms: Option<u64>,
    /// Tokens by name.
    #[serde(flatten)]
    pub(super) secrets: BTreeMap<String, String>,
}

/// What the supervisor last did with a system.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Condition {
    /// It waits for others, or is on its way.
    Starting,
    /// It answered.
    Ready,
    /// Somebody stopped it.
    Stopped,
    /// It did not start, and why.
    Failed(String),
}

/// Names another folder for a lab that is up than `target/lab/up`. It stands in the environment of every process of a
/// lab, whose folder it names.
pub(super) const FOLDER: &str = "BELAY_LAB_UP";

/// The folder of a lab that is up. Each clone has its own, also where they share what is installed.
pub(super) fn folder() -> PathBuf {
    let named = std::env::var_os(FOLDER).filter(|path| !path.is_empty());
    named.map_or_else(|| repository::target("lab").join("up"), PathBuf::from)
}

impl State {
    /// What was last written; nothing where there is no lab, or only half of one.
    pub(super) fn read(up: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(up.join("lab.json")).ok()?).ok()
    }

    /// Replaces what was written before, whole.
    pub(super) fn write(&self, up: &Path) -> io::Result<()> {
        let (fresh, path) = (up.join("lab.json.new"), up.join("lab.json"));
        fs::write(&fresh, serde_json::to_vec_pretty(self)?)?;
        fs::rename(fresh, path)
    }
}

/// The lab that is up.
///
/// # Errors
/// None is, in words for people.
pub(crate) fn present() -> Result<State, String> {
    State::read(&folder()).ok_or_else(|| "no lab is up\nhelp: cargo xtask lab up".to_owned())
}

/// Does what may panic: the lab's helpers end a test so, and here that is the end of a command.
pub(crate) fn caught<T>(act: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| Err(said(&*panic)))
}

/// What a panic said.
pub(super) fn said(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().cloned();
    said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
