//! Where a version's artifacts are and what is there. Only what the server itself hands out counts: what lies in a
//! bucket or on a disk that MLflow only names can't be read through it.

use belay_sdk::Fault;
use serde::{Deserialize, Serialize};

use crate::registry::{Registry, Run, Version};

/// A listing longer than this is not taken into a state.
const MAX_FILES: usize = 2_000;
/// So many folders are looked into.
const MAX_FOLDERS: usize = 200;

/// A file of a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Artifact {
    /// Below the version's folder.
    pub(crate) path: String,
    /// In bytes.
    pub(crate) size: u64,
}

/// Where artifacts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this folder of those that the server hands out.
    Served(String),
    /// Somewhere that only its URI names.
    Elsewhere(String),
}

impl Place {
    /// Finds the place of a version from what the registry calls its artifacts. `mlflow-artifacts:` names a folder that
    /// the server hands out; `runs:` is resolved by its run; `models:` by the registry, which keeps any other source as it
    /// is, so that nobody need ask.
    pub(crate) fn find(
        registry: &Registry,
        model: &str,
        version: &Version,
        run: Option<(&str, &Run)>,
    ) -> Result<Self, Fault> {
        let resolved = version.source.starts_with("models:") || version.source.is_empty();
        let uri = if resolved {
            let Some(uri) = registry.download_uri(model, &version.version)? else {
                return Ok(Self::Elsewhere(format!("models:/{model}/{}", version.version)));
            };
            uri
        } else {
            version.source.clone()
        };
        let Some(in_run) = uri.strip_prefix("runs:/") else { return Ok(Self::of(&uri)) };
        let (id, path) = in_run.split_once('/').unwrap_or((in_run, ""));
        let root = match run {
            Some((known, run)) if known == id => Some(run.info.artifact_uri.clone()),
            Some(_) | None => registry.run(id)?.map(|run| run.info.artifact_uri),
        };
        Ok(root.map_or_else(|| Self::Elsewhere(uri.clone()), |root| Self::of(&format!("{root}/{path}"))))
    }

    fn of(uri: &str) -> Self {
        match uri.strip_prefix("mlflow-artifacts:/") {
            // With a host it may be another server's.
            Some(path) if !path.starts_with('/') => Self::Served(path.trim_end_matches('/').to_owned()),
            Some(_) | None => Self::Elsewhere(uri.to_owned()),
        }
    }

    /// The folder, or that it can't be read here.
    pub(crate) fn served(&self) -> Result<&str, Fault> {
        match self {
            Self::Served(folder) => Ok(folder),
            Self::Elsewhere(uri) => Err(Fault::Unsupported(format!(
                "the artifacts are at `{uri}`, which the server does not hand out, so nothing can tell whether they \
                 are there; `artifacts = false` does without"
            ))),
        }
    }
}

/// All files below a folder, by path. Nothing there: none.
pub(crate) fn list(registry: &Registry, root: &str) -> Result<Vec<Artifact>, Fault> {
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    let mut looked_into = 0;
    while let Some(folder) = folders.pop() {
        looked_into += 1;
        for found in registry.list(&format!("{root}{folder}"))? {
            let path = format!("{folder}/{}", found.path);
            if found.is_dir {
                folders.push(path);
            } else {
                files.push(Artifact { path: path.trim_start_matches('/').to_owned(), size: found.file_size });
            }
        }
        if files.len() > MAX_FILES || looked_into + folders.len() > MAX_FOLDERS {
            return Err(Fault::Unsupported(format!(
                "the version has more than {MAX_FILES} artifacts or {MAX_FOLDERS} folders; `artifacts = false` does \
                 without"
            )));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_server_hands_out_is_served() {
        assert_eq!(
            Place::of("mlflow-artifacts:/1/abc/artifacts/model"),
            Place::Served("1/abc/artifacts/model".to_owned())
        );
        for uri in ["s3://bucket/model", "mlflow-artifacts://other:5000/1/a", "file:///tmp/a", "/tmp/a", "models:/m-1"]
        {
            let fault = Place::of(uri).served().map(str::to_owned).unwrap_err();
            assert!(matches!(&fault, Fault::Unsupported(why) if why.contains(uri)), "{fault:?}");
        }
    }
}
