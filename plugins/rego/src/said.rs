//! From what the rules said to a judgement. What has the wrong shape is a mistake: a denial with a typing error in it
//! is none otherwise.

use belay_sdk::{Fault, Judgement, Quorum, RiskFactor, Verdict};
use regorus::Value;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::entry::Entry;

/// What all rules said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    denials: Vec<String>,
    approvals: Vec<Quorum>,
    factors: Vec<RiskFactor>,
    notes: Vec<String>,
}

/// `data.belay.verdict`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    allow: Option<bool>,
    #[serde(default)]
    deny: Vec<Message>,
    #[serde(default)]
    approvals: Vec<Approvals>,
    #[serde(default)]
    risk: Vec<Factor>,
    #[serde(default)]
    notes: Vec<Message>,
}

/// People whom the policy wants to ask.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approvals {
    role: String,
    count: u32,
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Factor {
    cause: String,
    score: u32,
}

/// A text, or an object with one, as conftest has it; whatever else the object holds is for other readers.
#[derive(Deserialize)]
#[serde(untagged, expecting = "each message must be a text, or an object with a text `msg`")]
enum Message {
    Text(String),
    Object { msg: String },
}

impl Message {
    fn text(self) -> String {
        match self {
            Self::Text(text) | Self::Object { msg: text } => text,
        }
    }
}

impl Said {
    /// Takes in what a rule said. `path` names the rule for people.
    pub(crate) fn hear(&mut self, entry: Entry, path: &str, value: &Value) -> Result<(), Fault> {
        match entry {
            Entry::Deny => self.denials.extend(messages(path, value)?),
            Entry::Warn => self.notes.extend(messages(path, value)?),
            Entry::Allow => match value {
                Value::Bool(true) => {}
                Value::Bool(false) => self.denials.push(format!("{path} is false")),
                Value::Undefined => self.denials.push(format!("{path} is undefined")),
                Value::Null
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Set(_)
                | Value::Object(_) => return Err(wrong(path, "it is neither true nor false")),
            },
            Entry::Verdict => self.hear_whole(path, value)?,
        }
        Ok(())
    }

    fn hear_whole(&mut self, path: &str, value: &Value) -> Result<(), Fault> {
        if *value == Value::Undefined {
            return Err(wrong(path, "it is undefined for this case; give it a default"));
        }
        let whole: Whole = read(path, value)?;
        let denied: Vec<String> = whole.deny.into_iter().map(Message::text).collect();
        if whole.allow == Some(false) && denied.is_empty() {
            self.denials.push(format!("{path}.allow is false"));
        }
        self.denials.extend(denied);
        for Approvals { role, count, because } in whole.approvals {
            if count == 0 || role.is_empty() {
                return Err(wrong(path, "approvals need a count of at least 1, and a role"));
            }
            self.approvals.push(Quorum { approvals: count, role, because });
        }
        self.factors.extend(whole.risk.into_iter().map(|Factor { cause, score }| RiskFactor { cause, score }));
        self.notes.extend(whole.notes.into_iter().map(Message::text));
        Ok(())
    }

    /// One denial denies, whatever else was said.
    pub(crate) fn judgement(self) -> Judgement {
        let Self { denials, approvals, factors, notes } = self;
        let verdict = if !denials.is_empty() {
            Verdict::Deny(denials)
        } else if !approvals.is_empty() {
            Verdict::NeedsApprovals(approvals)
        } else {
            Verdict::Allow
        };
        Judgement { verdict, factors, notes }
    }
}

/// The texts of a set, an array or a single text. A rule that is only true has no text: its name must do.
fn messages(path: &str, value: &Value) -> Result<Vec<String>, Fault> {
    match value {
        Value::Undefined | Value::Bool(false) => Ok(Vec::new()),
        Value::Bool(true) => Ok(vec![format!("{path} is true")]),
        Value::String(text) => Ok(vec![text.to_string()]),
        Value::Set(_) | Value::Array(_) => {
            read::<Vec<Message>>(path, value).map(|messages| messages.into_iter().map(Message::text).collect())
        }
        Value::Null | Value::Number(_) | Value::Object(_) => Err(wrong(path, "it is no set of texts")),
    }
}

fn read<T: DeserializeOwned>(path: &str, value: &Value) -> Result<T, Fault> {
    let read = serde_json::to_value(value).and_then(serde_json::from_value);
    read.map_err(|error| wrong(path, &error.to_string()))
}

fn wrong(path: &str, why: &str) -> Fault {
    Fault::Invalid(format!("{path}: {why}"))
}
