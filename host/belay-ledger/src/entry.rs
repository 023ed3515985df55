//! Entries as bytes: RFC 8785 JSON with one form only. Reads and writes the text, never the disk.

use belay_domain::digest::{Commitment, Digest};
use belay_domain::id::{EnvironmentName, IncidentId, Millis, RunId};
use belay_domain::json::{Json, MAX_INTEGER};
use serde::{Deserialize, Serialize};

use crate::draft::{Actor, Blob, Draft, Mode, Object};
use crate::error::Error;
use crate::kind;
use crate::vault::Scope;

/// The most that an entry takes, in bytes: its length is a u16 in the entry bundles of C2SP tlog-tiles.
pub const MAX_BYTES: usize = u16::MAX as usize;
/// The version of the entries' fields that this code writes, and the newest that it reads.
pub const SCHEMA: u64 = 1;
/// What the largest sequence number adds behind the other fields: `,"seq":9007199254740991}` in place of `}`.
const SEQ_BYTES: usize = r#","seq":9007199254740991"#.len();

/// One entry of the log. Fields that are absent are left out of its text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The version of these fields.
    pub schema: u64,
    /// Its place in the log, from 0; the index of its leaf.
    pub seq: u64,
    /// When, by the host's clock, in milliseconds since 1970 UTC.
    pub at: Millis,
    /// The kernel's random id of the host's boot: tells whether times of two entries can be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// The environment that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// Live or drill.
    pub mode: Mode,
    /// The run that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The sequence number of the entry that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
    /// What kind of entry.
    pub kind: String,
    /// Who acted.
    pub actor: Actor,
    /// The incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// Why, in somebody's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The rest.
    pub body: Json,
    /// The commitments of the blobs that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<Commitment>,
    /// The digests of the objects that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Digest>,
}

/// Why bytes are no entry that this code can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEntry {
    /// Neither JSON nor the fields of an entry.
    #[error("no entry: {0}")]
    Fields(String),
    /// The same values have another text.
    #[error("not in canonical form")]
    NotCanonical,
    /// Written by a newer belay.
    #[error("schema version {0}, newer than {SCHEMA}")]
    Newer(u64),
    /// The kind has no kind's shape.
    #[error("`{0}` is no kind of entry")]
    Kind(String),
}

impl Entry {
    /// Reads an entry's bytes; they must be the canonical text.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotAnEntry> {
        let json = Json::parse_bytes(bytes).map_err(|error| NotAnEntry::Fields(error.to_string()))?;
        if let Some(schema) = json.value().get("schema").and_then(serde_json::Value::as_u64)
            && schema > SCHEMA
        {
            return Err(NotAnEntry::Newer(schema));
        }
        if json.canonical().as_bytes() != bytes {
            return Err(NotAnEntry::NotCanonical);
        }
        let entry: Self = json.to().map_err(|error| NotAnEntry::Fields(error.to_string()))?;
        if !kind::fits(&entry.kind) {
            return Err(NotAnEntry::Kind(entry.kind));
        }
        Ok(entry)
    }
}

/// A draft that was checked and encoded, all but its sequence number.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The canonical text up to the sequence number, whose key sorts behind all others.
    text: String,
    pub(crate) kind: String,
    pub(crate) run: Option<RunId>,
    pub(crate) incident: Option<IncidentId>,
    pub(crate) environment: Option<EnvironmentName>,
    /// Whose key encrypts its blobs.
    pub(crate) scope: Scope,
    pub(crate) blobs: Vec<Blob>,
    pub(crate) objects: Vec<Object>,
}

/// The fields of an [`Entry`] but for `seq`.
#[derive(Serialize)]
struct Unnumbered<'a> {
    schema: u64,
    at: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    boot: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a EnvironmentName>,
    mode: Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<u64>,
    kind: &'a str,
    actor: &'a Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<&'a IncidentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    body: &'a Json,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blobs: Vec<&'a Commitment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    objects: Vec<&'a Digest>,
}

