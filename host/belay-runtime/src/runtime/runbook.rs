//! Runbooks: listed, found by what a responder sees.

use std::collections::{BTreeMap, BTreeSet};

use belay_domain::id::{Millis, RunId, RunbookName};
use belay_domain::mandate::Named;
use belay_domain::runbook::Runbook;
use serde::Deserialize;

use super::Runtime;
use crate::api::{Error, LastRun, RunSummary, RunbookSummary};
use crate::ledger::{Newest, Numbered};

/// What is read of an opening.
#[derive(Deserialize)]
struct Opening {
    seq: u64,
    at: Millis,
    run: Option<RunId>,
    body: Opened,
}

impl Numbered for Opening {
    fn seq(&self) -> u64 {
        self.seq
    }
}

/// What an opening says.
#[derive(Deserialize)]
struct Opened {
    runbook: Named<RunbookName>,
}

impl Runtime {
    /// Every runbook, with what it serves and when it last ran.
    pub fn runbooks(&self) -> Result<Vec<RunbookSummary>, Error> {
        let newest = self.newest_of_each()?;
        let runbooks = self.host.workspace.runbooks.values();
        Ok(runbooks.map(|runbook| self.runbook(runbook, newest.get(&runbook.name))).collect())
    }

    /// The newest opening of each runbook that ever ran. Reads back until each of the workspace's has one.
    fn newest_of_each(&self) -> Result<BTreeMap<RunbookName, Opening>, Error> {
        let mut missing: BTreeSet<&RunbookName> = self.host.workspace.runbooks.keys().collect();
        let mut newest = BTreeMap::new();
        let mut openings = Newest::<Opening>::of(&self.host.ledger, &["run.opened"], None);
        while !missing.is_empty() {
            let Some(opening) = openings.next().transpose()? else { break };
            if missing.remove(&opening.body.runbook.name) {
                newest.insert(opening.body.runbook.name.clone(), opening);
            }
        }
        Ok(newest)
    }

    /// The runbooks that most of these words fit, the best first; none where no word fits.
    pub fn search_runbooks(&self, words: &[String]) -> Result<Vec<RunbookSummary>, Error> {
        let mut found: Vec<_> = self
            .runbooks()?
            .into_iter()
            .map(|summary| (words.iter().filter(|word| fits(&summary, word)).count(), summary))
            .filter(|(fitting, _)| *fitting > 0)
            .collect();
        found.sort_by_key(|(fitting, _)| std::cmp::Reverse(*fitting));
        Ok(found.into_iter().map(|(_, summary)| summary).collect())
    }

    fn runbook(&self, runbook: &Runbook, newest: Option<&Opening>) -> RunbookSummary {
        let sets = self.host.workspace.feature_sets.values();
        let serves = sets.filter(|set| runbook.resources().all(|resource| set.resource(resource).is_some()));
        let serves: Vec<_> = serves.filter(|set| serves_set(runbook, set.name())).collect();
        RunbookSummary {
            runbook: runbook.clone(),
            serves: serves.iter().map(|set| set.name().clone()).collect(),
            last_run: newest.and_then(|opening| self.last_run(opening)),
            people: crate::lint::people::of_sets(&self.host.workspace, serves),
        }
    }

    fn last_run(&self, opening: &Opening) -> Option<LastRun> {
        let run = opening.run.clone()?;
        // What was redacted of it hides no more than how it ended.
        let ending = self.status(&run).map_or_else(|_| "how it ended can't be told".to_owned(), |run| ending(&run));
        Some(LastRun { run, at: opening.at, ending })
    }
}

/// Whether the runbook's own scope leaves the set in.
fn serves_set(runbook: &Runbook, set: &belay_domain::id::FeatureSetName) -> bool {
    runbook.may_touch.feature_sets.as_ref().is_none_or(|sets| sets.contains(set))
}

fn ending(run: &RunSummary) -> String {
    match run.view.restored_at {
        Some(at) => format!("restored in {} s", at.since(run.requested_at).div_ceil(1_000)),
        None => "not restored".to_owned(),
    }
}

fn fits(summary: &RunbookSummary, word: &str) -> bool {
    let word = word.to_lowercase();
    let runbook = &summary.runbook;
    let texts = [runbook.name.as_str(), &runbook.summary, &runbook.when].into_iter();
    let texts =
        texts.chain(runbook.tags.iter().map(String::as_str)).chain(summary.serves.iter().map(|set| set.as_str()));
    texts.map(str::to_lowercase).any(|text| text.contains(&word))
}
