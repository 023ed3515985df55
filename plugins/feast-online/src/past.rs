//! The values that are stored, and those that were: the batch source is their history.

use belay_sdk::{Fault, Past, Pin, State, json};
use feast_sidecar::{Preview, View, label, parse_label};

use crate::config::Values;
use crate::content::{self, Content, Proof, difference};

/// What the online store has now, of the version that the view is at.
pub(crate) fn present(values: &Values) -> Result<State, Fault> {
    content::stored(values.sidecar.online(values.entities)?)
}

/// What the online store has now, if materialising can bring it back.
pub(crate) fn locate_present(values: &Values) -> Result<Pin, Fault> {
    let found = values.sidecar.online(values.entities)?;
    let until = found.now;
    let state = content::stored(found)?;
    let Content { version, rows } = state.content()?;
    let preview = values.sidecar.preview(values.entities, version, &values.window(until))?;
    match difference(&preview.rows, &rows) {
        None => pin(state, &preview, until),
        Some(difference) => Err(Fault::Unsupported(format!(
            "materialising can't bring these values back, as they were pushed, or the batch source is ahead of them or \
             behind: {difference}"
        ))),
    }
}

/// What materialising a version now would give.
pub(crate) fn locate_version(values: &Values, wanted: &str) -> Result<Pin, Fault> {
    let until = values.sidecar.online(values.entities)?.now;
    from_source(values, parse_label(wanted)?, until)
}

/// What materialising gave at a moment, of the version that the view is at.
pub(crate) fn locate_at(values: &Values, moment: u64) -> Result<Pin, Fault> {
    let version = values.sidecar.online(values.entities)?.version;
    from_source(values, version, moment)
}

fn from_source(values: &Values, version: u32, until: u64) -> Result<Pin, Fault> {
    let preview = values.sidecar.preview(values.entities, version, &values.window(until))?;
    if preview.count == 0 {
        return Err(Fault::Missing(format!("the batch source of {} has no row in the window", label(version))));
    }
    pin(content::state(version, preview.rows.clone(), until)?, &preview, until)
}

fn pin(state: State, preview: &Preview, until: u64) -> Result<Pin, Fault> {
    Ok(Pin { state, proof: json::text(&Proof::of(preview, until))? })
}

/// The versions of the view: each has values of its own.
pub(crate) fn history(values: &Values, limit: u32) -> Result<Vec<Past>, Fault> {
    let view = View::now(&values.sidecar)?;
    let told = view.versions.iter().rev().take(limit as usize).map(|version| Past {
        version: label(version.version),
        at: Some(version.at),
        summary: "as the batch source gives it now; a moment works too".to_owned(),
    });
    Ok(told.collect())
}
