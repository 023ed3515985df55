//! Whether a plan may be performed now. A pure function of the plan and what was found of it.

use belay_domain::id::{Millis, StageName};
use belay_domain::plan::{StagePlan, Subject, Work};
use belay_domain::skip::Down;
use belay_domain::verdict::{Quorum, Verdict};

use crate::answer::{Finding, GuardrailJudgement};
use crate::outlook::{Halt, Refusal};
use crate::spec::RunSpec;

/// What is to become of a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StageDecision {
    /// It does not run.
    Refuse(Refusal),
    /// The run halts before it.
    Halt(Halt),
    /// The systems of these are down and the mandate lets them be skipped: the rest is planned anew.
    Skip(Vec<Down>),
    /// These people must approve first.
    Ask(Vec<Quorum>),
    /// It may be performed.
    Permit,
}

/// Who approves where only the band asks.
const APPROVER: &str = "approver";

/// Decides. Doubt denies: what breaks a rule is refused before anything else is asked.
pub fn decide(spec: &RunSpec, plan: &StagePlan, finding: &Finding, at: Millis) -> StageDecision {
    if at > spec.mandate.expires_at {
        return StageDecision::Refuse(Refusal::Expired { expired_at: spec.mandate.expires_at });
    }
    let unseen = spec.may_skip(plan.index).sort(plan);
    if !unseen.barring.is_empty() {
        return StageDecision::Halt(Halt::Blind { resources: unseen.barring });
    }
    if !unseen.skippable.is_empty() {
        return StageDecision::Skip(unseen.skippable);
    }
    match finding {
        Finding::Violates { violations } => {
            StageDecision::Refuse(Refusal::Violations { violations: violations.clone() })
        }
        // Nothing is written, so there is nothing to judge.
        Finding::Judged { .. } if plan.is_empty() => StageDecision::Permit,
        Finding::Judged { outside, .. } if !outside.is_empty() => {
            StageDecision::Refuse(Refusal::OutsideMandate { outside: outside.clone() })
        }
        Finding::Judged { assessment, judgements, .. } => {
            let refusal = denied(judgements).or_else(|| loses_too_much(spec, plan, at));
            refusal.map_or_else(|| by_risk(spec, &plan.stage, assessment.risk, judgements), StageDecision::Refuse)
        }
    }
}

fn denied(judgements: &[GuardrailJudgement]) -> Option<Refusal> {
    let binding = judgements.iter().filter(|judged| judged.enforced);
    let reasons: Vec<String> = binding
        .filter_map(|judged| match &judged.judgement.verdict {
            Verdict::Deny(reasons) => Some(format!("{}: {}", judged.guardrail, reasons.join("; "))),
            Verdict::Allow | Verdict::NeedsApprovals(_) => None,
        })
        .collect();
    (!reasons.is_empty()).then_some(Refusal::Denied { reasons })
}

fn loses_too_much(spec: &RunSpec, plan: &StagePlan, at: Millis) -> Option<Refusal> {
    let may_lose_ms = spec.may_lose_ms(plan.index)?;
    plan.steps.iter().find_map(|step| {
        let (Subject::Resource(target), Work::Change { change, .. }) = (&step.subject, &step.work) else { return None };
        let loss = change.loss.filter(|loss| loss.changes > 0 && at.since(loss.since) > may_lose_ms)?;
        Some(Refusal::LosesTooMuch { resource: target.resource.clone(), since: loss.since, may_lose_ms })
    })
}

fn by_risk(spec: &RunSpec, stage: &StageName, risk: u32, judgements: &[GuardrailJudgement]) -> StageDecision {
    let Some(band) = spec.bands.of(risk) else {
        return StageDecision::Refuse(Refusal::RiskTooHigh { risk, limit: spec.bands.limit() });
    };
    let because = format!("risk {risk} of {stage} lies in the band up to {}", band.up_to);
    let of_band = Quorum { approvals: band.approvals, role: APPROVER.to_owned(), because };
    let of_guardrails =
        judgements.iter().filter(|judged| judged.enforced).flat_map(|judged| match &judged.judgement.verdict {
            Verdict::NeedsApprovals(quorums) => quorums.as_slice(),
            Verdict::Allow | Verdict::Deny(_) => &[],
        });
    let quorums: Vec<_> =
        std::iter::once(&of_band).filter(|quorum| quorum.approvals > 0).chain(of_guardrails).cloned().collect();
    if quorums.is_empty() { StageDecision::Permit } else { StageDecision::Ask(quorums) }
}
