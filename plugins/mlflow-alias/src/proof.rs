//! The bytes of a version's artifacts, by digest: taken when a point is captured, compared before a write is proposed.
//! The host streams them; they never come here.

use std::collections::BTreeMap;

use belay_sdk::{Fault, http::Digested};
use serde::{Deserialize, Serialize};

use crate::content::Described;
use crate::registry::Registry;

/// What a pin of an alias proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    /// The SHA-256 of each artifact, in lower-case hex, by its path.
    sha256: BTreeMap<String, String>,
    /// What was written down about the version and the run that made it, for guardrails. It is compared with nothing: a
    /// tag may be added later.
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// Tags of MLflow's own begin so; they tell of the machine, not of what the model is made from.
const MLFLOW: &str = "mlflow.";
/// The most tags that a pin keeps, and the most bytes of one.
const MOST: (usize, usize) = (100, 500);

impl Proof {
    /// Digests a version's artifacts; nothing where they are not looked at. A version without any is not there.
    pub(crate) fn take(registry: &Registry, of: &Described) -> Result<Option<Self>, Fault> {
        let Some(place) = &of.place else { return Ok(None) };
        let root = place.served()?;
        let files = of.content.artifacts.as_deref().unwrap_or_default();
        if files.is_empty() {
            return Err(Fault::Missing(format!(
                "the artifacts of version {} are gone: nothing is left at `{root}`",
                of.version.version
            )));
        }
        let digest = |path: &str, size: u64| {
            let gone = || Fault::Missing(format!("artifact `{path}` of version {} is gone", of.version.version));
            let digested = registry.digest(&format!("{root}/{path}"))?.ok_or_else(gone)?;
            check_size(path, size, &digested)?;
            Ok((path.to_owned(), digested.sha256))
        };
        let sha256 = files.iter().map(|file| digest(&file.path, file.size)).collect::<Result<_, Fault>>()?;
        Ok(Some(Self { sha256, tags: tags(of) }))
    }

    /// Refuses artifacts whose bytes are not those of the pin.
    pub(crate) fn check_against(&self, pinned: &Self, version: &str) -> Result<(), Fault> {
        let changed = pinned.sha256.iter().find(|(path, digest)| self.sha256.get(*path) != Some(digest));
        match changed {
            Some((path, _)) => Err(Fault::Missing(format!(
                "the bytes of artifact `{path}` of version {version} are not those that were pinned"
            ))),
            None => Ok(()),
        }
    }
}

/// What was written down, the version's own words above its run's.
fn tags(of: &Described) -> BTreeMap<String, String> {
    let all = of.run_tags.iter().chain(&of.version.tags);
    let kept = all.filter(|tag| !tag.key.starts_with(MLFLOW) && tag.value.len() <= MOST.1);
    let kept: BTreeMap<_, _> = kept.map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    kept.into_iter().take(MOST.0).collect()
}

fn check_size(path: &str, listed: u64, digested: &Digested) -> Result<(), Fault> {
    if digested.size == listed {
        return Ok(());
    }
    Err(Fault::Unexpected(format!("artifact `{path}` is listed with {listed} bytes, but {} came", digested.size)))
}
