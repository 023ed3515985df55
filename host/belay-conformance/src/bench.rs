//! Calls of one plugin, and what they cost.

use std::cell::RefCell;

use belay_domain::id::Millis;
use belay_domain::state::{Context, Description, Fault};
use belay_sandbox::{Call, CallError, Plugin};

use crate::report::{Figures, Tried};

/// Sunday, 22 November 2026, 02:15 UTC: what plugins are told is now.
const NOW: Millis = Millis(1_795_313_700_000);

/// A plugin, and what its calls cost until now.
pub(crate) struct Bench<'p> {
    plugin: &'p Plugin,
    costs: RefCell<Vec<(u64, u64, u64)>>,
}

/// What a call said.
#[derive(Clone, Debug)]
pub(crate) struct Heard<T> {
    pub(crate) result: Result<T, CallError>,
    /// The recorded outcome: equal bytes, equal answer.
    pub(crate) output: Vec<u8>,
    pub(crate) reads: usize,
    pub(crate) tried: Tried,
}

impl<T> Heard<T> {
    /// Why the call is a crash: neither an answer nor a fault that the plugin itself tells.
    pub(crate) fn crash(&self) -> Option<String> {
        match &self.result {
            Ok(_) | Err(CallError::Fault(_)) => None,
            Err(error) => Some(error.to_string()),
        }
    }

    pub(crate) const fn fault(&self) -> Option<&Fault> {
        match &self.result {
            Err(CallError::Fault(fault)) => Some(fault),
            _ => None,
        }
    }

    /// Why there is no answer.
    pub(crate) fn answer(self) -> Result<T, String> {
        self.result.map_err(|error| error.to_string())
    }
}

/// What a fault is called in fixtures.
pub(crate) const fn name_of(fault: &Fault) -> &'static str {
    match fault {
        Fault::Invalid(_) => "invalid",
        Fault::Missing(_) => "missing",
        Fault::Unexpected(_) => "unexpected",
        Fault::Unavailable(_) => "unavailable",
        Fault::Unsupported(_) => "unsupported",
    }
}

/// The moment that plugins are told.
pub(crate) fn moment() -> Context {
    Context { now: NOW, key: "conformance/0.0".to_owned() }
}

impl<'p> Bench<'p> {
    pub(crate) const fn new(plugin: &'p Plugin) -> Self {
        Self { plugin, costs: RefCell::new(Vec::new()) }
    }

    /// Counts a call.
    pub(crate) fn heard<T>(&self, call: Call<T>) -> Heard<T> {
        let Call { record, result, memory_bytes } = call;
        let summary = &record.summary;
        self.costs.borrow_mut().push((summary.fuel_used, memory_bytes, summary.duration_us));
        let tried = Tried {
            what: summary.function.to_string(),
            output: serde_json::from_slice(&record.output).unwrap_or_default(),
            log: record.log.lines.iter().map(belay_sandbox::LogLine::shown).collect(),
            fuel: summary.fuel_used,
            memory_bytes,
            took_us: summary.duration_us,
        };
        Heard { result, output: record.output, reads: record.reads.len(), tried }
    }

    pub(crate) async fn describe(&self) -> Heard<Description> {
        self.heard(self.plugin.describe().await)
    }

    pub(crate) fn figures(&self) -> Figures {
        let costs = self.costs.borrow();
        let mut took: Vec<u64> = costs.iter().map(|(_, _, took)| *took).collect();
        took.sort_unstable();
        Figures {
            calls: costs.len() as u64,
            fuel: costs.iter().map(|(fuel, _, _)| *fuel).max().unwrap_or_default(),
            memory_bytes: costs.iter().map(|(_, memory, _)| *memory).max().unwrap_or_default(),
            median_us: took.get(took.len() / 2).copied().unwrap_or_default(),
            slowest_us: took.last().copied().unwrap_or_default(),
        }
    }
}
