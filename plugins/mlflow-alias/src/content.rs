//! What must be equal for an alias to be as it was: the version that it stands at, and what that version is made of.

use belay_sdk::{Fault, State};
use serde::{Deserialize, Serialize};

use crate::artifacts::{self, Artifact, Place};
use crate::registry::{Registry, Run, Tag, Version};

/// An alias's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The version that it stands at.
    pub(crate) version: String,
    /// The run that made the version, where one did.
    pub(crate) run: Option<String>,
    /// Where the version was registered from.
    pub(crate) source: String,
    /// The datasets that the run recorded, by name and digest; nothing where there is no run.
    pub(crate) inputs: Option<Vec<Input>>,
    /// The version's files; nothing where they are not looked at or can't be.
    pub(crate) artifacts: Option<Vec<Artifact>>,
}

/// A dataset that a run read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Input {
    name: String,
    digest: String,
}

/// What moves when somebody touches the alias or the version that it stands at.
#[derive(Debug, Serialize)]
struct Revision<'a> {
    version: &'a str,
    updated: Option<u64>,
}

/// A version with what it is made of.
pub(crate) struct Described {
    pub(crate) version: Version,
    pub(crate) content: Content,
    /// Where its artifacts are; nothing where they are not looked at.
    pub(crate) place: Option<Place>,
    /// What the run that made it wrote down, if one did.
    pub(crate) run_tags: Vec<Tag>,
}

impl Described {
    /// Describes a version. That artifacts are gone or elsewhere is part of the description, not a fault: what is
    /// there now may be broken.
    pub(crate) fn of(registry: &Registry, model: &str, version: Version) -> Result<Self, Fault> {
        let id = Some(version.run_id.as_str()).filter(|id| !id.is_empty());
        let run = id.map_or(Ok(None), |id| registry.run(id))?;
        let place =
            if registry.artifacts { Some(Place::find(registry, model, &version, id.zip(run.as_ref()))?) } else { None };
        let artifacts = match &place {
            Some(Place::Served(folder)) => Some(artifacts::list(registry, folder)?),
            Some(Place::Elsewhere(_)) | None => None,
        };
        let content = Content {
            version: version.version.clone(),
            run: id.map(str::to_owned),
            source: version.source.clone(),
            inputs: run.as_ref().map(inputs),
            artifacts,
        };
        let run_tags = run.map(|run| run.data.tags).unwrap_or_default();
        Ok(Self { version, content, place, run_tags })
    }

    /// As a state.
    pub(crate) fn state(&self) -> Result<State, Fault> {
        let version = self.version.version.as_str();
        let revision = Revision { version, updated: self.version.last_updated_timestamp };
        State::of(label(version), &self.content, &revision)
    }
}

/// What people call a version.
pub(crate) fn label(version: &str) -> String {
    format!("v{version}")
}

fn inputs(run: &Run) -> Vec<Input> {
    let recorded = run.inputs.dataset_inputs.iter().map(|input| &input.dataset);
    let mut inputs: Vec<Input> =
        recorded.map(|dataset| Input { name: dataset.name.clone(), digest: dataset.digest.clone() }).collect();
    inputs.sort();
    inputs.dedup();
    inputs
}

impl Content {
    /// How a version differs from what was pinned, for people; nothing where it is the same.
    pub(crate) fn difference(&self, pinned: &Self) -> Option<String> {
        if self == pinned {
            return None;
        }
        let mut what = Vec::new();
        if (&self.version, &self.run, &self.source) != (&pinned.version, &pinned.run, &pinned.source) {
            what.push("it was registered anew, from another run or source".to_owned());
        }
        if self.inputs != pinned.inputs {
            what.push("its run or that run's datasets changed".to_owned());
        }
        match (&self.artifacts, &pinned.artifacts) {
            (Some(now), Some(then)) => what.extend(changed_files(now, then)),
            (None, Some(_)) => what.push("its artifacts are not looked at or can't be read any more".to_owned()),
            (Some(_), None) => what.push("its artifacts were not looked at when it was pinned".to_owned()),
            (None, None) => {}
        }
        Some(what.join("; "))
    }
}

fn changed_files(now: &[Artifact], then: &[Artifact]) -> Vec<String> {
    let find = |files: &[Artifact], path: &str| files.iter().find(|file| file.path == path).map(|file| file.size);
    let lost = then.iter().filter_map(|file| match find(now, &file.path) {
        None => Some(format!("artifact `{}` is gone", file.path)),
        Some(size) if size != file.size => {
            Some(format!("artifact `{}` has {size} bytes instead of {}", file.path, file.size))
        }
        Some(_) => None,
    });
    let new = now.iter().filter(|file| find(then, &file.path).is_none());
    lost.chain(new.map(|file| format!("artifact `{}` is new", file.path))).take(5).collect()
}
