//! What must be equal for a feature view to be as it was, and what else is known of it.

use std::collections::BTreeMap;

use belay_sdk::{Fault, State};
use feast_sidecar::{Projections, View, label};
use serde::{Deserialize, Serialize};

use crate::Config;
use crate::services;

/// A feature view's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The version that is served under the view's name.
    pub(crate) version: u32,
    /// Its definition's digest.
    pub(crate) definition: String,
    /// The feature services that don't serve this version whole, and what they serve instead. Those that do are as they
    /// should be, however many there are: a service that came later is no difference.
    pub(crate) astray: BTreeMap<String, Projections>,
}

/// What moves when somebody touches the view or a service that uses it. Not when it is materialised: that changes its
/// values, not itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revision {
    /// `latest`, or the version that the view is pinned to.
    pub(crate) follows: String,
    /// How each service uses the view: what a service is put back to.
    pub(crate) services: BTreeMap<String, Projections>,
}

/// The view as a state.
pub(crate) fn state(view: &View, config: &Config) -> Result<State, Fault> {
    let services = taken_along(view, config);
    let content = content(view, &services);
    let mut words = vec![label(view.version)];
    if view.kept(view.version, "").map(|kept| &kept.definition) != Ok(&view.definition) {
        words.push("changed since".to_owned());
    }
    if !content.astray.is_empty() {
        words.push(format!("{} of {} services astray", content.astray.len(), services.len()));
    }
    State::of(words.join(", "), &content, &Revision { follows: view.follows.clone(), services })
}

/// What is equal to other states of the view.
pub(crate) fn content(view: &View, services: &BTreeMap<String, Projections>) -> Content {
    let astray = services.iter().filter(|(_, projections)| !services::serve(projections, view));
    Content {
        version: view.version,
        definition: view.definition.clone(),
        astray: astray.map(|(name, projections)| (name.clone(), projections.clone())).collect(),
    }
}

/// The services that go back with the view.
pub(crate) fn taken_along(view: &View, config: &Config) -> BTreeMap<String, Projections> {
    let services = view.services.iter().filter(|(name, _)| !config.apart.contains(name));
    services.map(|(name, projections)| (name.clone(), projections.clone())).collect()
}
