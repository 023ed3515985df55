//! What others ask of a run that somebody owns: they leave a word in the ledger, and the owner takes it up. So each
//! run's events have one writer, and their order is certain.

use belay_domain::id::{Millis, RunId, StepId};
use belay_engine::{Decision, Event};
use belay_ledger::{Filter, Ledger};
use serde::{Deserialize, Serialize};

use crate::api::Error;

/// The kind of entry.
pub(crate) const KIND: &str = "run.asked";

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum Ask {
    /// That it ends.
    Abort {
        /// Why.
        reason: String,
    },
    /// That it rests where it is.
    Pause {
        /// Why; may be empty.
        reason: String,
    },
    /// That it goes on after a pause, or holds the parts of ramps no longer.
    Continue,
    /// That a person's work is taken as done.
    Confirm {
        /// Which step.
        step: StepId,
    },
    /// That a person's word on an outcome is taken.
    Resolve {
        /// Which step.
        step: StepId,
        /// The word.
        decision: Decision,
        /// Why.
        reason: String,
    },
}

impl Ask {
    /// The event that it becomes.
    pub(crate) fn event(self, by: String, at: Millis) -> Event {
        match self {
            Self::Abort { reason } => Event::AbortAsked { by, reason, at },
            Self::Pause { reason } => Event::PauseAsked { by, reason, at },
            Self::Continue => Event::ContinueAsked { by, at },
            Self::Confirm { step } => Event::PersonConfirmed { step, by, at },
            Self::Resolve { step, decision, reason } => Event::Resolved { step, decision, by, reason, at },
        }
    }
}

/// What was asked of a run after an entry, and up to where the log was read.
pub(crate) fn asked(ledger: &Ledger, run: &RunId, after: u64) -> Result<(Vec<Event>, u64), Error> {
    let size = ledger.size().map_err(|error| crate::ledger::error(&error))?;
    let last = size.saturating_sub(1);
    if last <= after {
        return Ok((Vec::new(), after));
    }
    let filter =
        Filter { run: Some(run.clone()), kinds: vec![KIND.to_owned()], after: Some(after), ..Filter::default() };
    let entries = ledger.entries(&filter).map_err(|error| crate::ledger::error(&error))?;
    let events = entries.iter().filter_map(|entry| {
        let ask: Ask = entry.body.to().ok()?;
        Some(ask.event(entry.actor.name.clone(), entry.at))
    });
    Ok((events.collect(), last))
}
