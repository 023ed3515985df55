//! What surrounds a run, from the ledger: which others have not ended, and how its runbook did before. Reads headings
//! only; no run is folded for it.

use std::collections::BTreeMap;

use belay_domain::assess::{Around, Record};
use belay_domain::id::{EnvironmentName, FeatureSetName, RunId, RunbookName};
use belay_domain::mandate::{Named, Purpose};
use belay_ledger::Filter;
use serde::Deserialize;

use crate::api::Error;
use crate::ledger;
use crate::planner::Ground;

const OPENED: &str = "run.opened";
const SEALED: &str = "run.sealed";
/// How many of the newest openings and ends are looked at.
const HEADINGS: u64 = 1_000;

/// What is read of an opening or an end.
#[derive(Deserialize)]
struct Heading {
    kind: String,
    run: Option<RunId>,
    environment: Option<EnvironmentName>,
    body: Said,
}

/// What one of the two says; the other leaves it out.
#[derive(Deserialize)]
struct Said {
    runbook: Option<Named<RunbookName>>,
    feature_set: Option<Named<FeatureSetName>>,
    purpose: Option<Purpose>,
    ending: Option<String>,
}

/// What an opening says.
struct Opened<'a> {
    runbook: &'a Named<RunbookName>,
    feature_set: &'a Named<FeatureSetName>,
    purpose: &'a Purpose,
}

/// What surrounds a run: one that is planned or one under way, which is not counted itself.
pub(crate) fn of(ground: &Ground) -> Result<Around, Error> {
    let filter = Filter {
        kinds: vec![OPENED.to_owned(), SEALED.to_owned()],
        newest_first: true,
        limit: Some(HEADINGS),
        ..Filter::default()
    };
    let headings: Vec<Heading> = ground.host.ledger.read_as(&filter).map_err(|error| ledger::error(&error))?;
    let mut told = Told { around: Around::default(), record: None };
    let mut ended: BTreeMap<&RunId, Option<&str>> = BTreeMap::new();
    for heading in &headings {
        let Some(run) = heading.run.as_ref().filter(|run| ground.cause.run.as_ref() != Some(*run)) else { continue };
        if heading.kind == SEALED {
            ended.insert(run, heading.body.ending.as_deref());
            continue;
        }
        let opened = heading.body.opened().ok_or_else(|| {
            Error::failed(format!("the opening of {run} does not say what it opened")).next("belay audit verify")
        })?;
        match ended.get(run) {
            None if heading.environment.as_ref() == Some(&ground.environment_name) => told.in_flight(ground, &opened),
            None => {}
            Some(ending) => told.ended(ground, &opened, *ending),
        }
    }
    let record = match &ground.purpose {
        Purpose::Rollback => told.record.unwrap_or(Record::Untried),
        Purpose::Undo { .. } => Record::Proven,
    };
    Ok(Around { record, ..told.around })
}

impl Said {
    fn opened(&self) -> Option<Opened<'_>> {
        let (runbook, feature_set) = (self.runbook.as_ref()?, self.feature_set.as_ref()?);
        Some(Opened { runbook, feature_set, purpose: self.purpose.as_ref()? })
    }
}

/// What the entries have told so far, the newest first.
struct Told {
    around: Around,
    record: Option<Record>,
}

impl Told {
    fn in_flight(&mut self, ground: &Ground, opened: &Opened<'_>) {
        if opened.feature_set.name == *ground.feature_set.name() {
            self.around.runs_on_set += 1;
        } else {
            self.around.runs_elsewhere += 1;
        }
    }

    fn ended(&mut self, ground: &Ground, opened: &Opened<'_>, ending: Option<&str>) {
        let same = *opened.purpose == Purpose::Rollback
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
