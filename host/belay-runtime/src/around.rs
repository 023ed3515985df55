//! What surrounds a run, from the ledger: which others have not ended, and how its runbook did before. Reads headings
//! only; no run is folded for it.

use std::collections::BTreeMap;

use belay_domain::assess::{Around, Record};
use belay_domain::id::{EnvironmentName, FeatureSetName, RunId, RunbookName};
use belay_domain::mandate::{Named, Purpose};
use belay_ledger::Ledger;
use serde::Deserialize;

use crate::api::Error;
use crate::ledger::{Newest, Numbered};
use crate::planner::Ground;

const OPENED: &str = "run.opened";
const SEALED: &str = "run.sealed";
/// How many of the newest openings and ends are looked at for runs that have not ended.
const HEADINGS: u64 = 1_000;

/// The run that is surrounded: one that is planned, or one under way.
struct Centre<'a> {
    run: Option<&'a RunId>,
    environment: &'a EnvironmentName,
    runbook: &'a Named<RunbookName>,
    feature_set: &'a FeatureSetName,
    purpose: &'a Purpose,
}

/// What is read of an opening or an end.
#[derive(Deserialize)]
struct Heading {
    seq: u64,
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

/// What surrounds a run, which is not counted itself.
pub(crate) fn of(ground: &Ground) -> Result<Around, Error> {
    let centre = Centre {
        run: ground.cause.run.as_ref(),
        environment: &ground.environment_name,
        runbook: &ground.runbook,
        feature_set: ground.feature_set.name(),
        purpose: &ground.purpose,
    };
    centre.around(&ground.host.ledger, HEADINGS)
}

impl Centre<'_> {
    /// Runs that have not ended are looked for among the newest `headings`, how the runbook did as far back as it takes.
    fn around(&self, ledger: &Ledger, headings: u64) -> Result<Around, Error> {
        let mut around = Around::default();
        let mut record = matches!(self.purpose, Purpose::Undo { .. }).then_some(Record::Proven);
        let mut ended: BTreeMap<RunId, Option<String>> = BTreeMap::new();
        for (n, heading) in (0..).zip(Newest::<Heading>::of(ledger, &[OPENED, SEALED], None).first(headings)) {
            if n >= headings && record.is_some() {
                break;
            }
            let heading = heading?;
            let Some(run) = heading.run.as_ref().filter(|run| self.run != Some(*run)) else { continue };
            if heading.kind == SEALED {
                ended.insert(run.clone(), heading.body.ending);
                continue;
            }
            let opened = heading.opened(run)?;
            match ended.remove(run) {
                Some(ending) => record = record.or_else(|| self.record(&opened, ending.as_deref())),
                None if n >= headings || heading.environment.as_ref() != Some(self.environment) => {}
                None if opened.feature_set.name == *self.feature_set => around.runs_on_set += 1,
                None => around.runs_elsewhere += 1,
            }
        }
        around.record = record.unwrap_or(Record::Untried);
        Ok(around)
    }

    /// What another run tells of this one's runbook, where it was the same on the same feature set.
    fn record(&self, opened: &Opened<'_>, ending: Option<&str>) -> Option<Record> {
        let same = *opened.purpose == Purpose::Rollback
            && opened.runbook.name == self.runbook.name
            && opened.feature_set.name == *self.feature_set;
        same.then(|| record(ending, opened.runbook.digest == self.runbook.digest))?
    }
}

impl Numbered for Heading {
    fn seq(&self) -> u64 {
        self.seq
    }
}

impl Heading {
    fn opened(&self, run: &RunId) -> Result<Opened<'_>, Error> {
        let said = &self.body;
        let opened = said.runbook.as_ref().zip(said.feature_set.as_ref()).zip(said.purpose.as_ref());
        let opened = opened.map(|((runbook, feature_set), purpose)| Opened { runbook, feature_set, purpose });
        opened.ok_or_else(|| {
            Error::failed(format!("the opening of {run} does not say what it opened")).next("belay audit verify")
        })
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
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use belay_domain::digest::Digest;
    use belay_domain::id::Millis;
    use belay_domain::json::Json;
    use belay_ledger::{Actor, Batch, Draft};
    use serde_json::{Value, json};

    use super::*;

    fn draft(kind: &str, run: &str, body: Value) -> Draft {
        let actor = Actor { name: "ana".to_owned(), authenticated_by: "test".to_owned(), on_behalf_of: None };
        let mut draft = Draft::new(Millis(1), kind, actor, Json::new(body).unwrap());
        draft.run = Some(run.parse().unwrap());
        draft.environment = Some("prod".parse().unwrap());
        draft
    }

    fn opened(run: &str, runbook: &str) -> Draft {
        let named = |name: &str| json!({ "name": name, "digest": Digest::of(name.as_bytes()) });
        let purpose = json!(Purpose::Rollback);
        draft(OPENED, run, json!({ "runbook": named(runbook), "feature_set": named("ranker"), "purpose": purpose }))
    }

    fn sealed(run: &str, ending: &str) -> Draft {
        draft(SEALED, run, json!({ "ending": ending }))
    }

    #[test]
    fn how_a_runbook_did_is_found_behind_any_number_of_other_runs() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().canonicalize().unwrap();
        let ledger = Ledger::init(&place.join("state"), &place.join("key"), "test").unwrap();
        let mut drafts = vec![opened("r-1", "fails"), sealed("r-1", "failed")];
        drafts.extend([
            opened("r-2", "fails"),
            sealed("r-2", "refused"),
            opened("r-3", "works"),
            sealed("r-3", "done"),
        ]);
        let others = (4..30).map(|n| format!("r-{n}"));
        drafts.extend(others.flat_map(|run| [opened(&run, "often"), sealed(&run, "done")]));
        drafts.push(opened("r-30", "often"));
        ledger.append(Batch { drafts, conditions: Vec::new() }).unwrap();
        let around = |runbook: &str, headings| {
            let (environment, feature_set) = ("prod".parse().unwrap(), "ranker".parse().unwrap());
            let digest = Digest::of(runbook.as_bytes());
            let runbook = Named { name: runbook.parse().unwrap(), digest };
            let purpose = Purpose::Rollback;
            let (runbook, purpose) = (&runbook, &purpose);
            let (environment, feature_set) = (&environment, &feature_set);
            Centre { run: None, environment, runbook, feature_set, purpose }.around(&ledger, headings).unwrap()
        };
        for headings in [1, 2, 4, 7, 1_000] {
            let records = ["fails", "works", "often", "never"].map(|runbook| around(runbook, headings).record);
            assert_eq!(records, [Record::WentBadly, Record::Proven, Record::Proven, Record::Untried], "{headings}");
            assert_eq!(around("never", headings).runs_on_set, 1);
        }
    }

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
