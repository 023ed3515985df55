//! Whether a plan may be performed now. A pure function of the plan and what was found of it.

use std::collections::BTreeSet;

use belay_domain::id::{Millis, StageName};
use belay_domain::mandate::BreakGlass;
use belay_domain::people::{Need, Role};
use belay_domain::plan::{StagePlan, Subject, Work};
use belay_domain::skip::Down;
use belay_domain::state::Desired;
use belay_domain::verdict::{Quorum, Verdict};

use crate::answer::{Finding, GuardrailJudgement};
use crate::consent::{Consent, Rejection};
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
    /// People must approve first.
    Ask(Missing),
    /// It may be performed.
    Permit,
}

/// What a plan waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// Who must approve and why, who has, and who else could.
    pub needs: Vec<Need>,
    /// Whether the request is signed by its requester, who may make it. If not, or if a need is not met, the plan waits.
    pub signed: bool,
    /// What breaking the glass would override; empty where the run doesn't ask for that.
    pub overrides: Vec<String>,
}

impl Missing {
    /// Who must approve, without who has.
    pub fn quorums(&self) -> Vec<Quorum> {
        let quorum = |need: &Need| Quorum {
            approvals: need.approvals,
            role: need.role.clone(),
            because: need.because.join("; "),
        };
        self.needs.iter().map(quorum).collect()
    }
}

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
        Finding::Judged { assessment, judgements, consent, .. } => {
            let barred = denied(judgements).or_else(|| above_bands(spec, &plan.stage, assessment.risk));
            let quorums = quorums(spec, &plan.stage, assessment.risk, judgements);
            let limit = loses_too_much(spec, plan, at).or_else(|| too_old(spec, plan, at));
            match (&spec.mandate.break_glass, barred, limit) {
                // What may be lost and how old a point may be are limits, neither bands nor denials: the glass doesn't
                // cover them.
                (None, Some(refusal), _) | (_, None, Some(refusal)) | (Some(_), Some(_), Some(refusal)) => {
                    StageDecision::Refuse(refusal)
                }
                (None, None, None) => ask(spec, &quorums, consent),
                (Some(_), None, None) if quorums.is_empty() => StageDecision::Permit,
                (Some(glass), barred, None) => break_glass(spec, glass, barred.as_ref(), &quorums, consent),
            }
        }
    }
}

/// A second person decides in place of the bands and of the guardrails.
fn break_glass(
    spec: &RunSpec,
    glass: &BreakGlass,
    barred: Option<&Refusal>,
    skipped: &[Quorum],
    consent: &Consent,
) -> StageDecision {
    match ask(spec, &[second_person(&glass.reason)], consent) {
        StageDecision::Ask(missing) => {
            let skipped = skipped.iter().map(|quorum| format!("{} × {}", quorum.approvals, quorum.role));
            let overrides = barred.map(ToString::to_string).into_iter().chain(skipped).collect();
            StageDecision::Ask(Missing { overrides, ..missing })
        }
        decision @ (StageDecision::Permit
        | StageDecision::Refuse(_)
        | StageDecision::Halt(_)
        | StageDecision::Skip(_)) => decision,
    }
}

fn second_person(because: &str) -> Quorum {
    Quorum { approvals: 1, role: Role::BreakGlass.to_string(), because: because.to_owned() }
}

/// Waits for whom a plan needs, unless they have approved. Without the request's signature nobody's approval is enough:
/// it could be the requester's own.
fn ask(spec: &RunSpec, quorums: &[Quorum], consent: &Consent) -> StageDecision {
    if quorums.is_empty() {
        return StageDecision::Permit;
    }
    let mandate = &spec.mandate;
    if let Some(Rejection { by, reason }) = consent.turned_down(quorums, mandate) {
        return StageDecision::Refuse(Refusal::TurnedDown { by: by.to_string(), reason: reason.clone() });
    }
    let (needs, signed) = (consent.needs(quorums, mandate), consent.is_signed(mandate));
    if signed && needs.iter().all(|need| need.missing() == 0) {
        return StageDecision::Permit;
    }
    StageDecision::Ask(Missing { needs, signed, overrides: Vec::new() })
}

/// Whose approvals a plan has that count for anything that it needs.
pub(super) fn approvers(spec: &RunSpec, plan: &StagePlan, finding: &Finding) -> Vec<String> {
    let Finding::Judged { assessment, judgements, consent, .. } = finding else { return Vec::new() };
    let mut needed = quorums(spec, &plan.stage, assessment.risk, judgements);
    let barred = denied(judgements).or_else(|| above_bands(spec, &plan.stage, assessment.risk));
    if spec.mandate.break_glass.is_some() && (barred.is_some() || !needed.is_empty()) {
        needed = vec![second_person("")];
    }
    let needs = consent.needs(&needed, &spec.mandate);
    let given: BTreeSet<_> = needs.iter().flat_map(|need| &need.given).collect();
    given.into_iter().map(ToString::to_string).collect()
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

fn too_old(spec: &RunSpec, plan: &StagePlan, at: Millis) -> Option<Refusal> {
    let goes_back = plan.operations().any(|planned| matches!(planned.target.desired, Desired::Pinned(_)));
    let (age_ms, limit_ms) = spec.too_old(at).filter(|_| goes_back && spec.is_own(plan.index))?;
    Some(Refusal::PointTooOld { age_ms, limit_ms })
}

fn above_bands(spec: &RunSpec, stage: &StageName, risk: u32) -> Option<Refusal> {
    let bands = spec.bands_of(stage);
    bands.of(risk).is_none().then(|| Refusal::RiskTooHigh { risk, limit: bands.limit() })
}

/// Who must approve: as the band of the risk asks, and as each guardrail that binds does.
fn quorums(spec: &RunSpec, stage: &StageName, risk: u32, judgements: &[GuardrailJudgement]) -> Vec<Quorum> {
    let of_band = spec.bands_of(stage).of(risk).filter(|band| band.approvals > 0).map(|band| {
        let because = format!("risk {risk} of {stage} lies in the band up to {}", band.up_to);
        let team = &spec.mandate.team;
        let role = if team.is_empty() { Role::Approver.to_string() } else { format!("{} of {team}", Role::Approver) };
        Quorum { approvals: band.approvals, role, because }
    });
    let of_guardrails =
        judgements.iter().filter(|judged| judged.enforced).flat_map(|judged| match &judged.judgement.verdict {
            Verdict::NeedsApprovals(quorums) => quorums.as_slice(),
            Verdict::Allow | Verdict::Deny(_) => &[],
        });
    of_band.into_iter().chain(of_guardrails.cloned()).collect()
}
