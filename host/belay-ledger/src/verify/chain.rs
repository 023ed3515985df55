//! What entries say, one after the other: form, sequence, and that every outcome closes one intent.

use std::collections::BTreeMap;

use super::clock::Clocks;
use crate::entry::{Entry, NotAnEntry};
use crate::keys::KeyChange;
use crate::kind;
use crate::redaction::Redactions;
use crate::silence::Silences;

/// Reads entries in their order.
#[derive(Default)]
pub(super) struct Chain {
    /// Each intent, and the outcome that closed it.
    intents: BTreeMap<u64, Option<u64>>,
    redactions: Redactions,
    pub(super) clocks: Clocks,
    pub(super) silences: Silences,
    pub(super) problems: Vec<(u64, String)>,
    pub(super) key_changes: Vec<(u64, KeyChange)>,
}

impl Chain {
    /// Takes what stands at `seq`.
    pub(super) fn read(&mut self, seq: u64, entry: &Result<Entry, NotAnEntry>) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return self.problems.push((seq, error.to_string())),
        };
        self.clocks.read(entry);
        self.silences.read(entry);
        if entry.seq != seq {
            self.problems.push((seq, format!("it says that it is entry {}", entry.seq)));
        }
        if entry.parent.is_some_and(|parent| parent >= seq) {
            self.problems.push((seq, "its parent does not come before it".to_owned()));
        }
        if entry.kind == kind::INTENT {
            self.intents.insert(seq, None);
        } else if entry.kind == kind::OUTCOME
            && let Err(problem) = self.close(seq, entry)
        {
            self.problems.push((seq, problem));
        }
        if let Err(problem) = self.redactions.read(entry) {
            self.problems.push((seq, problem));
        }
        if entry.kind == kind::KEY_ROTATED || entry.kind == kind::KEY_COMPROMISED {
            match entry.body.to() {
                Ok(change) => self.key_changes.push((seq, change)),
                Err(error) => self.problems.push((seq, format!("a change of keys that can't be read: {error}"))),
            }
        }
    }

    fn close(&mut self, seq: u64, outcome: &Entry) -> Result<(), String> {
        let intent = outcome.body.value().get("intent").and_then(serde_json::Value::as_u64);
        let intent = intent.ok_or("an outcome that names no intent")?;
        match self.intents.get_mut(&intent) {
            None => Err(format!("an outcome of entry {intent}, which is no intent before it")),
            Some(Some(first)) => Err(format!("a second outcome of the intent {intent}; the first is entry {first}")),
            Some(open) => {
                *open = Some(seq);
                Ok(())
            }
        }
    }

    /// The intents that nothing has closed.
    pub(super) fn open_intents(&self) -> Vec<u64> {
        self.intents.iter().filter(|(_, outcome)| outcome.is_none()).map(|(intent, _)| *intent).collect()
    }
}
