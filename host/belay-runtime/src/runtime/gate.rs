//! The gate of a release: whether a feature set could be rolled back now. Opens no run; what it asks is recorded, as a
//! plan's questions are.

use std::collections::BTreeMap;

use belay_domain::feature_set::FeatureSet;
use belay_domain::id::{EnvironmentName, FeatureSetName, ResourceName};
use belay_domain::limits::Span;
use belay_domain::point::PinnedResource;
use belay_domain::runbook::Runbook;

use super::Runtime;
use super::quarantine::words;
use crate::api::{Error, Gate, GateAnswer, GateCheck, GateWord, Goal, PlanAnswer, PlanRequest, PointSummary};
use crate::clock;
use crate::history;
use crate::ledger;
use crate::planner::Ground;
use crate::prepare::Prepared;
use crate::quarantine;
use crate::resolve;

impl Runtime {
    /// Whether a feature set could be rolled back, in an environment or in the only one.
    ///
    /// # Errors
    /// Refused while the files are not the governance that was accepted: no run would begin.
    pub async fn gate(&self, set: &FeatureSetName, environment: Option<&EnvironmentName>) -> Result<GateAnswer, Error> {
        crate::standing::in_force(&self.host)?;
        let set = resolve::feature_set(&self.host.workspace, set)?;
        let ground = self.bare_ground(set, environment, None)?;
        let answer = self.judge(&ground, set).await?;
        let failed: Vec<_> = answer.checks.iter().filter(|check| check.word == GateWord::Failed).collect();
        let body = serde_json::json!({ "feature_set": set.name(), "open": answer.open, "failed": failed });
        let draft = ground.cause.draft("gate.judged", body)?;
        let appended = ledger::append(&self.host.ledger, draft.into()).await;
        appended.map_err(|error| ledger::error(&error).changed("nothing was changed"))?;
        Ok(answer)
    }

    /// Every feature set, in an environment or in all.
    pub async fn gates(&self, environment: Option<&EnvironmentName>) -> Result<Vec<GateAnswer>, Error> {
        let environments: Vec<_> = match environment {
            Some(name) => vec![name.clone()],
            None => self.host.workspace.environments.keys().cloned().collect(),
        };
        let mut answers = Vec::new();
        for environment in &environments {
            for set in self.host.workspace.feature_sets.keys() {
                answers.push(self.gate(set, Some(environment)).await?);
            }
        }
        Ok(answers)
    }

    async fn judge(&self, ground: &Ground, set: &FeatureSet) -> Result<GateAnswer, Error> {
        // Quarantined or not: that is a check of its own.
        let point = history::newest_good(&self.host.ledger, set.name(), &ground.environment_name)?;
        let mut checks = vec![has_point(ground, point.as_ref())];
        let mut present = BTreeMap::new();
        for spec in set.resources() {
            present.extend(ground.present(&spec.name).await?.map(|state| (spec.name.clone(), state)));
        }
        if let Some(point) = &point {
            checks.push(self.artifacts(ground, point).await?);
        }
        let serving = self.host.workspace.runbooks.values().filter(|runbook| serves(runbook, set));
        let mut plans = Vec::new();
        for runbook in serving {
            let planned = self.still_plans(ground, runbook).await;
            checks.push(runbook_check(runbook, &planned));
            plans.extend(planned.ok());
        }
        checks.push(guardrails(&plans));
        let quarantine = quarantine::of(&self.host.ledger, &ground.environment_name)?;
        let there = set
            .resources()
            .iter()
            .filter_map(|spec| quarantine.holds(&spec.at, &present.get(&spec.name)?.content_digest()));
        let pins = point.iter().flat_map(|point| point.point.pins.values());
        let pinned = pins.filter_map(|pinned| quarantine.holds(&pinned.at, &pinned.pin.state.content_digest()));
        let held: std::collections::BTreeSet<_> = there.chain(pinned).map(words).collect();
        checks.push(match held.is_empty() {
            true => GateCheck::passed("quarantine", "nothing that is there or pinned is quarantined".to_owned()),
            false => GateCheck::failed("quarantine", held.into_iter().collect::<Vec<_>>().join("; ")),
        });
        Ok(GateAnswer {
            environment: ground.environment_name.clone(),
            feature_set: set.name().clone(),
            open: checks.iter().all(|check| check.word != GateWord::Failed),
            checks,
        })
    }

    /// Whether what the point pins can still be gone back to, as each resource's plugin says.
    async fn artifacts(&self, ground: &Ground, point: &PointSummary) -> Result<GateCheck, Error> {
        let mut found = Vec::new();
        let mut wrong = Vec::new();
        for (name, pinned) in point.point.pins.iter().filter(|(name, _)| ground.feature_set.resource(name).is_some()) {
            match ground.still_there(name, pinned).await? {
                Ok(()) => found.push(format!("{name} {}", pinned.pin.state.version)),
                Err(reason) => wrong.push(format!("{name} {}: {reason}", pinned.pin.state.version)),
            }
        }
        Ok(match wrong.is_empty() {
            true => GateCheck::passed("artifacts", found.join(" · ")),
            false => GateCheck::failed("artifacts", wrong.join("; ")),
        })
    }

