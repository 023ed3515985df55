//! Recorded cases: what guardrails were given, as the ledger has it, and what they would say now. Changes nothing.

use std::path::Path;

use belay_domain::digest::Digest;
use belay_domain::id::{Millis, RunId};
use belay_domain::json::Json;
use belay_domain::verdict::{Judgement, Verdict};
use belay_ledger::{Entry, Filter};
use belay_sandbox::{Call, CallError, Function, Plugin};
use serde::Deserialize;

use super::Runtime;
use super::plugin::load_component;
use crate::api::PlanRequest;
use crate::api::{
    Backtest, BacktestRequest, ChangedVerdict, Error, FailureKind, GuardrailFailure, GuardrailMode, RecordedCase,
    RecordedVerdict, StageFacts, TriedVerdict, VerdictWord,
};
use crate::ledger;
use crate::planner::Finding;
use crate::prepare::Prepared;
use crate::record::{CALL, CallBody};

/// The part of a recorded call that a case needs.
#[derive(Deserialize)]
struct CallPart {
    input: JudgeInput,
    output: JudgeOutput,
}

#[derive(Deserialize)]
struct JudgeInput {
    config: Json,
    facts: Json,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum JudgeOutput {
    Answer(Judgement),
    Error(CallError),
}

impl Runtime {
    /// The stages that guardrails judged, the oldest first. A case is one set of facts; the guardrails that judged the
    /// same facts are one case.
    pub fn cases(&self, run: Option<&RunId>, since: Option<Millis>) -> Result<Vec<RecordedCase>, Error> {
        let filter = Filter { run: run.cloned(), kinds: vec![CALL.to_owned()], ..Filter::default() };
        let entries = self.host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
        let mut cases: Vec<(Option<Digest>, RecordedCase)> = Vec::new();
        for entry in entries.iter().filter(|entry| since.is_none_or(|since| entry.at >= since)) {
            let Ok(body) = entry.body.to::<CallBody>() else { continue };
            if body.call.function == Function::Judge {
                self.add_case(&mut cases, entry, &body)?;
            }
        }
        Ok(cases.into_iter().map(|(_, case)| case).collect())
    }

    fn add_case(
        &self,
        cases: &mut Vec<(Option<Digest>, RecordedCase)>,
        entry: &Entry,
        body: &CallBody,
    ) -> Result<(), Error> {
        let part = self.part(entry, body)?;
        let digest = part.as_ref().map(|part| part.input.facts.digest());
        let known =
            cases.iter_mut().rev().find(|(known, case)| known.is_some() && *known == digest && case.run == entry.run);
        let case = match known {
            Some((_, case)) => case,
            None => {
                let facts = part.as_ref().map(|part| part.input.facts.clone());
                let stage = facts.as_ref().and_then(|facts| facts.value().pointer("/stage/name")?.as_str());
                let case = RecordedCase {
                    entry: entry.seq,
                    at: entry.at,
                    environment: entry.environment.clone(),
                    run: entry.run.clone(),
                    stage: stage.map(str::to_owned),
                    facts,
                    said: Vec::new(),
                };
                cases.push((digest, case));
                let Some((_, case)) = cases.last_mut() else { return Ok(()) };
                case
            }
        };
        if let Some(CallPart { input, output }) = part {
            let (verdict, reasons) = match &output {
                JudgeOutput::Answer(judgement) => told(judgement),
                JudgeOutput::Error(error) => (VerdictWord::Failed, vec![error.to_string()]),
            };
            let (plugin, digest) = (body.plugin.clone(), body.call.plugin);
            case.said.push(RecordedVerdict { plugin, digest, config: input.config, verdict, reasons });
        }
        Ok(())
    }

    /// What was said in a call; none where it was redacted, or is missing.
    fn part(&self, entry: &Entry, body: &CallBody) -> Result<Option<CallPart>, Error> {
        let Some(commitment) = body.parts.get("call") else { return Ok(None) };
        let blob = self.host.ledger.blob(entry, commitment).map_err(|error| ledger::error(&error))?;
        let Some(blob) = blob.present() else { return Ok(None) };
        serde_json::from_slice(&blob.bytes).map(Some).map_err(|error| {
            Error::failed(format!("a recorded call can't be read: {error}")).next("belay audit verify")
        })
    }

    /// Judges the cases of a run again, or those of one of its stages.
    pub async fn try_on_run(
        &self,
        component: &Path,
        run: &RunId,
        stage: Option<&str>,
        config: Option<Json>,
    ) -> Result<Vec<TriedVerdict>, Error> {
        let plugin = guardrail(component)?;
        let cases = self.cases(Some(run), None)?;
        if cases.is_empty() {
            let what = format!("no guardrail judged a stage of {run}: there is no such case in the ledger");
            return Err(Error::usage(what).next("belay status"));
        }
        let name = name_of(&plugin).await;
        let config = self.config_of(&name, config)?;
        let mut tried = Vec::new();
        for case in cases.iter().filter(|case| stage.is_none() || case.stage.as_deref() == stage) {
            let about = format!("{run}, stage {}", case.stage.as_deref().unwrap_or("redacted"));
            let Some(facts) = &case.facts else { continue };
            tried.push(judge(&plugin, about, facts, &config).await);
        }
        if tried.is_empty() {
            let stages: Vec<_> = cases.iter().filter_map(|case| case.stage.clone()).collect();
            let what = format!("{run} has no such case; its stages that were judged: {}", stages.join(", "));
            return Err(Error::usage(what));
        }
        Ok(tried)
    }

