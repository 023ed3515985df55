//! The generation that readers use: one key, or one field of a hash, that all of them look at first.

use belay_sdk::{
    Change, Desired, Expectation, Expiry, Fault, FieldName, FieldSet, KeyvalueChange, KeyvalueSet, KeyvalueWrite,
    Operation, Pin, Reads, Resource, Reversibility, State, Write, json,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Attributes, Config};

/// Where a generation's name stands in the pattern of its values.
const PLACE: &str = "{generation}";
/// How many values of a generation are counted for the plan's reader.
const COUNTED: u64 = 1_000_000;
/// The longest name of a generation, in bytes.
const LONGEST: usize = 200;

/// What must be equal: the name that the pointer holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    generation: String,
}

/// The pointer as it is; `None` where it is not there.
#[derive(Clone)]
pub(crate) struct Pointer {
    generation: Option<String>,
}

impl Pointer {
    pub(crate) fn read(reads: &dyn Reads, of: &Resource<Config>, field: Option<&str>) -> Result<Self, Fault> {
        let found = match field {
            None => reads.value(&of.connection, of.id.as_bytes()),
            Some(field) => reads
                .fields(&of.connection, of.id.as_bytes(), &[field.as_bytes().to_vec()])
                .map(|values| values.into_iter().flatten().next()),
        };
        let found = found.map_err(|error| Fault::from(error).while_doing(&format!("reading the key {}", of.id)))?;
        let name = |bytes: Vec<u8>| {
            String::from_utf8(bytes).ok().filter(|name| is_name(name)).ok_or_else(|| {
                Fault::Unexpected(format!("the key {} holds no short text, so it is no generation", of.id))
            })
        };
        Ok(Self { generation: found.map(name).transpose()? })
    }

    pub(crate) fn state(&self) -> Result<State, Fault> {
        match &self.generation {
            None => State::of("absent", &(), &()),
            Some(generation) => State::of(generation.as_str(), &self.content(), generation),
        }
    }

    fn content(&self) -> Option<Content> {
        self.generation.clone().map(|generation| Content { generation })
    }

