//! What the measuring programs share: entries of 1 KiB, a folder that goes away again, and medians.
#![allow(dead_code, reason = "each program uses a part")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use belay_domain::id::Millis;
use belay_domain::json::Json;
use belay_ledger::{Actor, Draft};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// What one of the entries takes, roughly.
pub(crate) const ENTRY_BYTES: usize = 1024;
/// How many entries a run has.
const ENTRIES_OF_RUN: u64 = 20;

/// Measures in a new folder below the one that the first argument names, and removes it afterwards.
pub(crate) fn in_folder(measure: impl FnOnce(&Path) -> Result<(), Failure>) -> Result<(), Failure> {
    let root = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = root.join(format!("belay-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(&folder);
    std::fs::remove_dir_all(&folder)?;
    measured
}

/// An entry of a kind, of the `n`th of many runs' steps.
pub(crate) fn draft(n: u64, kind: &str, body: serde_json::Value) -> Result<Draft, Failure> {
    let actor = Actor { name: "bench".to_owned(), authenticated_by: "os-user".to_owned(), on_behalf_of: None };
    let mut draft = Draft::new(Millis(1_700_000_000_000), kind, actor, Json::from(&body)?);
    draft.run = Some(format!("r-{}", n / ENTRIES_OF_RUN).parse()?);
    Ok(draft)
}

/// An intent that nothing closes.
pub(crate) fn intent(n: u64) -> Result<Draft, Failure> {
    draft(n, "intent", serde_json::json!({ "n": n, "padding": padding() }))
}

/// What brings an entry to 1 KiB.
pub(crate) fn padding() -> String {
    "x".repeat(ENTRY_BYTES - 230)
}

pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
