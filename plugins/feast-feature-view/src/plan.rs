//! The writes that take a feature view along a path of pinned states: one for each, which pins the version and puts the
//! services on it. The sidecar does it only while the view and its services are what this plan saw.

use std::collections::BTreeMap;

use belay_sdk::{Change, Desired, Fault, NoAttributes, Operation, Pin, Reversibility, State, json};
use feast_sidecar::{Projections, Sidecar, Version, View, label};
use serde::Serialize;

use crate::Config;
use crate::content::{self, Content, Revision};
use crate::services;

/// What the sidecar's `pin` is asked.
#[derive(Serialize)]
struct Asked<'a> {
    version: u32,
    definition: &'a str,
    expect: &'a str,
    services: &'a BTreeMap<String, Projections>,
}

/// One change for each desired state.
pub(crate) fn plan(
    sidecar: &Sidecar,
    config: &Config,
    observed: &State,
    path: Vec<Desired<NoAttributes>>,
) -> Result<Vec<Change>, Fault> {
    let view = View::now(sidecar)?;
    let now = content::state(&view, config)?;
    if !json::same(&now.content, &observed.content) {
        return Err(Fault::Unavailable(format!("`{}` changed while it was planned", sidecar.view_name())));
    }
    match path.as_slice() {
        [] => Ok(Vec::new()),
        [Desired::Pinned(pin)] if json::same(&pin.state.content, &now.content) => Ok(vec![Change::nothing()]),
        [Desired::Pinned(pin)] => Ok(vec![change(sidecar, config, &view, &now, pin)?]),
        [Desired::Attributes(never)] => match *never {},
        // Each pin names what the one before left, which only Feast can tell.
        [_, _, ..] => Err(Fault::Unsupported("a feature view goes to one version at a time".to_owned())),
    }
}

fn change(sidecar: &Sidecar, config: &Config, view: &View, from: &State, pin: &Pin) -> Result<Change, Fault> {
    let wanted: Content = pin.state.content()?;
    let kept = kept(sidecar, view, &wanted)?;
    let present = content::taken_along(view, config);
    let services = put_back(sidecar, &present, kept, &wanted, &pin.state.revision::<Revision>()?)?;
    let asked =
        Asked { version: wanted.version, definition: &wanted.definition, expect: &view.etag, services: &services };
    let operation = Operation {
        summary: format!("feature view {}: {} → {}", sidecar.view_name(), from.version, pin.state.version),
        write: sidecar.write("/pin", &asked)?,
        yields: pin.state.content.clone(),
        reversibility: reversibility(view),
        touches: 1 + services.len() as u64,
    };
    let notes = notes(sidecar, view, &present, &services, config);
    Ok(Change { operations: vec![operation], factors: Vec::new(), loss: None, notes })
}

/// The version as Feast keeps it, if that is what was pinned.
fn kept<'a>(sidecar: &Sidecar, view: &'a View, wanted: &Content) -> Result<&'a Version, Fault> {
    let kept = view.kept(wanted.version, sidecar.view_name())?;
    if kept.definition == wanted.definition {
        return Ok(kept);
    }
    Err(Fault::Missing(format!(
        "{} of `{}` as it was pinned is not in Feast's history: Feast keeps a version for a changed schema only, and \
         something else, such as the TTL or the source, was changed after it was made; apply that definition again",
        label(wanted.version),
        sidecar.view_name()
    )))
}

/// What each service gets: exactly what it had where that is known, otherwise the version's own features.
fn put_back(
    sidecar: &Sidecar,
    present: &BTreeMap<String, Projections>,
    kept: &Version,
    wanted: &Content,
    then: &Revision,
) -> Result<BTreeMap<String, Projections>, Fault> {
    if let Some(gone) = wanted.astray.keys().find(|name| !present.contains_key(*name)) {
        return Err(Fault::Missing(format!("feature service `{gone}` uses `{}` no more", sidecar.view_name())));
    }
    let mut services = BTreeMap::new();
    for (name, now) in present {
        let wanted = match wanted.astray.get(name) {
            Some(astray) => astray.clone(),
            None => services::bound(name, then.services.get(name).unwrap_or(now), kept)?,
        };
        if wanted != *now {
            services.insert(name.clone(), wanted);
        }
    }
    Ok(services)
}

/// A definition that Feast does not keep can't be pinned again.
fn reversibility(view: &View) -> Reversibility {
    match view.kept(view.version, "") {
        Ok(kept) if kept.definition == view.definition => Reversibility::Reversible,
        Ok(_) | Err(_) => Reversibility::Recoverable,
    }
}

fn notes(
    sidecar: &Sidecar,
    view: &View,
    present: &BTreeMap<String, Projections>,
    services: &BTreeMap<String, Projections>,
    config: &Config,
) -> Vec<String> {
    let name = sidecar.view_name();
    let mut notes = Vec::new();
    if reversibility(view) == Reversibility::Recoverable {
        let version = label(view.version);
        notes.push(format!(
            "the present definition of `{name}` is not {version} as Feast keeps it: undo can't bring it back"
        ));
    }
    for (service, after) in services {
        notes.extend(present.get(service).and_then(|before| services::lost(service, before, after)));
    }
    let apart = view.services.keys().filter(|service| config.apart.contains(service));
    notes.extend(apart.map(|service| format!("feature service `{service}` keeps what it serves")));
    notes.extend(view.derived.iter().map(|odfv| format!("on-demand feature view `{odfv}` reads `{name}`: look at it")));
    notes.push(format!(
        "the next `feast apply` of a repository with another definition of `{name}` makes a new version"
    ));
    notes
}
