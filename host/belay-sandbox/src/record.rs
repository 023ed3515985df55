//! A call as it is kept: a summary that holds nothing a plugin or system said, and the parts that do, by name.

use std::collections::BTreeMap;

use belay_domain::digest::Digest;
use belay_domain::json::Json;
use belay_domain::operation::Body;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::call::Status;
use crate::engine::EngineId;
use crate::limits::Limits;
use crate::log::Log;
use crate::read_record::{ReadAnswer, ReadRecord, ReadRequest};
use crate::world::{Function, World};

/// Everything that a later replay of one call needs, but for the component.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallRecord {
    /// What can be told in the open.
    pub summary: CallSummary,
    /// The arguments: one canonical JSON object, its members named as in the WIT.
    pub input: Vec<u8>,
    /// The outcome as canonical JSON: `{"answer": …}` or `{"error": …}` with a [`crate::CallError`].
    pub output: Vec<u8>,
    /// Each read, in order.
    pub reads: Vec<ReadRecord>,
    /// What the plugin logged.
    pub log: Log,
}

/// A call without what was said in it: safe to keep for good when the parts are redacted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallSummary {
    /// The component's SHA-256.
    pub plugin: Digest,
    /// Its world.
    pub world: World,
    /// What was called.
    pub function: Function,
    /// The version of `belay:plugin` that was spoken.
    pub wit: String,
    /// What it ran on: fuel can be compared only on the same.
    pub engine: EngineId,
    /// What it was allowed.
    pub limits: Limits,
    /// How it ended.
    pub status: Status,
    /// Fuel burnt; at most 2⁵³ − 1 is told.
    pub fuel_used: u64,
    /// From its start to its end, in microseconds. Not reproducible.
    pub duration_us: u64,
    /// How many reads there are.
    pub reads: u32,
}

/// One named piece of a record, to be kept beside the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// `input`, `output`, `log`, `exchanges` with the requests and answers of all reads, and `read 0 body` for each
    /// body; where there are many bodies, `bodies` with all of them. Names no two parts of one record.
    pub name: String,
    /// Canonical JSON, but for single bodies, which are as they came.
    pub bytes: Vec<u8>,
}

/// Parts that make no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A part was lost or redacted.
    #[error("the part `{0}` of the call is not there")]
    Missing(String),
    /// A part is not what its name says.
    #[error("the part `{name}` of the call can't be read: {reason}")]
    Unreadable {
        /// Which.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl CallRecord {
    /// The parts, in a fixed order; [`CallRecord::from_parts`] takes them back. What is empty is left out.
    pub fn parts(&self) -> Vec<Part> {
        let part = |name: &str, bytes: Vec<u8>| Part { name: name.to_owned(), bytes };
        let mut parts = vec![part("input", self.input.clone()), part("output", self.output.clone())];
        if self.log != Log::default() {
            parts.push(part("log", canonical(&self.log)));
        }
        if !self.reads.is_empty() {
            let reads = self.reads.iter().map(|read| Exchange { request: &read.request, answer: &read.answer });
            parts.push(part("exchanges", canonical(&reads.collect::<Vec<_>>())));
        }
        let bodies = self.reads.iter().enumerate().filter_map(|(number, read)| Some((number, read.body.as_ref()?)));
        if bodies.clone().count() > MAX_BODIES {
            let all: BTreeMap<String, Body> = bodies.map(|(n, body)| (body_name(n), Body(body.clone()))).collect();
            parts.push(part(BODIES, canonical(&all)));
        } else {
            parts.extend(bodies.map(|(number, body)| part(&body_name(number), body.clone())));
        }
        parts
    }

    /// Puts a record together again. `part` finds a part's bytes by its name; a log that is not there was empty.
    pub fn from_parts(
        summary: CallSummary,
        mut part: impl FnMut(&str) -> Option<Vec<u8>>,
    ) -> Result<Self, RecordError> {
        let log = part("log").map_or(Ok(Log::default()), |bytes| parsed("log", &bytes))?;
        let mut bodies: BTreeMap<String, Body> =
            part(BODIES).map_or_else(|| Ok(BTreeMap::new()), |bytes| parsed(BODIES, &bytes))?;
        let mut must = |name: &str| part(name).ok_or_else(|| RecordError::Missing(name.to_owned()));
        let input = must("input")?;
        let output = must("output")?;
        let exchanges: Vec<Exchange<ReadRequest, ReadAnswer>> =
            if summary.reads == 0 { Vec::new() } else { parsed("exchanges", &must("exchanges")?)? };
        let mut reads = Vec::with_capacity(exchanges.len());
        for (number, Exchange { request, answer }) in exchanges.into_iter().enumerate() {
            let name = body_name(number);
            let body = match bodies.remove(&name) {
                Some(Body(bytes)) => Some(bytes),
                None if answer.has_body() => Some(must(&name)?),
                None => None,
            };
            reads.push(ReadRecord { request, answer, body });
        }
        Ok(Self { summary, input, output, reads, log })
    }
}

/// Above so many, bodies are one part: whoever keeps the parts names each in an entry of bounded size.
const MAX_BODIES: usize = 64;
const BODIES: &str = "bodies";

/// A read as the part `exchanges` holds it.
#[derive(Serialize, Deserialize)]
struct Exchange<Request, Answer> {
    request: Request,
    answer: Answer,
}

fn body_name(number: usize) -> String {
    format!("read {number} body")
}

fn canonical(value: &impl Serialize) -> Vec<u8> {
    // Requests, answers and logs hold text and sizes far below 2⁵³, so that they always have a canonical form.
    Json::from(value).map(|json| json.canonical().into_bytes()).unwrap_or_default()
}

fn parsed<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, RecordError> {
    Json::parse_bytes(bytes)
        .and_then(|json| json.to())
        .map_err(|error| RecordError::Unreadable { name: name.to_owned(), reason: error.to_string() })
}