    async fn still_plans(&self, ground: &Ground, runbook: &Runbook) -> Result<PlanAnswer, Error> {
        let request = PlanRequest {
            runbook: runbook.name.clone(),
            feature_set: ground.feature_set.name().clone(),
            environment: Some(ground.environment_name.clone()),
            goal: Some(Goal::LatestGood),
            only: None,
            except: Vec::new(),
            parameters: BTreeMap::new(),
            incident: None,
            reason: Some("gate".to_owned()),
            break_glass: false,
        };
        let prepared = Prepared::of(&self.host, &request).await?;
        self.describe(&prepared)
    }
}

impl Ground {
    /// Whether a pinned state can be gone back to; otherwise why not.
    async fn still_there(&self, name: &ResourceName, pinned: &PinnedResource) -> Result<Result<(), String>, Error> {
        if let Some(moved) = self.feature_set.resource(name).filter(|spec| spec.at != pinned.at) {
            return Ok(Err(format!("it was pinned at {}, and lives at {} now", pinned.at, moved.at)));
        }
        self.proposes(name, &pinned.pin).await
    }
}

fn serves(runbook: &Runbook, set: &FeatureSet) -> bool {
    runbook.resources().all(|resource| set.resource(resource).is_some())
}

fn has_point(ground: &Ground, point: Option<&PointSummary>) -> GateCheck {
    let Some(point) = point else {
        let how = format!("none is marked good: belay point capture {} --env …", ground.feature_set.name());
        return GateCheck::failed("point", how);
    };
    let resources = ground.feature_set.resources();
    let missing = resources.iter().filter(|spec| !point.point.pins.contains_key(&spec.name));
    let missing: Vec<_> = missing.map(|spec| spec.name.as_str()).collect();
    let (age, oldest) =
        (clock::now().since(point.point.captured_at), ground.environment.risk.limits.max_point_age_ms.value);
    if !missing.is_empty() {
        GateCheck::failed("point", format!("{} pins nothing for {}", point.id, missing.join(", ")))
    } else if age > oldest {
        GateCheck::failed("point", format!("{} is older than the {} that are allowed", point.id, Span(oldest)))
    } else {
        GateCheck::passed("point", format!("{} pins every resource, {} in all", point.id, resources.len()))
    }
}

/// A plan that would not run through to its end is no way back.
fn runbook_check(runbook: &Runbook, planned: &Result<PlanAnswer, Error>) -> GateCheck {
    let name = format!("runbook {}", runbook.name);
    let needs = runbook.parameters.iter().find(|parameter| parameter.default.is_none());
    let plan = match (planned, needs) {
        (_, Some(parameter)) => {
            return GateCheck::not_tried(&name, format!("somebody must give it the parameter {}", parameter.name));
        }
        (Err(error), None) => return GateCheck::failed(&name, error.what.clone()),
        (Ok(plan), None) => plan,
    };
    let barred = plan.stages.iter().find_map(|stage| match &stage.gate {
        Gate::Refused { reasons } | Gate::Blind { reasons } => Some(format!("{}: {}", stage.name, reasons.join("; "))),
        Gate::NothingToDo | Gate::Skipped | Gate::RunsAtOnce { .. } | Gate::NeedsApprovals { .. } => None,
    });
    let risks = plan.stages.iter().map(|stage| format!("{} risk {}", stage.name, stage.assessment.risk));
    match barred {
        Some(reason) => GateCheck::failed(&name, reason),
        None => GateCheck::passed(&name, risks.collect::<Vec<_>>().join(", ")),
    }
}

/// A guardrail that can't answer would deny at night.
fn guardrails(plans: &[PlanAnswer]) -> GateCheck {
    let verdicts = || plans.iter().flat_map(|plan| &plan.stages).flat_map(|stage| &stage.verdicts);
    let failed = verdicts().filter_map(|verdict| Some(format!("{}: {}", verdict.plugin, verdict.failed.as_ref()?)));
    let failed: std::collections::BTreeSet<_> = failed.collect();
    let asked: std::collections::BTreeSet<_> = verdicts().map(|verdict| verdict.plugin.to_string()).collect();
    match (failed.is_empty(), asked.is_empty()) {
        (false, _) => GateCheck::failed("guardrails", failed.into_iter().collect::<Vec<_>>().join("; ")),
        (true, true) => GateCheck::not_tried("guardrails", "none was asked".to_owned()),
        (true, false) => GateCheck::passed("guardrails", asked.into_iter().collect::<Vec<_>>().join(" · ")),
    }
}
