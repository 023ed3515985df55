//! What surrounds a run, from the ledger: which others have not ended, and how its runbook did before. Reads headings
//! only; no run is folded for it.

use std::collections::BTreeMap;

use belay_domain::assess::{Around, Record};
use belay_domain::id::{FeatureSetName, RunId, RunbookName};
use belay_domain::mandate::{Named, Purpose};
use belay_ledger::{Entry, Filter};
use serde::Deserialize;

use crate::api::Error;
use crate::ledger;
use crate::planner::Ground;

const OPENED: &str = "run.opened";
const SEALED: &str = "run.sealed";
/// How many of the newest openings and ends are looked at.
const HEADINGS: u64 = 1_000;

/// What the heading of an opening says.
#[derive(Deserialize)]
struct Opened {
    runbook: Named<RunbookName>,
    feature_set: Named<FeatureSetName>,
    purpose: Purpose,
}

/// What the heading of an end says.
#[derive(Deserialize)]
struct Sealed {
    ending: Option<String>,
}

/// What surrounds a run: one that is planned or one under way, which is not counted itself.
pub(crate) fn of(ground: &Ground) -> Result<Around, Error> {
    let filter = Filter {
        kinds: vec![OPENED.to_owned(), SEALED.to_owned()],
        newest_first: true,
        limit: Some(HEADINGS),
        ..Filter::default()
    };
    let entries = ground.host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
    let mut told = Told { around: Around::default(), record: None };
    let mut ended: BTreeMap<&RunId, Option<String>> = BTreeMap::new();
    for entry in &entries {
        let Some(run) = entry.run.as_ref().filter(|run| ground.cause.run.as_ref() != Some(*run)) else { continue };
        if entry.kind == SEALED {
            ended.insert(run, body::<Sealed>(entry)?.ending);
        } else {
            let opened: Opened = body(entry)?;
            match ended.get(run) {
                None if entry.environment.as_ref() == Some(&ground.environment_name) => told.in_flight(ground, &opened),
                None => {}
                Some(ending) => told.ended(ground, &opened, ending.as_deref()),
            }
        }
    }
    let record = match &ground.purpose {
        Purpose::Rollback => told.record.unwrap_or(Record::Untried),
        Purpose::Undo { .. } => Record::Proven,
    };
    Ok(Around { record, ..told.around })
}

/// What the entries have told so far, the newest first.
struct Told {
    around: Around,
    record: Option<Record>,
}

impl Told {
    fn in_flight(&mut self, ground: &Ground, opened: &Opened) {
        if opened.feature_set.name == *ground.feature_set.name() {
            self.around.runs_on_set += 1;
        } else {
            self.around.runs_elsewhere += 1;
        }
    }

    fn ended(&mut self, ground: &Ground, opened: &Opened, ending: Option<&str>) {
        let same = opened.purpose == Purpose::Rollback
            && opened.runbook.name == ground.runbook.name
            && opened.feature_set.name == *ground.feature_set.name();
        if same && self.record.is_none() {
            self.record = record(ending, opened.runbook.digest == ground.runbook.digest);
        }
    }
}

/// What an end says of its runbook. One that was refused or aborted, or found nothing to do, says nothing.
fn record(ending: Option<&str>, unchanged: bool) -> Option<Record> {
    match ending {
        Some("done" | "partial") if unchanged => Some(Record::Proven),
        Some("done" | "partial") => Some(Record::Changed),
        Some("failed" | "undone" | "replaced") => Some(Record::WentBadly),
        _ => None,
    }
}

fn body<T: serde::de::DeserializeOwned>(entry: &Entry) -> Result<T, Error> {
    entry.body.to().map_err(|error| {
        Error::failed(format!("entry {} of the ledger can't be read: {error}", entry.seq)).next("belay audit verify")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_end_that_tells_something_of_the_runbook_counts() {
        assert_eq!(record(Some("done"), true), Some(Record::Proven));
        assert_eq!(record(Some("partial"), false), Some(Record::Changed));
        assert_eq!(record(Some("failed"), true), Some(Record::WentBadly));
        for says_nothing in [Some("refused"), Some("aborted"), Some("nothing_to_do"), None] {
            assert_eq!(record(says_nothing, true), None);
        }
    }
}
