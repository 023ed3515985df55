//! {{summary}} Expects the bytes that it found, so that a change in between is noticed and not overwritten.

use belay_sdk::{
    About, Change, Context, Desired, Expectation, Fault, ObjectWrite, Operation, Past, Pin, Reads, Reference, Resource,
    Reverter, Reversibility, State, Write, json,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Where the document is; the resource's id is the name of one of its members.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The document, as its connection names it: `settings.json`.
    file: String,
}

/// What a step can set.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Attributes {
    /// The member's value.
    value: Value,
}

struct {{type}};

impl Reverter for {{type}} {
    const ABOUT: About = belay_sdk::about!();
    type Config = Config;
    type Attributes = Attributes;

    fn observe(reads: &dyn Reads, of: &Resource<Config>) -> Result<State, Fault> {
        let (_, document) = read(reads, of)?;
        state(document.get(&of.id))
    }

    fn locate(reads: &dyn Reads, of: &Resource<Config>, reference: Reference) -> Result<Pin, Fault> {
        match reference {
            Reference::Present => Self::observe(reads, of).map(Pin::without_proof),
            Reference::Version(_) | Reference::At(_) => Err(Fault::Unsupported("a document has no history".into())),
        }
    }

    fn history(_: &dyn Reads, _: &Resource<Config>, _: u32) -> Result<Vec<Past>, Fault> {
        Ok(Vec::new())
    }

    fn plan(
        reads: &dyn Reads,
        _: &Context,
        of: &Resource<Config>,
        observed: State,
        path: Vec<Desired<Attributes>>,
    ) -> Result<Vec<Change>, Fault> {
        let (mut bytes, mut document) = read(reads, of)?;
        if state(document.get(&of.id))?.content != observed.content {
            return Err(Fault::Unavailable(format!("{} changed while it was planned", of.config.file)));
        }
        let mut changes = Vec::new();
        for desired in path {
            changes.push(change(of, &mut bytes, &mut document, content(desired)?)?);
        }
        Ok(changes)
    }
}

/// The bytes, to be expected by a write, and the object that they are.
fn read(reads: &dyn Reads, of: &Resource<Config>) -> Result<(Vec<u8>, Map<String, Value>), Fault> {
    let file = &of.config.file;
    let bytes = reads.get_object(&of.connection, file)?;
    let bytes = bytes.ok_or_else(|| Fault::Missing(format!("there is no {file}")))?;
    let document = json::answered(&bytes, file)?;
    Ok((bytes, document))
}

/// A member that is not there is a state too: its content is null.
fn state(value: Option<&Value>) -> Result<State, Fault> {
    match value {
        None => State::of("absent", &(), &()),
        Some(value) => State::of(value.to_string(), &serde_json::json!({ "value": value }), value),
    }
}

/// The member's value in a state that is wanted; none where it shall be absent.
fn content(desired: Desired<Attributes>) -> Result<Option<Value>, Fault> {
    match desired {
        Desired::Attributes(Attributes { value }) => Ok(Some(value)),
        Desired::Pinned(pin) if pin.state.is_absent() => Ok(None),
        Desired::Pinned(pin) => Ok(Some(pin.state.content::<Attributes>()?.value)),
    }
}

/// The write that is needed, if one is; bytes and document are as it leaves them.
fn change(
    of: &Resource<Config>,
    bytes: &mut Vec<u8>,
    document: &mut Map<String, Value>,
    wanted: Option<Value>,
) -> Result<Change, Fault> {
    if document.get(&of.id) == wanted.as_ref() {
        return Ok(Change::nothing());
    }
    let before = state(document.get(&of.id))?.version;
    match wanted {
        Some(value) => document.insert(of.id.clone(), value),
        None => document.remove(&of.id),
    };
    let after = state(document.get(&of.id))?;
    let expect = Expectation::these(bytes);
    *bytes = json::text(document)?.into_bytes();
    let write = ObjectWrite {
        connection: of.connection.clone(),
        key: of.config.file.clone(),
        content: Some(bytes.clone()),
        expect,
    };
    let operation = Operation {
        summary: format!("{}: {before} → {}", of.id, after.version),
        write: Write::Object(write),
        yields: after.content,
        reversibility: Reversibility::Reversible,
        touches: 1,
    };
    Ok(Change { operations: vec![operation], ..Change::nothing() })
}

belay_sdk::reverter!({{type}});
