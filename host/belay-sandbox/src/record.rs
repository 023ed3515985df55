//! A call as it is kept: a summary that holds nothing a plugin or system said, and the parts that do, by name.

use std::collections::BTreeMap;

use belay_domain::digest::Digest;
use belay_domain::json::Json;
use belay_domain::operation::Body;
use serde::{Deserialize, Serialize};

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
    /// `call`, and `read 3 body` for a body above 64 KiB. Names no two parts of one record.
    pub name: String,
    /// Of `call` canonical JSON with `bodies` (by name), `exchanges` (request and answer of each read), `input`, `log`
    /// and `output`; of a body what came.
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
    /// The parts, in a fixed order; [`CallRecord::from_parts`] takes them back.
    pub fn parts(&self) -> Vec<Part> {
        let bodies = self.reads.iter().enumerate().filter_map(|(number, read)| Some((number, read.body.as_ref()?)));
        let (large, small): (Vec<_>, Vec<_>) = bodies.partition(|(_, body)| body.len() > MAX_BODY_WITHIN);
        let (beside, within) =
            if large.len() > MAX_BESIDE { (Vec::new(), [small, large].concat()) } else { (large, small) };
        let within = within.into_iter().map(|(number, body)| (body_name(number), Body(body.clone())));
        let mut parts = vec![Part { name: CALL.to_owned(), bytes: self.whole(&within.collect()) }];
        parts.extend(beside.into_iter().map(|(number, body)| Part { name: body_name(number), bytes: body.clone() }));
        parts
    }

    /// The part `call`. What is empty is left out. Its members are canonical already and stand in the canonical order.
    fn whole(&self, bodies: &BTreeMap<String, Body>) -> Vec<u8> {
        let exchanges: Vec<_> =
            self.reads.iter().map(|read| Exchange { request: &read.request, answer: &read.answer }).collect();
        let members = [
            ("bodies", (!bodies.is_empty()).then(|| canonical(bodies))),
            ("exchanges", (!exchanges.is_empty()).then(|| canonical(&exchanges))),
            ("input", Some(self.input.clone())),
            ("log", (self.log != Log::default()).then(|| canonical(&self.log))),
            ("output", Some(self.output.clone())),
        ];
        let mut whole = vec![b'{'];
        for (name, text) in members.into_iter().filter_map(|(name, text)| Some((name, text?))) {
            if text.is_empty() {
                continue;
            }
            if whole.len() > 1 {
                whole.push(b',');
            }
            whole.extend_from_slice(format!("\"{name}\":").as_bytes());
            whole.extend(text);
        }
        whole.push(b'}');
        whole
    }

    /// Puts a record together again. `part` finds a part's bytes by its name.
    pub fn from_parts(
        summary: CallSummary,
        mut part: impl FnMut(&str) -> Option<Vec<u8>>,
    ) -> Result<Self, RecordError> {
        let mut must = |name: &str| part(name).ok_or_else(|| RecordError::Missing(name.to_owned()));
        let bytes = must(CALL)?;
        let unreadable =
            |error: serde_json::Error| RecordError::Unreadable { name: CALL.to_owned(), reason: error.to_string() };
        let Whole { mut bodies, exchanges, input, log, output } = serde_json::from_slice(&bytes).map_err(unreadable)?;
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
        let text = |json: Option<Json>| json.map_or_else(Vec::new, |json| json.canonical().into_bytes());
        Ok(Self { summary, input: text(input), output: text(output), reads, log })
    }
}

/// The part with everything in it but large bodies.
const CALL: &str = "call";
/// Larger bodies are parts of their own, as they came, in bytes.
const MAX_BODY_WITHIN: usize = 64 << 10;
/// Above so many large bodies, all are within: whoever keeps the parts names each in an entry of bounded size.
const MAX_BESIDE: usize = 64;

/// The part `call`, as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    #[serde(default)]
    bodies: BTreeMap<String, Body>,
    #[serde(default)]
    exchanges: Vec<Exchange<ReadRequest, ReadAnswer>>,
    input: Option<Json>,
    #[serde(default)]
    log: Log,
    output: Option<Json>,
}

/// A read as the part `call` holds it.
#[derive(Serialize, Deserialize)]
struct Exchange<Request, Answer> {
    request: Request,
    answer: Answer,
}

fn body_name(number: usize) -> String {
    format!("read {number} body")
}

fn canonical(value: &impl Serialize) -> Vec<u8> {
    // Requests, answers, logs and bodies hold text and sizes far below 2⁵³, so that they always have a canonical form.
    Json::from(value).map(|json| json.canonical().into_bytes()).unwrap_or_default()
}