    fn label(&self) -> &str {
        self.generation.as_deref().unwrap_or("none")
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST && !name.chars().any(char::is_control)
}

/// The state in which readers use this generation, if it still has values.
pub(crate) fn locate(
    reads: &dyn Reads,
    of: &Resource<Config>,
    values: Option<&str>,
    label: &str,
) -> Result<Pin, Fault> {
    let values = values.ok_or_else(|| {
        Fault::Unsupported(
            "nothing tells whether that generation was ever there; set `values` in the resource's configuration".into(),
        )
    })?;
    if !is_name(label) {
        return Err(Fault::Invalid("a generation's name is a short text".into()));
    }
    if count(reads, of, values, label)? == Some(0) {
        return Err(Fault::Missing(format!("no key starts with {}", prefix_of(values, label)?)));
    }
    Pointer { generation: Some(label.to_owned()) }.state().map(Pin::without_proof)
}

/// One change for each desired state, each starting where the one before ends.
pub(crate) fn plan(
    reads: &dyn Reads,
    of: &Resource<Config>,
    found: Pointer,
    values: Option<&str>,
    observed: &State,
    path: &[Desired<Attributes>],
) -> Result<Vec<Change>, Fault> {
    if !json::same(&found.state()?.content, &observed.content) {
        return Err(Fault::Unavailable(format!("the key {} changed while it was planned", of.id)));
    }
    let mut present = found;
    let mut changes = Vec::new();
    for desired in path {
        let wanted = wanted(&present, desired)?;
        if wanted.generation == present.generation {
            changes.push(Change::nothing());
            continue;
        }
        let notes = notes(reads, of, values, &wanted)?;
        let operations = vec![flip(of, &present, &wanted)?];
        changes.push(Change { operations, notes, ..Change::nothing() });
        present = wanted;
    }
    Ok(changes)
}

fn wanted(present: &Pointer, desired: &Desired<Attributes>) -> Result<Pointer, Fault> {
    let generation = match desired {
        Desired::Pinned(pin) => pin.state.content::<Option<Content>>()?.map(|content| content.generation),
        Desired::Attributes(Attributes { empty: Some(_), .. }) => {
            return Err(Fault::Invalid("`empty` is for a resource of kind `prefix`; this one has a generation".into()));
        }
        Desired::Attributes(Attributes { generation: None, .. }) => present.generation.clone(),
        Desired::Attributes(Attributes { generation: Some(name), .. }) if is_name(name) => Some(name.clone()),
        Desired::Attributes(_) => return Err(Fault::Invalid("`generation`: its name is a short text".into())),
    };
    Ok(Pointer { generation })
}

fn flip(of: &Resource<Config>, from: &Pointer, to: &Pointer) -> Result<Operation, Fault> {
    let Config::Generation { field, .. } = &of.config else {
        return Err(Fault::Invalid("the resource has no generation".into()));
    };
    let key = of.id.clone().into_bytes();
    let change = match (field.clone().map(String::into_bytes), to.generation.clone().map(String::into_bytes)) {
        (None, Some(value)) => KeyvalueChange::Set(KeyvalueSet { key, value, expiry: Expiry::Kept }),
        (None, None) => KeyvalueChange::Delete(key),
        (Some(field), Some(value)) => KeyvalueChange::SetField(FieldSet { key, field, value }),
        (Some(field), None) => KeyvalueChange::DeleteField(FieldName { key, field }),
    };
    let expect = match &from.generation {
        None => Expectation::Absent,
        Some(generation) => Expectation::Bytes(digest(generation)),
    };
    Ok(Operation {
        summary: format!("generation of {}: {} → {}", of.id, from.label(), to.label()),
        write: Write::Keyvalue(KeyvalueWrite { connection: of.connection.clone(), change, expect }),
        yields: json::text(&to.content())?,
        reversibility: if to.generation.is_some() { Reversibility::Reversible } else { Reversibility::Recoverable },
        touches: 1,
    })
}

/// What readers get once they look at another generation.
fn notes(reads: &dyn Reads, of: &Resource<Config>, values: Option<&str>, to: &Pointer) -> Result<Vec<String>, Fault> {
    let Some(generation) = &to.generation else {
        return Ok(vec!["readers find no generation; what they do then is their own".to_owned()]);
    };
    let left = match values {
        None => format!("values of generation {generation} that are gone are made again by readers"),
        Some(values) => match count(reads, of, values, generation)? {
            Some(0) => format!("generation {generation} has no values left: readers make each again"),
            Some(1) => format!("generation {generation} still has 1 value, as old as it is"),
            Some(left) => format!("generation {generation} still has {left} values, as old as they are"),
            None => format!("generation {generation} still has more than {COUNTED} values, as old as they are"),
        },
    };
    Ok(vec!["readers follow when they look at the pointer next".to_owned(), left])
}

fn count(reads: &dyn Reads, of: &Resource<Config>, values: &str, generation: &str) -> Result<Option<u64>, Fault> {
    let prefix = prefix_of(values, generation)?;
    let counted = reads.count_keys(&of.connection, prefix.as_bytes(), COUNTED);
    counted.map_err(|error| Fault::from(error).while_doing(&format!("counting the keys of {prefix}")))
}

fn prefix_of(values: &str, generation: &str) -> Result<String, Fault> {
    if values.contains(PLACE) {
        return Ok(values.replace(PLACE, generation));
    }
    Err(Fault::Invalid(format!("`values` says nowhere {PLACE}, so it names no generation's keys")))
}

/// The SHA-256 of the bytes that the pointer holds, in lower-case hex.
fn digest(generation: &str) -> String {
    Sha256::digest(generation).iter().map(|byte| format!("{byte:02x}")).collect()
}
