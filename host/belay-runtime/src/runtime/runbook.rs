//! Runbooks: listed, found by what a responder sees.

use belay_domain::id::RunbookName;
use belay_domain::runbook::Runbook;

use super::Runtime;
use crate::api::{Error, LastRun, RunSummary, RunbookSummary};

/// How many of the newest runs are looked through for a runbook's last one.
const RUNS: u32 = 200;

impl Runtime {
    /// Every runbook, with what it serves and when it last ran.
    pub fn runbooks(&self) -> Result<Vec<RunbookSummary>, Error> {
        let (runs, _untold) = self.runs(RUNS)?;
        Ok(self.host.workspace.runbooks.values().map(|runbook| self.runbook(runbook, &runs)).collect())
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

    fn runbook(&self, runbook: &Runbook, runs: &[RunSummary]) -> RunbookSummary {
        let sets = self.host.workspace.feature_sets.values();
        let serves = sets.filter(|set| runbook.resources().all(|resource| set.resource(resource).is_some()));
        let serves: Vec<_> = serves.filter(|set| serves_set(runbook, set.name())).collect();
        RunbookSummary {
            runbook: runbook.clone(),
            serves: serves.iter().map(|set| set.name().clone()).collect(),
            last_run: last_run(&runbook.name, runs),
            people: crate::lint::people::of_sets(&self.host.workspace, serves),
        }
    }
}

/// Whether the runbook's own scope leaves the set in.
fn serves_set(runbook: &Runbook, set: &belay_domain::id::FeatureSetName) -> bool {
    runbook.may_touch.feature_sets.as_ref().is_none_or(|sets| sets.contains(set))
}

fn last_run(name: &RunbookName, runs: &[RunSummary]) -> Option<LastRun> {
    let run = runs.iter().find(|run| run.runbook == *name)?;
    Some(LastRun { run: run.run.clone(), at: run.requested_at, ending: ending(run) })
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
