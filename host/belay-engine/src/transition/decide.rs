//! Whether a plan may be performed now. A pure function of the plan and what was found of it.

use belay_domain::id::{Millis, StageName};
use belay_domain::mandate::BreakGlass;
use belay_domain::plan::{StagePlan, Subject, Work};
use belay_domain::skip::Down;
use belay_domain::verdict::{Quorum, Verdict};

use crate::answer::{Finding, GuardrailJudgement};
use crate::consent::{BREAK_GLASS, Consent, Standing};
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
    Ask(Asked),
    /// It may be performed.
    Permit,
}

/// Whom a plan waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Who must approve and why, who has, and who else could. At least one of them is missing, or the request's signature.
    pub quorums: Vec<Standing>,
    /// Whether the request is signed by somebody who may make it.
    pub signed: bool,
    /// What breaking the glass would override; empty where the run doesn't ask for that.
    pub overrides: Vec<String>,
}

impl Asked {
    /// Who must approve, without who has.
    pub fn quorums(&self) -> Vec<Quorum> {
        let quorum = |standing: &Standing| Quorum {
            approvals: standing.approvals,
            role: standing.role.clone(),
            because: standing.because.clone(),
        };
        self.quorums.iter().map(quorum).collect()
    }
}

/// Who approves where only the band asks.
const APPROVER: &str = "approver";
/// Who may ask for a run.
const RESPONDER: &str = "responder";

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
            let barred = denied(judgements).or_else(|| above_bands(spec, assessment.risk));
            let quorums = quorums(spec, &plan.stage, assessment.risk, judgements);
            match (&spec.mandate.break_glass, barred, loses_too_much(spec, plan, at)) {
                // What a runbook may lose is its own limit, neither a band nor a denial: the glass doesn't cover it.
                (None, Some(refusal), _) | (_, None, Some(refusal)) | (Some(_), Some(_), Some(refusal)) => {
                    StageDecision::Refuse(refusal)
                }
                (None, None, None) => ask(spec, quorums, consent),
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
    match ask(spec, vec![second_person(&glass.reason)], consent) {
        StageDecision::Ask(asked) => {
            let skipped = skipped.iter().map(|quorum| format!("{} × {}", quorum.approvals, quorum.role));
            let overrides = barred.map(ToString::to_string).into_iter().chain(skipped).collect();
            StageDecision::Ask(Asked { overrides, ..asked })
        }
        decision => decision,
    }
}

fn second_person(because: &str) -> Quorum {
    Quorum { approvals: 1, role: BREAK_GLASS.to_owned(), because: because.to_owned() }
}

/// Waits for whom a plan needs, unless they have approved. Without the request's signature nobody's approval is enough:
/// it could be the requester's own.
fn ask(spec: &RunSpec, quorums: Vec<Quorum>, consent: &Consent) -> StageDecision {
    if quorums.is_empty() {
        return StageDecision::Permit;
    }
    let mandate = &spec.mandate;
    let says_no = consent.rejection.as_ref().filter(|rejection| {
        let mut asked = quorums.iter();
        rejection.by.person != mandate.requester && asked.any(|asked| rejection.by.holds(&asked.role, &mandate.team))
    });
    if let Some(rejection) = says_no {
        let (by, reason) = (rejection.by.person.clone(), rejection.reason.clone());
        return StageDecision::Refuse(Refusal::TurnedDown { by, reason });
    }
    let role = if mandate.break_glass.is_some() { BREAK_GLASS } else { RESPONDER };
    let request = consent.request.as_ref();
    let signed = request.is_some_and(|by| by.person == mandate.requester && by.holds(role, &mandate.team));
    let quorums: Vec<_> = quorums.iter().map(|quorum| consent.standing(quorum, mandate)).collect();
    if signed && quorums.iter().all(|standing| standing.missing() == 0) {
        return StageDecision::Permit;
    }
    StageDecision::Ask(Asked { quorums, signed, overrides: Vec::new() })
}

/// Whose approvals a plan has that count for anything that it needs.
pub(super) fn approvers(spec: &RunSpec, plan: &StagePlan, finding: &Finding) -> Vec<String> {
    let Finding::Judged { assessment, judgements, consent, .. } = finding else { return Vec::new() };
    let mut needed = quorums(spec, &plan.stage, assessment.risk, judgements);
    let barred = denied(judgements).or_else(|| above_bands(spec, assessment.risk));
    if spec.mandate.break_glass.is_some() && (barred.is_some() || !needed.is_empty()) {
        needed = vec![second_person("")];
    }
    let given = needed.iter().flat_map(|quorum| consent.standing(quorum, &spec.mandate).given);
    given.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
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

fn above_bands(spec: &RunSpec, risk: u32) -> Option<Refusal> {
    spec.bands.of(risk).is_none().then(|| Refusal::RiskTooHigh { risk, limit: spec.bands.limit() })
}

/// Who must approve: as the band of the risk asks, and as each guardrail that binds does.
fn quorums(spec: &RunSpec, stage: &StageName, risk: u32, judgements: &[GuardrailJudgement]) -> Vec<Quorum> {
    let of_band = spec.bands.of(risk).filter(|band| band.approvals > 0).map(|band| {
        let because = format!("risk {risk} of {stage} lies in the band up to {}", band.up_to);
        let team = &spec.mandate.team;
        let role = if team.is_empty() { APPROVER.to_owned() } else { format!("{APPROVER} of {team}") };
        Quorum { approvals: band.approvals, role, because }
    });
    let of_guardrails =
        judgements.iter().filter(|judged| judged.enforced).flat_map(|judged| match &judged.judgement.verdict {
            Verdict::NeedsApprovals(quorums) => quorums.as_slice(),
            Verdict::Allow | Verdict::Deny(_) => &[],
        });
    of_band.into_iter().chain(of_guardrails.cloned()).collect()
}
