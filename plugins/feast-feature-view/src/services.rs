//! Feature services that use a view: whether they serve its version, and how they are made to.
//!
//! Feast 0.67 serves a service that names no version from the first version's values, whatever the view is at, and answers
//! 500 for one that has a feature which the view has not.

use belay_sdk::Fault;
use feast_sidecar::{Column, Projection, Projections, Version, View, label};

/// Whether a service serves the version that the view is at, with features as that version has them.
pub(crate) fn serve(projections: &Projections, view: &View) -> bool {
    let Ok(kept) = view.kept(view.version, "") else { return false };
    projections.iter().all(|projection| {
        projection.version.unwrap_or(0) == view.version
            && projection.features.iter().all(|feature| kept.features.contains(feature))
    })
}

/// The same service on a version: bound to it, with the features that this version has too, as it has them.
pub(crate) fn bound(name: &str, projections: &Projections, to: &Version) -> Result<Projections, Fault> {
    projections.iter().map(|projection| bound_one(name, projection, to)).collect()
}

fn bound_one(name: &str, projection: &Projection, to: &Version) -> Result<Projection, Fault> {
    let wanted = |feature: &&Column| projection.features.iter().any(|used| used.name == feature.name);
    let features: Vec<Column> = to.features.iter().filter(wanted).cloned().collect();
    if features.is_empty() {
        return Err(Fault::Unsupported(format!(
            "feature service `{name}` uses no feature that {} has: delete it, or list it under `apart`",
            label(to.version)
        )));
    }
    Ok(Projection { version: Some(to.version), features, ..projection.clone() })
}

/// The features that a service loses, for people; nothing where it keeps all.
pub(crate) fn lost(name: &str, before: &Projections, after: &Projections) -> Option<String> {
    let names = |projections: &Projections| -> Vec<String> {
        projections.iter().flat_map(|projection| &projection.features).map(|feature| feature.name.clone()).collect()
    };
    let kept = names(after);
    let lost: Vec<String> = names(before).into_iter().filter(|feature| !kept.contains(feature)).collect();
    (!lost.is_empty()).then(|| format!("feature service `{name}` no longer serves {}", lost.join(", ")))
}
