//! All keys of a prefix: there, or gone. What they held is nobody's to put back.

use belay_sdk::{
    Change, Desired, Expectation, Fault, KeyvalueChange, KeyvalueWrite, Operation, Pin, PrefixBound, Reads, Resource,
    Reversibility, State, Write, json,
};
use serde::{Deserialize, Serialize};

use crate::{Attributes, Config};

/// What must be equal. How many keys there are changes with each reader.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    empty: bool,
}

/// The proof of a pin that was captured, which tells it from what a run's undo point holds.
const CAPTURED: &str = "\"captured\"";

pub(crate) fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
    state(count(reads, of, 0)?.is_some())
}

fn state(empty: bool) -> Result<State, Fault> {
    State::of(if empty { "empty" } else { "in use" }, &Content { empty }, &empty)
}

/// The present, marked as captured.
pub(crate) fn capture(reads: &dyn Reads, of: &Resource<Config>) -> Result<Pin, Fault> {
    Ok(Pin { state: observe(reads, of)?, proof: CAPTURED.to_owned() })
}

/// One change for each desired state, each starting where the one before ends.
pub(crate) fn plan(
    reads: &dyn Reads,
    of: &Resource<Config>,
    at_most: u64,
    observed: &State,
    path: &[Desired<Attributes>],
) -> Result<Vec<Change>, Fault> {
    let mut empty = observed.content::<Content>()?.empty;
    let mut changes = Vec::new();
    for desired in path {
        let wanted = wanted(empty, desired)?;
        changes.push(match (empty, wanted) {
            (true, true) | (false, false) => Change::nothing(),
            (false, true) => delete(reads, of, at_most)?,
            (true, false) => {
                return Err(Fault::Unsupported(
                    "what was deleted can't be put back, and need not be: readers make it again".into(),
                ));
            }
        });
        empty = wanted;
    }
    Ok(changes)
}

/// Whether the prefix shall be empty.
fn wanted(empty: bool, desired: &Desired<Attributes>) -> Result<bool, Fault> {
    match desired {
        Desired::Pinned(pin) => {
            let pinned = pin.state.content::<Content>()?.empty;
            // Otherwise a step that forgot what to set would find nothing to do, and bad values would stay.
            if !pinned && json::same(&pin.proof, CAPTURED) {
                return Err(Fault::Unsupported(
                    "a point holds no cached values to go back to; let the step say `set = { empty = true }`".into(),
                ));
            }
            Ok(pinned)
        }
        Desired::Attributes(Attributes { generation: Some(_), .. }) => {
            Err(Fault::Invalid("`generation` is for a resource of kind `generation`; this one is a prefix".into()))
        }
        Desired::Attributes(Attributes { empty: Some(false), .. }) => {
            Err(Fault::Invalid("`empty` can only be true: readers fill a cache, nobody else".into()))
        }
        Desired::Attributes(Attributes { empty: Some(true), .. }) => Ok(true),
        Desired::Attributes(Attributes { empty: None, .. }) => Ok(empty),
    }
}

fn delete(reads: &dyn Reads, of: &Resource<Config>, at_most: u64) -> Result<Change, Fault> {
    let Some(found) = count(reads, of, at_most)? else {
        return Err(Fault::Unsupported(format!(
            "more than {at_most} keys start with {}; raise `at_most` if they may all go",
            of.id
        )));
    };
    // Readers go on writing until their turn comes.
    let most = found.saturating_add(found / 10).saturating_add(100).min(at_most.max(1));
    let prefix = of.id.clone().into_bytes();
    let operation = Operation {
        summary: format!("delete {found} keys that start with {}", of.id),
        write: Write::Keyvalue(KeyvalueWrite {
            connection: of.connection.clone(),
            change: KeyvalueChange::DeletePrefix(PrefixBound { prefix, most }),
            expect: Expectation::Anything,
        }),
        yields: json::text(&Content { empty: true })?,
        reversibility: Reversibility::Recoverable,
        touches: found,
    };
    let notes = vec![
        "readers make each value again: expect misses, and load on what values are made from".to_owned(),
        "what still writes bad values must be contained first, or they are back".to_owned(),
    ];
    Ok(Change { operations: vec![operation], notes, ..Change::nothing() })
}

fn count(reads: &dyn Reads, of: &Resource<Config>, most: u64) -> Result<Option<u64>, Fault> {
    let counted = reads.count_keys(&of.connection, of.id.as_bytes(), most);
    counted.map_err(|error| Fault::from(error).while_doing(&format!("looking for the keys of {}", of.id)))
}
