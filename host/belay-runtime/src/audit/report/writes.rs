//! What became of a run's writes, as far as its entries and its receipt say. Takes nothing for done, or for not done, that
//! neither says.

use belay_engine::{ActRecord, Decision, Receipt, Settlement};
use belay_ledger::Entry;
use serde_json::Value;

use super::runs::text;

/// What is known of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Known {
    Applied,
    NotApplied,
    Unknown,
}

/// What the outcome of a write says, and how it was settled where it was unknown.
pub(super) fn known(outcome: &Entry, receipt: Option<&Receipt>) -> Known {
    match text(outcome, "/outcome/kind") {
        "applied" => return Known::Applied,
        "not_applied" => return Known::NotApplied,
        _ => {}
    }
    match settlement(outcome, receipt) {
        Some(Settlement::FoundApplied { .. } | Settlement::Decided { decision: Decision::Applied, .. }) => {
            Known::Applied
        }
        Some(Settlement::FoundNotApplied { .. } | Settlement::Decided { decision: Decision::NotApplied, .. }) => {
            Known::NotApplied
        }
        Some(Settlement::Superseded { .. } | Settlement::Decided { decision: Decision::PlanAgain, .. }) | None => {
            Known::Unknown
        }
    }
}

/// An unknown outcome in words: of what, why nobody knew, and what was found out later.
pub(super) fn unknown(outcome: &Entry, resource: &str, receipt: Option<&Receipt>) -> String {
    let why = text(outcome, "/outcome/reason");
    let later = match settlement(outcome, receipt) {
        Some(Settlement::FoundApplied { evidence }) => format!("Found out later: it had happened, {evidence}."),
        Some(Settlement::FoundNotApplied { evidence }) => format!("Found out later: it had not happened, {evidence}."),
        Some(Settlement::Superseded { reason }) => format!("Never found out, and harmless: {reason}."),
        Some(Settlement::Decided { by, .. }) => format!("{by} decided it later."),
        None if receipt.is_some() => "Never found out.".to_owned(),
        None => "What was found out later, the run's receipt says: it is not there yet, or can't be read.".to_owned(),
    };
    format!("Whether a write to {resource}{} happened, belay could not tell: {why}. {later}", intended(outcome))
}

/// What a person decided, in words.
pub(super) fn decided(entry: &Entry, resource: &str) -> String {
    let decision = match text(entry, "/decision") {
        "applied" => "that it happened (applied)",
        "not_applied" => "that it did not happen (not applied)",
        _ => "to go on from what is there now, whatever happened (plan again)",
    };
    format!("On a write to {resource}, {} decided {decision}: {}", text(entry, "/by"), text(entry, "/reason"))
}

fn settlement<'r>(outcome: &Entry, receipt: Option<&'r Receipt>) -> Option<&'r Settlement> {
    let intent = intent(outcome)?;
    acts(receipt?).find(|act| act.intent == Some(intent))?.settled.as_ref()
}

fn acts(receipt: &Receipt) -> impl Iterator<Item = &ActRecord> {
    receipt.stages.iter().flat_map(|stage| &stage.steps).flat_map(|step| &step.acts)
}

fn intent(outcome: &Entry) -> Option<u64> {
    outcome.body.value().get("intent").and_then(Value::as_u64)
}

/// Which write: its intent is the entry that names it.
fn intended(outcome: &Entry) -> String {
    intent(outcome).map_or_else(String::new, |intent| format!(", intended by entry {intent},"))
}