    /// Judges recorded cases again and says to which the verdict would be another.
    pub async fn backtest(&self, request: BacktestRequest) -> Result<Backtest, Error> {
        let plugin = guardrail(&request.component)?;
        let name = name_of(&plugin).await;
        let config = self.config_of(&name, request.config)?;
        let cases = self.cases(None, Some(request.since))?;
        let cases: Vec<_> = cases.into_iter().filter(|case| request.plans || case.run.is_some()).collect();
        let mut found = Backtest {
            plugin: name.clone(),
            digest: plugin.digest(),
            mode: self.mode_of(&name),
            config: config.clone(),
            since: request.since,
            cases: cases.len() as u64,
            redacted: 0,
            allow: 0,
            needs_approvals: 0,
            deny: 0,
            failed: 0,
            changed: Vec::new(),
        };
        for case in cases {
            let Some(facts) = &case.facts else {
                found.redacted += 1;
                continue;
            };
            let after = judge(&plugin, String::new(), facts, &config).await;
            match after.verdict {
                VerdictWord::Allow | VerdictWord::NotAsked => found.allow += 1,
                VerdictWord::NeedsApprovals => found.needs_approvals += 1,
                VerdictWord::Deny => found.deny += 1,
                VerdictWord::Failed => found.failed += 1,
            }
            found.changed.extend(changed(&case, &name, &after));
        }
        Ok(found)
    }

    /// What guardrails are given about each stage now. Changes nothing; its calls are recorded.
    pub async fn facts(&self, request: PlanRequest) -> Result<Vec<StageFacts>, Error> {
        let prepared = Prepared::of(&self.host, &request).await?;
        let facts = prepared.firsts.iter().map(|first| StageFacts {
            stage: first.plan.stage.to_string(),
            facts: match &first.finding {
                Finding::Judged { facts, .. } => Some(facts.clone()),
                Finding::Violates(_) => None,
            },
        });
        Ok(facts.collect())
    }

    /// The configuration that was given, or that of the workspace's guardrail of this name.
    fn config_of(&self, name: &str, given: Option<Json>) -> Result<Json, Error> {
        let own = || self.host.workspace.guardrails.iter().find(|guardrail| guardrail.plugin.as_str() == name);
        match given.or_else(|| own().map(|guardrail| guardrail.config.clone())) {
            Some(config) => Ok(config),
            None => Json::parse("{}").map_err(|error| Error::failed(error.to_string())),
        }
    }

    fn mode_of(&self, name: &str) -> GuardrailMode {
        let own = self.host.workspace.guardrails.iter().find(|guardrail| guardrail.plugin.as_str() == name);
        match own.map(|guardrail| guardrail.enforced) {
            Some(true) => GuardrailMode::Enforce,
            Some(false) => GuardrailMode::Monitor,
            None => GuardrailMode::Absent,
        }
    }
}

/// Judges facts once. Needs no workspace.
pub async fn try_on_facts(component: &Path, about: String, facts: &Json, config: &Json) -> Result<TriedVerdict, Error> {
    let plugin = guardrail(component)?;
    Ok(judge(&plugin, about, facts, config).await)
}

fn guardrail(component: &Path) -> Result<Plugin, Error> {
    let (plugin, _) = load_component(component)?;
    if plugin.as_guardrail().is_none() {
        let what = format!("{} is a {}, not a guardrail", component.display(), plugin.world());
        return Err(Error::usage(what).next(format!("belay plugin inspect {}", component.display())));
    }
    Ok(plugin)
}

async fn name_of(plugin: &Plugin) -> String {
    plugin.describe().await.result.map(|said| said.name).unwrap_or_default()
}

async fn judge(plugin: &Plugin, about: String, facts: &Json, config: &Json) -> TriedVerdict {
    let mut tried = TriedVerdict {
        about,
        verdict: VerdictWord::Failed,
        judgement: None,
        failed: None,
        log: Vec::new(),
        fuel: 0,
        memory_bytes: 0,
        took_us: 0,
    };
    let Some(policy) = plugin.as_guardrail() else { return tried };
    let Call { record, result, memory_bytes } = policy.judge(&facts.into(), &config.into()).await;
    tried.log = record.log.lines.iter().map(belay_sandbox::LogLine::shown).collect();
    tried.fuel = record.summary.fuel_used;
    tried.memory_bytes = memory_bytes;
    tried.took_us = record.summary.duration_us;
    match result {
        Ok(judgement) => {
            tried.verdict = told(&judgement).0;
            tried.judgement = Some(judgement);
        }
        Err(error) => {
            tried.failed = Some(GuardrailFailure { kind: FailureKind::of(&error), reason: error.to_string() });
        }
    }
    tried
}

fn told(judgement: &Judgement) -> (VerdictWord, Vec<String>) {
    match &judgement.verdict {
        Verdict::Allow => (VerdictWord::Allow, Vec::new()),
        Verdict::Deny(reasons) => (VerdictWord::Deny, reasons.clone()),
        Verdict::NeedsApprovals(quorums) => {
            (VerdictWord::NeedsApprovals, quorums.iter().map(|quorum| quorum.because.clone()).collect())
        }
    }
}

fn changed(case: &RecordedCase, name: &str, after: &TriedVerdict) -> Option<ChangedVerdict> {
    // Of several that a run made with the same facts, the last one counted.
    let before = case.said.iter().rev().find(|said| said.plugin.as_str() == name);
    let before = before.map_or(VerdictWord::NotAsked, |said| said.verdict);
    let reasons = match (&after.judgement, &after.failed) {
        (Some(judgement), _) => told(judgement).1,
        (None, Some(failure)) => vec![failure.to_string()],
        (None, None) => Vec::new(),
    };
    after.verdict.differs_from(before).then(|| ChangedVerdict {
        entry: case.entry,
        at: case.at,
        environment: case.environment.clone(),
        run: case.run.clone(),
        stage: case.stage.clone().unwrap_or_default(),
        before,
        after: after.verdict,
        reasons,
    })
}
