//! People who must approve, in words.

use belay_domain::verdict::Quorum;

/// `1 approval (approver of ranking)`; several, joined by "and".
pub(crate) fn approvals(quorums: &[Quorum]) -> String {
    let one = |quorum: &Quorum| {
        let plural = if quorum.approvals == 1 { "" } else { "s" };
        format!("{} approval{plural} ({})", quorum.approvals, quorum.role)
    };
    quorums.iter().map(one).collect::<Vec<_>>().join(" and ")
}
