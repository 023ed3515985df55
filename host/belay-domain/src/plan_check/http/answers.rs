//! How an answer is recognised. Answers that say *applied* are looked for first, so none of them may hide a refusal.

use crate::operation::{Answer, HttpWrite};

use super::super::violation::Breach;

const MAX_ANSWERS: usize = 50;

pub(super) fn check(write: &HttpWrite) -> Vec<Breach> {
    let mut reasons = Vec::new();
    if write.applied.is_empty() {
        reasons.push("none says that the write was applied".to_owned());
    }
    if write.applied.len() + write.refused.len() > MAX_ANSWERS {
        reasons.push(format!("more than {MAX_ANSWERS} are listed"));
    }
    reasons.extend(write.applied.iter().filter_map(|answer| applied(answer, &write.refused)));
    reasons.extend(write.refused.iter().filter_map(refused));
    let pointers = write.applied.iter().chain(&write.refused).filter_map(|answer| answer.body.as_ref());
    reasons.extend(pointers.filter_map(|(pointer, _)| pointer_trouble(pointer)));
    reasons.into_iter().map(|reason| Breach::Answers { reason }).collect()
}

fn applied(answer: &Answer, refused: &[Answer]) -> Option<String> {
    let status = answer.status;
    match status {
        200..=299 => {}
        // "Already there" is an answer, but only if the body says so.
        400..=499 if answer.body.is_some() => {}
        400..=499 => return Some(format!("{status} says that it was applied only with a test of the body")),
        _ => return Some(format!("{status} never says that a write was applied")),
    }
    let hidden = refused.iter().any(|other| other.status == status && (answer.body.is_none() || other == answer));
    hidden.then(|| format!("{status} would say both that it was applied and that it was refused; test the body"))
}

/// A gateway answers 502 or 504 for a write that went through; only the system's own words can be trusted.
fn refused(answer: &Answer) -> Option<String> {
    let status = answer.status;
    match status {
        200..=299 | 400..=407 | 409..=499 => None,
        408 | 500..=599 if answer.body.is_some() => None,
        408 | 500..=599 => Some(format!("{status} says that it was refused only with a test of the body")),
        _ => Some(format!("{status} says nothing of a write")),
    }
}

/// RFC 6901: empty, or parts that start with `/`.
fn pointer_trouble(pointer: &str) -> Option<String> {
    let fits = pointer.is_empty() || pointer.starts_with('/');
    (!fits).then(|| "a JSON pointer starts with `/`".to_owned())
}
