//! Which resource a step is about. An entry of a step gives its place only; the stage's plan says the rest, where it has
//! not been redacted.

use std::collections::BTreeMap;

use belay_domain::id::RunId;
use belay_engine::Event;
use belay_ledger::{Entry, Error, Filter, Ledger};
use serde_json::Value;

use crate::journal;

/// How many stages are remembered.
const REMEMBERED: usize = 4_096;
const PLANNED: &str = "stage.planned";

/// The resources of a stage's steps, in order: each by its name and its address.
type Resources = Vec<Vec<String>>;

/// Finds resources of steps.
pub(super) struct Steps<'l> {
    ledger: &'l Ledger,
    known: BTreeMap<(RunId, u64), Resources>,
}

impl<'l> Steps<'l> {
    pub(super) fn of(ledger: &'l Ledger) -> Self {
        Self { ledger, known: BTreeMap::new() }
    }

    /// The resources that an entry of a run is about: of its step, or of all steps of its stage.
    pub(super) fn resources(&mut self, entry: &Entry) -> Result<Vec<String>, Error> {
        let Some(run) = &entry.run else { return Ok(Vec::new()) };
        let body = entry.body.value();
        if entry.kind == PLANNED {
            let planned = planned(self.ledger, entry);
            let all = planned.iter().flatten().cloned().collect();
            if let Some(stage) = body.get("stage").and_then(Value::as_u64) {
                self.remember(run, stage, planned);
            }
            return Ok(all);
        }
        let place = |name: &str| body.pointer(&format!("/step/{name}")).and_then(Value::as_u64);
        let Some((stage, step)) = place("stage").zip(place("step")).or(self.of_intent(entry)?) else {
            return Ok(Vec::new());
        };
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        Ok(self.stage(run, stage, entry.seq)?.get(step).cloned().unwrap_or_default())
    }

    /// The step of the intent that an entry names: of an outcome, of an answer to a write.
    fn of_intent(&self, entry: &Entry) -> Result<Option<(u64, u64)>, Error> {
        let Some(intent) = entry.body.value().get("intent").and_then(Value::as_u64) else { return Ok(None) };
        let Some(intent) = self.ledger.entry(intent)?.filter(|found| found.run == entry.run) else { return Ok(None) };
        let place = |name: &str| intent.body.value().pointer(&format!("/step/{name}")).and_then(Value::as_u64);
        Ok(place("stage").zip(place("step")))
    }

    fn stage(&mut self, run: &RunId, stage: u64, before: u64) -> Result<&Resources, Error> {
        let key = (run.clone(), stage);
        if !self.known.contains_key(&key) {
            let filter = Filter {
                run: Some(run.clone()),
                kinds: vec![PLANNED.to_owned()],
                before: Some(before),
                newest_first: true,
                ..Filter::default()
            };
            let plans = self.ledger.entries(&filter)?;
            let of_stage = |plan: &&Entry| plan.body.value().get("stage").and_then(Value::as_u64) == Some(stage);
            let found = plans.iter().find(of_stage).map(|plan| planned(self.ledger, plan)).unwrap_or_default();
            self.remember(run, stage, found);
        }
        Ok(self.known.entry(key).or_default())
    }

    fn remember(&mut self, run: &RunId, stage: u64, resources: Resources) {
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert((run.clone(), stage), resources);
    }
}

/// What a plan's steps are about; nothing where the plan is gone.
fn planned(ledger: &Ledger, entry: &Entry) -> Resources {
    let Ok(Event::Planned { plan, .. }) = journal::event(ledger, entry) else { return Vec::new() };
    let of_step = |step: &belay_domain::plan::StepPlan| {
        step.subject.target().map(|target| vec![target.resource.to_string(), target.at.to_string()]).unwrap_or_default()
    };
    plan.steps.iter().map(of_step).collect()
}
