//! From the observed flag along a path of desired ones: the writes of each part.

use belay_sdk::{Change, Desired, Fault, Operation, Reversibility, State, json};

use crate::Attributes;
use crate::flag::Content;
use crate::route::Route;
use crate::served;
use crate::server::Server;

/// One change for each desired state, each starting where the one before ends.
pub(crate) fn plan(server: &Server, observed: &State, path: &[Desired<Attributes>]) -> Result<Vec<Change>, Fault> {
    let Some(flag) = server.read()? else { return absent(server, observed, path) };
    let present = flag.content();
    if !json::same(&json::text(&present)?, &observed.content) {
        return Err(Fault::Unavailable(format!("the flag `{}` changed while it was planned", server.flag)));
    }
    let mut route = Route::from(server, flag);
    let mut changes = Vec::with_capacity(path.len());
    for desired in path {
        let before = route.flag.content();
        let wanted = wanted(server, &before, desired)?;
        changes.push(if wanted == before { Change::nothing() } else { change(route.lead(&wanted)?, &before, &wanted) });
    }
    if changes.first().is_some_and(|first| first.operations.is_empty()) {
        served::check(server, &present)?;
    }
    Ok(changes)
}

fn wanted(server: &Server, before: &Content, desired: &Desired<Attributes>) -> Result<Content, Fault> {
    match desired {
        Desired::Attributes(set) => before.with(set.enabled, set.rollout),
        Desired::Pinned(pin) if pin.state.is_absent() => Err(Fault::Unsupported(format!(
            "the pin says that the flag `{}` was not there; archive it in Unleash, or turn it off",
            server.flag
        ))),
        Desired::Pinned(pin) => pin.state.content(),
    }
}

fn change(operations: Vec<Operation>, before: &Content, after: &Content) -> Change {
    let mut notes = Vec::new();
    if before.enabled && !after.enabled {
        notes.push("clients see it when they refresh, every 15 seconds by default".to_owned());
    }
    if operations.iter().any(|operation| operation.reversibility != Reversibility::Reversible) {
        notes.push("a strategy that is removed and added again has another id".to_owned());
    }
    Change { operations, factors: Vec::new(), loss: None, notes }
}

/// A flag that is archived can't be changed; it can only be left as it is.
fn absent(server: &Server, observed: &State, path: &[Desired<Attributes>]) -> Result<Vec<Change>, Fault> {
    let stays = |desired: &Desired<Attributes>| match desired {
        Desired::Pinned(pin) => pin.state.is_absent(),
        Desired::Attributes(_) => false,
    };
    if observed.is_absent() && path.iter().all(stays) {
        return Ok(path.iter().map(|_| Change::nothing()).collect());
    }
    Err(Fault::Missing(format!(
        "the flag `{}` is archived, or not in project `{}`; revive it in Unleash first",
        server.flag, server.config.project
    )))
}
