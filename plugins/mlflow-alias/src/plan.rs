//! The writes that take an alias along a path of pinned states. MLflow can't compare before it sets: the host's look
//! at the alias just before and after each write is the only guard.

use belay_sdk::{
    Answer, BodyTest, Change, Desired, Fault, HttpWrite, NoAttributes, Operation, Pin, Reversibility, State, Write,
    json,
};

use crate::alias::Alias;
use crate::content::{Content, Described};
use crate::past::check_ready;
use crate::proof::Proof;
use crate::registry::{API, Registry};

/// One change for each desired state.
pub(crate) fn plan(
    registry: &Registry,
    alias: &Alias,
    observed: &State,
    path: Vec<Desired<NoAttributes>>,
) -> Result<Vec<Change>, Fault> {
    let mut from = observed.clone();
    let mut changes = Vec::with_capacity(path.len());
    for desired in path {
        let pin = match desired {
            Desired::Pinned(pin) => pin,
            Desired::Attributes(never) => match never {},
        };
        changes.push(change(registry, alias, &from, &pin)?);
        from = pin.state;
    }
    Ok(changes)
}

fn change(registry: &Registry, alias: &Alias, from: &State, pin: &Pin) -> Result<Change, Fault> {
    if json::same(&from.content, &pin.state.content) {
        return Ok(Change::nothing());
    }
    let mut notes = vec![format!("whatever loaded `{}` keeps its model until it loads it again", alias.name)];
    let operation = if pin.state.is_absent() {
        delete(registry, alias, from)?
    } else {
        notes.extend(check(registry, alias, pin)?);
        set(registry, alias, from, pin)?
    };
    Ok(Change { operations: vec![operation], factors: Vec::new(), loss: None, notes })
}

/// Refuses a pin that the registry can't be taken back to. Says what could not be established.
fn check(registry: &Registry, alias: &Alias, pin: &Pin) -> Result<Option<String>, Fault> {
    let pinned: Content = pin.state.content()?;
    let version = registry.version(&alias.model, number(&pinned)?)?;
    check_ready(&version)?;
    let described = Described::of(registry, &alias.model, version)?;
    if let Some(difference) = described.content.difference(&pinned) {
        return Err(Fault::Missing(format!(
            "version {} of `{}` is not what was pinned: {difference}",
            pinned.version, alias.model
        )));
    }
    let Some(bytes) = json::configured::<Option<Proof>>(&pin.proof, "the pin's proof")? else {
        return Ok(Some(unproven(&pinned).to_owned()));
    };
    let nothing = || Fault::Missing("the artifacts that were pinned are not looked at any more".to_owned());
    Proof::take(registry, &described)?.ok_or_else(nothing)?.check_against(&bytes, &pinned.version)?;
    Ok(None)
}

/// An undo point has no proof: digesting what is about to be replaced would make containment wait.
fn unproven(pinned: &Content) -> &'static str {
    match pinned.artifacts.as_deref() {
        Some([]) => "it had no artifacts either when it was pinned",
        Some(_) => "only the names and sizes of its artifacts were checked: their bytes were not digested",
        None => "its artifacts were not checked",
    }
}

fn number(pinned: &Content) -> Result<u64, Fault> {
    pinned.version.parse().map_err(|_| Fault::Invalid(format!("`{}` is not a version of a model", pinned.version)))
}

fn set(registry: &Registry, alias: &Alias, from: &State, pin: &Pin) -> Result<Operation, Fault> {
    let version = pin.state.content::<Content>()?.version;
    let body = serde_json::json!({ "name": alias.model, "alias": alias.name, "version": version });
    Ok(Operation {
        summary: format!("alias {}: {} → {}", alias.name, from.version, pin.state.version),
        write: write(registry, "POST", &body),
        yields: pin.state.content.clone(),
        reversibility: Reversibility::Reversible,
        touches: 1,
    })
}

fn delete(registry: &Registry, alias: &Alias, from: &State) -> Result<Operation, Fault> {
    let body = serde_json::json!({ "name": alias.model, "alias": alias.name });
    Ok(Operation {
        summary: format!("alias {}: {} → absent", alias.name, from.version),
        write: write(registry, "DELETE", &body),
        yields: json::text(&())?,
        reversibility: Reversibility::Recoverable,
        touches: 1,
    })
}

fn write(registry: &Registry, method: &str, body: &serde_json::Value) -> Write {
    // MLflow names each refusal; the same status without a name is a proxy's.
    let named = |status| Answer { status, body: Some(("/error_code".to_owned(), BodyTest::Present)) };
    Write::Http(HttpWrite {
        connection: registry.connection.to_owned(),
        method: method.to_owned(),
        path: format!("{API}/registered-models/alias"),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
        applied: vec![Answer { status: 200, body: None }],
        refused: [400, 401, 403, 404, 429].map(named).into(),
    })
}
