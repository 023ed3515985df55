//! The writes that bring values back: clearing where the store would keep what is newer, then materialising. The sidecar
//! does either only while the feature view is at the version.

mod nothing;

use belay_sdk::{
    Change, Desired, Fault, Loss, NoAttributes, Operation, Pin, Reversibility, RiskFactor, State, Write, json,
};
use feast_sidecar::{Comparison, Window, label};
use serde::Serialize;

use crate::config::Values;
use crate::content::{Content, Proof, Revision, difference, emptied};

/// What a batch source that changed for other entities than those that are compared adds to the risk.
const SOURCE_CHANGED: u32 = 15;

/// What the sidecar's `clear` and `materialise` are asked.
#[derive(Serialize)]
struct Asked<'a> {
    version: u32,
    #[serde(flatten)]
    window: &'a Window,
}

/// A pinned state with what its restoration goes by.
struct Goal {
    content: Content,
    window: Window,
    proof: Option<Proof>,
}

impl Goal {
    /// Nothing was stored for any of the entities: an undo takes their values away again.
    const fn is_nothing(&self) -> bool {
        self.window.end == 0
    }
}

/// One change for each desired state.
pub(crate) fn plan(values: &Values, observed: &State, path: Vec<Desired<NoAttributes>>) -> Result<Vec<Change>, Fault> {
    match path.as_slice() {
        [] => Ok(Vec::new()),
        [Desired::Pinned(pin)] => Ok(vec![change(values, observed, pin)?]),
        [Desired::Attributes(never)] => match *never {},
        [_, _, ..] => Err(Fault::Unsupported("values go to one moment at a time".to_owned())),
    }
}

fn change(values: &Values, observed: &State, pin: &Pin) -> Result<Change, Fault> {
    let (now, goal) = (observed.content::<Content>()?, goal(values, pin)?);
    if goal.is_nothing() {
        return nothing::change(values, observed, &now, &goal);
    }
    let scene = values.sidecar.compare(values.entities, goal.content.version, &goal.window)?;
    if now == goal.content && scene.standing == 0 {
        return Ok(Change::nothing());
    }
    if let Some(difference) = difference(&scene.source.rows, &goal.content.rows) {
        return Err(Fault::Missing(format!(
            "materialising {} of `{}` gives other values than those that were pinned: {difference}; put its batch source \
             back first: its dataset belongs into an earlier stage of the runbook",
            label(goal.content.version),
            values.sidecar.view_name()
        )));
    }
    let mut operations = Vec::new();
    if scene.standing > 0 {
        operations.push(clear(values, &goal, &scene)?);
    }
    operations.push(materialise(values, &goal, &scene, pin)?);
    Ok(Change {
        operations,
        factors: factors(&goal, &scene),
        loss: Some(loss(&goal, &scene)),
        notes: notes(values, &now, &goal),
    })
}

fn goal(values: &Values, pin: &Pin) -> Result<Goal, Fault> {
    let content: Content = pin.state.content()?;
    if !content.rows.iter().map(|row| &row.entity).eq(values.entities) {
        return Err(Fault::Unsupported(
            "other entities were pinned than those that are configured now: capture a point again".to_owned(),
        ));
    }
    let proof = json::configured::<Option<Proof>>(&pin.proof, "the pin's proof")?;
    // An undo point has no proof: rows until the latest that was seen count.
    let end = match &proof {
        Some(proof) => proof.until,
        None => pin.state.revision::<Revision>()?.latest,
    };
    Ok(Goal { content, window: values.window(end), proof })
}

fn clear(values: &Values, goal: &Goal, scene: &Comparison) -> Result<Operation, Fault> {
    let both = scene.stored.iter().zip(&scene.stands);
    let rows = both.map(|(row, stands)| if *stands { emptied(row) } else { row.clone() }).collect();
    let count = scene.standing;
    Ok(Operation {
        summary: format!("clear {count} rows of {} that are newer", values.sidecar.view_name()),
        write: write(values, goal.content.version, &goal.window, "/online/clear")?,
        yields: json::text(&Content { version: goal.content.version, rows })?,
        reversibility: Reversibility::Recoverable,
        touches: count,
    })
}

fn materialise(values: &Values, goal: &Goal, scene: &Comparison, pin: &Pin) -> Result<Operation, Fault> {
    Ok(Operation {
        summary: format!("materialise {} as {}", values.sidecar.view_name(), pin.state.version),
        write: write(values, goal.content.version, &goal.window, "/online/materialise")?,
        yields: pin.state.content.clone(),
        reversibility: Reversibility::Recoverable,
        touches: scene.source.count,
    })
}

fn write(values: &Values, version: u32, window: &Window, what: &str) -> Result<Write, Fault> {
    values.sidecar.write(what, &Asked { version, window })
}

fn factors(goal: &Goal, scene: &Comparison) -> Vec<RiskFactor> {
    let changed = goal.proof.as_ref().filter(|proof| proof.sha256 != scene.source.sha256);
    let told = changed.map(|proof| {
        let (then, now) = (proof.count, scene.source.count);
        let cause =
            format!("the batch source gives other values than when the point was captured ({then} → {now} rows)");
        RiskFactor::new(cause, SOURCE_CHANGED)
    });
    told.into_iter().collect()
}

/// What is cleared. Nothing where nothing is: unsaid, it would read as not measurable.
fn loss(goal: &Goal, scene: &Comparison) -> Loss {
    let count = scene.standing;
    Loss { since: goal.window.end, changes: count, rows: Some(count) }
}

fn notes(values: &Values, now: &Content, goal: &Goal) -> Vec<String> {
    let mut notes = Vec::new();
    if now.version != goal.content.version {
        notes.push(format!(
            "`{}` is at {}: it must be back at {} first, and the sidecar refuses otherwise",
            values.sidecar.view_name(),
            label(now.version),
            label(goal.content.version)
        ));
    }
    if goal.proof.is_none() {
        notes.push("only the configured entities were looked at when this state was seen".to_owned());
    }
    notes
}
