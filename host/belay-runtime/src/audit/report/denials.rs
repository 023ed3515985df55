//! Denials that did not hold a stage back: by guardrails that only watch, or overridden by two people.

use std::collections::BTreeSet;

use belay_domain::verdict::Verdict;
use belay_engine::{Event, Finding};
use belay_ledger::{Entry, Ledger};
use serde_json::Value;

use super::runs::{Told, text};
use crate::journal;

/// Each plan that was denied and written all the same, with who denied it.
pub(super) fn passed<'t>(store: &Ledger, told: &'t Told) -> Vec<(&'t Entry, String)> {
    let written: BTreeSet<_> = told.of_kind("intent").map(|entry| text(entry, "/plan")).collect();
    let plans = told.of_kind("stage.planned").filter(|entry| written.contains(text(entry, "/plan")));
    plans.filter_map(|plan| Some((plan, denied(store, plan)?))).collect()
}

/// Who denied a plan, and why; the heading alone where the plan can't be read any more.
fn denied(store: &Ledger, entry: &Entry) -> Option<String> {
    let verdicts = entry.body.value().pointer("/finding/verdicts")?.as_object()?;
    let named: Vec<_> = verdicts.iter().filter(|(_, verdict)| verdict.as_str() == Some("deny")).collect();
    if named.is_empty() {
        return None;
    }
    let stage = text(entry, "/name");
    let Ok(Event::Planned { finding: Finding::Judged { judgements, .. }, .. }) = journal::event(store, entry) else {
        let names: Vec<_> = named.iter().map(|(name, _): &(&String, &Value)| name.as_str()).collect();
        return Some(format!("{stage}: denied by {}; why can't be read any more", names.join(", ")));
    };
    let told = judgements.iter().filter_map(|said| {
        let Verdict::Deny(reasons) = &said.judgement.verdict else { return None };
        let how = if said.enforced { "overridden" } else { "monitor" };
        Some(format!("{} ({how}): {}", said.guardrail, reasons.join("; ")))
    });
    Some(format!("{stage}: denied by {}", told.collect::<Vec<_>>().join(", ")))
}
