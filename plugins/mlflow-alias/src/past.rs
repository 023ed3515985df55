//! The versions that an alias stands at and can stand at. MLflow remembers no alias's past: a rollback point does.

use belay_sdk::{Fault, Past, Pin, State, json};

use crate::alias::Alias;
use crate::content::{Described, label};
use crate::proof::Proof;
use crate::registry::{Registry, Version};

/// As many versions as MLflow gives at once without strain.
const PAGE: u32 = 100;

/// Where the alias stands now.
pub(crate) fn present(registry: &Registry, alias: &Alias) -> Result<State, Fault> {
    match registry.aliased(alias)? {
        Some(version) => Described::of(registry, &alias.model, version)?.state(),
        None => absent(),
    }
}

fn absent() -> Result<State, Fault> {
    State::of("absent", &(), &())
}

/// Where the alias stands now, with its artifacts' digests.
pub(crate) fn locate_present(registry: &Registry, alias: &Alias) -> Result<Pin, Fault> {
    match registry.aliased(alias)? {
        Some(version) => proven(registry, alias, version),
        None => Ok(Pin::without_proof(absent()?)),
    }
}

/// A version by its number, with its artifacts' digests.
pub(crate) fn locate_version(registry: &Registry, alias: &Alias, label: &str) -> Result<Pin, Fault> {
    let digits = label.strip_prefix('v').unwrap_or(label);
    let number = digits
        .parse()
        .map_err(|_| Fault::Invalid(format!("`{label}` is not a version of a model, as in `8` or `v8`")))?;
    proven(registry, alias, registry.version(&alias.model, number)?)
}

fn proven(registry: &Registry, alias: &Alias, version: Version) -> Result<Pin, Fault> {
    check_ready(&version)?;
    let described = Described::of(registry, &alias.model, version)?;
    let proof = Proof::take(registry, &described)?;
    Ok(Pin { state: described.state()?, proof: json::text(&proof)? })
}

/// Refuses a version that MLflow has not finished registering.
pub(crate) fn check_ready(version: &Version) -> Result<(), Fault> {
    if version.status == "READY" {
        return Ok(());
    }
    Err(Fault::Missing(format!("version {} is {}", version.version, version.status)))
}

/// The model's versions, the latest first.
pub(crate) fn history(registry: &Registry, alias: &Alias, limit: u32) -> Result<Vec<Past>, Fault> {
    let mut past: Vec<Past> = Vec::new();
    let mut token = String::new();
    while past.len() < limit as usize {
        let page = registry.versions(&alias.model, limit.min(PAGE), &token)?;
        past.extend(page.model_versions.iter().map(told));
        if page.next_page_token.is_empty() || page.next_page_token == token {
            break;
        }
        token = page.next_page_token;
    }
    past.truncate(limit as usize);
    Ok(past)
}

fn told(version: &Version) -> Past {
    let run = (!version.run_id.is_empty()).then(|| format!("run {}", version.run_id));
    let status = (version.status != "READY").then(|| version.status.clone());
    let description = version.description.lines().next().map(str::to_owned).filter(|line| !line.is_empty());
    let words: Vec<String> = [status, description, run].into_iter().flatten().collect();
    Past { version: label(&version.version), at: version.creation_timestamp, summary: words.join(" · ") }
}
