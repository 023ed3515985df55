//! Back to a version of which nothing was stored, as undoing a first materialisation needs it: its rows go. Never takes
//! rows away that may have been there then: only the configured entities were looked at.

use belay_sdk::{Change, Fault, Loss, Operation, Reversibility, State, json};
use feast_sidecar::{Comparison, Window, label};

use super::{Goal, write};
use crate::config::Values;
use crate::content::{Content, Revision};

/// No row of a batch source counts, so whatever is stored is in the way. Nor is the source read: it need not have what the
/// version wants.
const BEFORE_ALL: Window = Window { start: 0, end: 0 };

/// The change that takes the values away, if there are any.
pub(super) fn change(values: &Values, observed: &State, now: &Content, goal: &Goal) -> Result<Change, Fault> {
    if *now == goal.content {
        return Ok(Change::nothing());
    }
    let version = goal.content.version;
    let scene = values.sidecar.compare(values.entities, version, &BEFORE_ALL)?;
    if scene.standing > 0 && scene.stored.iter().all(|row| row.at.is_none()) {
        return Err(Fault::Unsupported(format!(
            "none of the entities had values of {} of `{view}`, and none has; {} others have values of it, which may have \
             been there before: leave {view} as it is, or clear it by hand",
            label(version),
            scene.standing,
            view = values.sidecar.view_name(),
        )));
    }
    Ok(Change {
        operations: vec![clear(values, goal, &scene)?],
        factors: Vec::new(),
        loss: Some(loss(observed, now, goal, &scene)?),
        notes: notes(values, now, goal, &scene),
    })
}

/// With nothing to clear it writes nothing; that it went through says that the view is at the version.
fn clear(values: &Values, goal: &Goal, scene: &Comparison) -> Result<Operation, Fault> {
    let (count, version) = (scene.standing, label(goal.content.version));
    Ok(Operation {
        summary: format!("clear {}: all {count} rows of {version}", values.sidecar.view_name()),
        write: write(values, goal.content.version, &BEFORE_ALL, "/online/clear")?,
        yields: json::text(&goal.content)?,
        reversibility: Reversibility::Recoverable,
        touches: count,
    })
}

/// All that is cleared, since the latest moment that was seen of it.
fn loss(observed: &State, now: &Content, goal: &Goal, scene: &Comparison) -> Result<Loss, Fault> {
    let of_this_version = now.version == goal.content.version;
    let since = if of_this_version { observed.revision::<Revision>()?.latest } else { BEFORE_ALL.end };
    Ok(Loss { since, changes: scene.standing, rows: Some(scene.standing) })
}

fn notes(values: &Values, now: &Content, goal: &Goal, scene: &Comparison) -> Vec<String> {
    let mut notes = super::notes(values, now, goal);
    if scene.standing > 0 {
        let version = label(goal.content.version);
        notes.push(format!("no values of {version} were stored then: models get none until it is materialised again"));
    }
    notes
}
