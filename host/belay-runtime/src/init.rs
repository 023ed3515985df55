//! A new workspace, and the state of one that has none.

use std::fs;
use std::path::{Path, PathBuf};

use belay_ledger::Ledger;

use crate::api::{Error, Requester};
use crate::host;
use crate::ledger;
use crate::record::Cause;
use crate::workspace::{self, Workspace};

const CONFIG: &str = include_str!("init/belay.toml");
const FEATURE_SET: &str = include_str!("init/feature_set.toml");
const RUNBOOK: &str = include_str!("init/runbook.toml");

/// Makes what is not there: in an empty folder the files of a workspace to start from; in every workspace its state,
/// with a new ledger and its key. Says what it made; what is there stays as it is.
pub fn init(folder: &Path, name: &str, requester: &Requester) -> Result<Vec<PathBuf>, Error> {
    let mut made = Vec::new();
    if !folder.join(workspace::FILE).exists() {
        name.parse::<belay_domain::id::FeatureSetName>().map_err(|error| Error::usage(error.to_string()))?;
        for (file, text) in
            [("features/example.toml", FEATURE_SET), ("runbooks/turn-off.toml", RUNBOOK), (workspace::FILE, CONFIG)]
        {
            made.extend(write(&folder.join(file), &text.replace("{name}", name))?);
        }
    }
    let workspace = Workspace::load(folder).map_err(host::problems)?;
    if !workspace.state.join("ledger.db").exists() {
        if let Some(parent) = workspace.key.parent() {
            fs::create_dir_all(parent).map_err(|error| cant(parent, &error))?;
        }
        let new = Ledger::init(&workspace.state, &workspace.key, &workspace.origin);
        let new = new.map_err(|error| ledger::error(&error).changed("no ledger was made"))?;
        let draft = Cause::of(requester).draft("ledger.begun", serde_json::json!({ "origin": workspace.origin }))?;
        new.append(draft).map_err(|error| ledger::error(&error))?;
        new.publish().map_err(|error| ledger::error(&error))?;
        made.extend([workspace.state.join("ledger.db"), workspace.key.clone()]);
    }
    Ok(made)
}

fn write(path: &Path, text: &str) -> Result<Option<PathBuf>, Error> {
    if path.exists() {
        return Ok(None);
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| cant(parent, &error))?;
    }
    fs::write(path, text).map_err(|error| cant(path, &error))?;
    Ok(Some(path.to_path_buf()))
}

fn cant(path: &Path, error: &std::io::Error) -> Error {
    Error::failed(format!("{} can't be made: {error}", path.display()))
}
