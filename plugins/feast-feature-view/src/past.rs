//! What a feature view is, and the versions that Feast keeps of it. Feast writes down when a version was made, not when it
//! was pinned.

use std::collections::BTreeMap;

use belay_sdk::{Fault, Past, State};
use feast_sidecar::{Column, Sidecar, Version, View, label, parse_label};

use crate::Config;
use crate::content::{self, Content, Revision};

/// The view as it is now.
pub(crate) fn present(sidecar: &Sidecar, config: &Config) -> Result<State, Fault> {
    content::state(&View::now(sidecar)?, config)
}

/// A version that Feast keeps, by its number.
pub(crate) fn version(sidecar: &Sidecar, wanted: &str) -> Result<State, Fault> {
    let number = parse_label(wanted)?;
    kept(View::now(sidecar)?.kept(number, sidecar.view_name())?)
}

/// The latest version that was there at a moment.
pub(crate) fn at(sidecar: &Sidecar, moment: u64) -> Result<State, Fault> {
    let view = View::now(sidecar)?;
    let then = view.versions.iter().filter(|version| version.at <= moment).max_by_key(|version| version.version);
    let missing = || Fault::Missing(format!("`{}` had no version at that moment", sidecar.view_name()));
    kept(then.ok_or_else(missing)?)
}

/// A version with every service on it.
fn kept(version: &Version) -> Result<State, Fault> {
    let content = Content { version: version.version, definition: version.definition.clone(), astray: BTreeMap::new() };
    let revision = Revision { follows: label(version.version), services: BTreeMap::new() };
    State::of(label(version.version), &content, &revision)
}

/// The versions that Feast keeps, the latest first.
pub(crate) fn history(sidecar: &Sidecar, limit: u32) -> Result<Vec<Past>, Fault> {
    let view = View::now(sidecar)?;
    let latest_first = view.versions.iter().enumerate().rev().take(limit as usize);
    let told = latest_first.map(|(place, version)| {
        let before = place.checked_sub(1).and_then(|place| view.versions.get(place));
        let mut words = vec![changes(version, before)];
        words.extend((version.version == view.version).then(|| "served now".to_owned()));
        Past { version: label(version.version), at: Some(version.at), summary: words.join(" · ") }
    });
    Ok(told.collect())
}

fn changes(version: &Version, before: Option<&Version>) -> String {
    let Some(before) = before else { return format!("{} features", version.features.len()) };
    let named = |columns: &[Column], name: &str| columns.iter().find(|column| column.name == name).cloned();
    let new = version.features.iter().filter(|column| named(&before.features, &column.name).is_none());
    let gone = before.features.iter().filter(|column| named(&version.features, &column.name).is_none());
    let other = version
        .features
        .iter()
        .filter(|column| named(&before.features, &column.name).is_some_and(|then| then != **column));
    let list = |sign: &str, columns: Vec<&Column>| -> Vec<String> {
        columns.into_iter().map(|column| format!("{sign}{}", column.name)).collect()
    };
    let words = [list("+", new.collect()), list("−", gone.collect()), list("~", other.collect())].concat();
    if words.is_empty() { "the same features".to_owned() } else { words.join(" ") }
}
