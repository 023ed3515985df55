//! What a mandate is bound to, held against what is there now: the rules, the runbook, the feature set, the plugins. People
//! agreed to these and to no others. Names each that changed; never decides what a plan may do.

use belay_domain::digest::Digest;
use belay_domain::fallback::Fallback;
use belay_domain::governance;
use belay_domain::json::{self, Json};
use belay_domain::mandate::{Mandate, Named};

use crate::api::{Ending, Error};
use crate::host::Host;
use crate::standing;
use crate::words::whole_run;
use crate::workspace::Workspace;

/// How many differences of the rules are named.
const NAMED: usize = 4;

/// Refuses where anything changed that a mandate names. `what` is what it is about: `r-77`, `the package`.
pub(crate) fn hold(host: &Host, workspace: &Workspace, mandate: &Mandate, what: &str) -> Result<(), Error> {
    let changed = changed(host, workspace, mandate)?;
    if changed.is_empty() {
        return Ok(());
    }
    Err(outside(&changed, what).next(format!("put it back as it was, or ask anew: {}", whole_run(mandate))))
}

/// Refuses where the rules changed: nothing may go on under others.
pub(crate) fn hold_rules(host: &Host, mandate: &Mandate) -> Result<(), Error> {
    let changed = rules(host, &host.workspace, mandate)?;
    if changed.is_empty() {
        return Ok(());
    }
    Err(outside(&changed, mandate.run.as_str())
        .next("put the workspace's files back as they were, or abort the run and begin another"))
}

fn outside(changed: &[String], what: &str) -> Error {
    let what = format!("{what} is outside its mandate: {}", changed.join("; "));
    Error::new(Ending::OutsideMandate, what).changed("nothing was changed by this command")
}

/// Each thing that is not as the mandate names it, for people.
fn changed(host: &Host, workspace: &Workspace, mandate: &Mandate) -> Result<Vec<String>, Error> {
    let mut changed = Vec::new();
    let alternate = match &mandate.on_failure {
        Fallback::Runbook(alternate) => Some(&alternate.runbook),
        Fallback::Halt | Fallback::Undo(_) => None,
    };
    for runbook in std::iter::once(&mandate.runbook).chain(alternate) {
        let found = workspace.runbooks.get(&runbook.name).map(json::digest_of);
        changed.extend(differs("the runbook", runbook, found));
    }
    let set = &mandate.feature_set;
    let found = workspace.feature_sets.get(&set.name).map(json::digest_of);
    changed.extend(differs("the target, the feature set", set, found));
    changed.extend(rules(host, workspace, mandate)?);
    Ok(changed)
}

fn differs<N: std::fmt::Display>(
    what: &str,
    named: &Named<N>,
    found: Option<Result<Digest, json::NotCanonical>>,
) -> Option<String> {
    let name = &named.name;
    match found {
        None => Some(format!("{what} `{name}` is gone")),
        Some(Ok(found)) if found == named.digest => None,
        Some(Ok(found)) => {
            Some(format!("{what} `{name}` is {}, the mandate names {}", found.short(), named.digest.short()))
        }
        Some(Err(error)) => Some(format!("{what} `{name}` has no digest: {error}")),
    }
}

/// How the rules differ from those of the mandate: each plugin by its name, the rest line by line.
fn rules(host: &Host, workspace: &Workspace, mandate: &Mandate) -> Result<Vec<String>, Error> {
    let pinned = |name| workspace.lock.plugin.get(name).map(|pinned| pinned.digest);
    let plugins = mandate.components.iter().filter_map(|(name, bound)| match pinned(name) {
        Some(found) if found == *bound => None,
        Some(found) => Some(format!("the plugin `{name}` is {}, the mandate names {}", found.short(), bound.short())),
        None => Some(format!("the plugin `{name}` is pinned no more")),
    });
    let mut changed: Vec<String> = plugins.collect();
    let now = standing::governance_of(host, workspace)?;
    if now.digest() != mandate.governance {
        let found = before(host, &mandate.governance).map(|before| governance::changes(&before, &now));
        let found = found.unwrap_or_default();
        let mut lines: Vec<_> = found
            .iter()
            .filter(|change| !change.path.starts_with("plugins"))
            .take(NAMED)
            .map(ToString::to_string)
            .collect();
        if lines.is_empty() && changed.is_empty() {
            lines.push(format!("it is {}, the mandate names {}", now.digest().short(), mandate.governance.short()));
        }
        if !lines.is_empty() {
            changed.push(format!("the governance changed: {}", lines.join(", ")));
        }
    }
    Ok(changed)
}

/// The rules that a mandate was made under, as the ledger has kept them.
fn before(host: &Host, digest: &Digest) -> Option<Json> {
    let bytes = host.ledger.object(digest).ok().flatten()?;
    Json::parse_bytes(&bytes).ok()
}
