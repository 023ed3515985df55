//! People who must approve, in words.

use belay_domain::people::{Need, PersonName};
use belay_domain::verdict::Quorum;
use belay_engine::Wait;

/// `1 approval (approver of ranking)`; several, joined by "and".
pub(crate) fn approvals(quorums: &[Quorum]) -> String {
    joined(quorums.iter().map(|quorum| one(quorum.approvals, &quorum.role)))
}

/// What is still missing, in the same words: approvals, or the request's signature.
pub(crate) fn missing(wait: &Wait) -> String {
    // Where nobody could approve, signing it helps nobody.
    let signature = (!wait.signed && unmeetable(wait).is_none()).then(|| "the signature of its request".to_owned());
    let people = wait.needs.iter().filter(|need| need.missing() > 0);
    joined(people.map(|need| one(need.missing(), &need.role)).chain(signature))
}

/// `approved by cleo; dan or eve could`; nothing where nobody did and nobody is known who could.
pub(crate) fn people(wait: &Wait) -> String {
    let names = |of: fn(&Need) -> &Vec<PersonName>| {
        let mut names: Vec<&str> = wait.needs.iter().flat_map(of).map(PersonName::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let (given, could) = (names(|need| &need.given), names(|need| &need.could));
    let given = (!given.is_empty()).then(|| format!("approved by {}", given.join(" and ")));
    let could = (!could.is_empty()).then(|| format!("{} could", could.join(" or ")));
    given.into_iter().chain(could).collect::<Vec<_>>().join("; ")
}

/// The need that nobody could meet.
pub(crate) fn unmeetable(wait: &Wait) -> Option<&Need> {
    wait.needs.iter().find(|need| need.missing() > 0 && need.could.is_empty())
}

/// The words to paste to whoever could approve.
pub(crate) fn approve(run: &belay_domain::id::RunId, wait: &Wait) -> String {
    let glass = if wait.overrides.is_empty() { "" } else { " --break-glass" };
    format!("belay approve {run}{glass}")
}

fn one(count: u32, role: &str) -> String {
    format!("{count} approval{} ({role})", if count == 1 { "" } else { "s" })
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" and ")
}
