//! Systems in memory: a directory, a key-value store, a service with JSON documents. They take a plugin's operations
//! as the host would perform them, and nothing else.

mod http;
mod keys;
mod mischief;
mod reading;

use std::collections::BTreeMap;

use belay_domain::digest::Digest;
use belay_domain::id::Millis;
use belay_domain::operation::{Body, Expectation, ObjectWrite, Write};

pub(crate) use mischief::Mischief;
pub(crate) use reading::Desk;

/// All systems of a case, at a moment. Names are pairs of connection and key, path or line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Systems {
    pub(crate) objects: BTreeMap<(String, String), Vec<u8>>,
    pub(crate) keys: BTreeMap<(String, Vec<u8>), Held>,
    pub(crate) answers: BTreeMap<(String, String), Answer>,
    pub(crate) documents: BTreeMap<(String, String), serde_json::Value>,
    pub(crate) effects: Vec<Effect>,
}

/// What a key holds.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) value: Value,
    pub(crate) expires: Option<Millis>,
}

/// A key's value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Plain(Vec<u8>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
}

/// A service's answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What a write does to a document, besides PUT, PATCH and DELETE of the document itself.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) connection: String,
    pub(crate) request: String,
    pub(crate) with: serde_json::Value,
    pub(crate) document: String,
    pub(crate) json: serde_json::Value,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Systems {
    /// Performs a write as the host would: whole or not at all. The reason, where what it expects does not hold or
    /// nothing here knows such a write.
    pub(crate) fn perform(&mut self, write: &Write) -> Result<(), String> {
        match write {
            Write::Object(write) => self.perform_object(write),
            Write::Keyvalue(write) => self.perform_keys(write),
            Write::Http(write) => self.perform_http(write),
        }
    }

    fn perform_object(&mut self, write: &ObjectWrite) -> Result<(), String> {
        let place = (write.connection.to_string(), write.key.clone());
        expected(&write.expect, self.objects.get(&place).map(Vec::as_slice))?;
        match &write.content {
            Some(Body(bytes)) => drop(self.objects.insert(place, bytes.clone())),
            None => drop(self.objects.remove(&place)),
        }
        Ok(())
    }
}

/// That what a write expects of the present bytes holds.
fn expected(expect: &Expectation, present: Option<&[u8]>) -> Result<(), String> {
    match (expect, present) {
        (Expectation::Anything, _) | (Expectation::Absent, None) => Ok(()),
        (Expectation::Absent, Some(_)) => Err("it expects nothing there, and something is".to_owned()),
        (Expectation::Bytes(_), None) => Err("it expects bytes, and nothing is there".to_owned()),
        (Expectation::Bytes(digest), Some(bytes)) if Digest::of(bytes) == *digest => Ok(()),
        (Expectation::Bytes(_), Some(_)) => Err("it expects other bytes than are there".to_owned()),
    }
}
