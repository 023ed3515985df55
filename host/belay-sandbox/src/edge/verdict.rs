//! What guardrails say.

use belay_domain::verdict::{Judgement, Quorum, Verdict};

use super::operation::factors;
use super::{line, lines};
use crate::bindings::guardrail::exports::belay::plugin::judging;
use crate::call::CallError;

pub(crate) fn judgement(judgement: judging::Judgement) -> Result<Judgement, CallError> {
    Ok(Judgement {
        verdict: verdict(judgement.verdict)?,
        factors: factors(judgement.factors)?,
        notes: lines(judgement.notes),
    })
}

fn verdict(verdict: judging::Verdict) -> Result<Verdict, CallError> {
    match verdict {
        judging::Verdict::Allow => Ok(Verdict::Allow),
        judging::Verdict::Deny(reasons) => Ok(Verdict::Deny(lines(reasons))),
        judging::Verdict::NeedsApprovals(quorums) => {
            if quorums.is_empty() {
                return Err(CallError::nonsense("the verdict", "it asks for approvals, but for none"));
            }
            quorums.into_iter().map(quorum).collect::<Result<_, _>>().map(Verdict::NeedsApprovals)
        }
    }
}

fn quorum(quorum: judging::Quorum) -> Result<Quorum, CallError> {
    let judging::Quorum { approvals, role, because } = quorum;
    if approvals == 0 {
        return Err(CallError::nonsense("the verdict", format!("it asks for 0 approvals of `{}`", line(role))));
    }
    Ok(Quorum { approvals, role: line(role), because: line(because) })
}