impl Prepared {
    pub(crate) fn new(draft: Draft, boot: Option<&str>) -> Result<Self, Error> {
        if !kind::fits(&draft.kind) {
            return Err(Error::Invalid(format!("`{}` has not the shape of a kind", draft.kind)));
        }
        let unnumbered = Unnumbered {
            schema: SCHEMA,
            at: draft.at,
            boot,
            environment: draft.environment.as_ref(),
            mode: draft.mode,
            run: draft.run.as_ref(),
            parent: draft.parent,
            kind: &draft.kind,
            actor: &draft.actor,
            incident: draft.incident.as_ref(),
            reason: draft.reason.as_deref(),
            body: &draft.body,
            blobs: draft.blobs.iter().map(Blob::commitment).collect(),
            objects: draft.objects.iter().map(Object::digest).collect(),
        };
        let mut text = Json::from(&unnumbered).map_err(|error| Error::Invalid(error.to_string()))?.canonical();
        let size = text.len() + SEQ_BYTES;
        if size > MAX_BYTES {
            return Err(Error::TooLarge { kind: draft.kind, size });
        }
        text.pop();
        Ok(Self {
            text,
            scope: Scope::of(draft.run.as_ref(), draft.at),
            kind: draft.kind,
            run: draft.run,
            incident: draft.incident,
            environment: draft.environment,
            blobs: draft.blobs,
            objects: draft.objects,
        })
    }

    /// The entry's bytes at its place in the log.
    pub(crate) fn at(&self, seq: u64) -> Result<Vec<u8>, Error> {
        if seq > MAX_INTEGER.unsigned_abs() {
            return Err(Error::Invalid("the log is full".to_owned()));
        }
        Ok(format!("{},\"seq\":{seq}}}", self.text).into_bytes())
    }

    /// Roughly what it holds in memory and adds to the database.
    pub(crate) fn bytes(&self) -> usize {
        let blobs: usize = self.blobs.iter().map(|blob| blob.bytes.len()).sum();
        let objects: usize = self.objects.iter().map(|object| object.bytes.len()).sum();
        self.text.len() + blobs + objects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(body: Json) -> Draft {
        let actor = Actor { name: "ana".to_owned(), authenticated_by: "os-user".to_owned(), on_behalf_of: None };
        Draft::new(Millis(5), "request", actor, body)
    }

    #[test]
    fn an_entry_survives_its_bytes() {
        let mut draft = draft(Json::parse(r#"{"z":1,"a":"é"}"#).unwrap());
        draft.run = Some("r-7".parse().unwrap());
        draft.parent = Some(3);
        draft.blobs.push(Blob::seal("input", *b"x").unwrap());
        draft.objects.push(Object::new(*b"y"));
        let bytes = Prepared::new(draft, Some("b00t")).unwrap().at(9).unwrap();
        let entry = Entry::parse(&bytes).unwrap();
        assert_eq!((entry.seq, entry.parent, entry.objects.len(), entry.blobs.len()), (9, Some(3), 1, 1));
        assert_eq!(Json::from(&entry).unwrap().canonical().into_bytes(), bytes);
    }

    #[test]
    fn the_size_is_checked_and_named() {
        let body = |len: usize| Json::new(serde_json::Value::String("x".repeat(len))).unwrap();
        let empty = Prepared::new(draft(body(0)), None).unwrap().at(0).unwrap().len() + 15;
        let room = MAX_BYTES - empty;
        let fits = Prepared::new(draft(body(room)), None).unwrap();
        assert_eq!(fits.at(MAX_INTEGER.unsigned_abs()).unwrap().len(), MAX_BYTES);
        let error = Prepared::new(draft(body(room + 1)), None).unwrap_err();
        assert_eq!(error, Error::TooLarge { kind: "request".to_owned(), size: MAX_BYTES + 1 });
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        let bytes = Prepared::new(draft(Json::NULL), None).unwrap().at(0).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(Entry::parse(text.as_bytes()).is_ok());
        let change = |from: &str, to: &str| Entry::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert_eq!(change(":", ": "), NotAnEntry::NotCanonical);
        assert_eq!(change("\"schema\":1", "\"schema\":2"), NotAnEntry::Newer(2));
        assert_eq!(change("request", "Request"), NotAnEntry::Kind("Request".to_owned()));
        assert!(matches!(change("\"kind\"", "\"kinds\""), NotAnEntry::Fields(_)));
        assert!(matches!(
            Prepared::new(Draft { kind: "Änderung".to_owned(), ..draft(Json::NULL) }, None),
            Err(Error::Invalid(_))
        ));
    }
}
