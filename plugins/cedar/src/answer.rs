//! From Cedar's decision to a judgement. Every permit that applies counts: what one asks for is asked, even where
//! another asks for nothing.

use belay_sdk::{Fault, Judgement, Quorum};
use cedar_policy::{AuthorizationError, Decision, PolicyId, Response};

use crate::policies::Policies;

/// Who approves, unless a policy says otherwise.
const ROLE: &str = "approver";

/// The judgement that a decision is.
pub(crate) fn of(response: &Response, policies: &Policies) -> Result<Judgement, Fault> {
    let diagnostics = response.diagnostics();
    // Cedar passes over a policy that it can't evaluate. It might have been the one that forbids.
    if let Some(AuthorizationError::PolicyEvaluationError(error)) = diagnostics.errors().next() {
        return Err(Fault::Invalid(format!("the policy {}: {}", policies.name(error.policy_id()), error.inner())));
    }
    let mut reasons: Vec<&PolicyId> = diagnostics.reason().collect();
    reasons.sort();
    let judged = match response.decision() {
        Decision::Deny if reasons.is_empty() => Judgement::deny(["no policy permits it".to_owned()]),
        Decision::Deny => Judgement::deny(reasons.iter().map(|id| denial(policies, id))),
        Decision::Allow => {
            let quorums: Vec<Quorum> = reasons.iter().filter_map(|id| quorum(policies, id)).collect();
            if quorums.is_empty() { Judgement::allow() } else { Judgement::needs_approvals(quorums) }
        }
    };
    let notes = reasons.iter().filter_map(|id| policies.set().annotation(id, "note"));
    Ok(notes.fold(judged, Judgement::with_note))
}

fn denial(policies: &Policies, id: &PolicyId) -> String {
    let reason = policies.set().annotation(id, "reason").filter(|reason| !reason.is_empty());
    reason.map_or_else(|| format!("forbidden by {}", policies.name(id)), str::to_owned)
}

fn quorum(policies: &Policies, id: &PolicyId) -> Option<Quorum> {
    let annotation = |key| policies.set().annotation(id, key).filter(|text| !text.is_empty());
    let approvals = annotation("approvals")?.parse().ok()?;
    let because = annotation("reason").map_or_else(|| policies.name(id).to_owned(), str::to_owned);
    Some(Quorum { approvals, role: annotation("role").unwrap_or(ROLE).to_owned(), because })
}
