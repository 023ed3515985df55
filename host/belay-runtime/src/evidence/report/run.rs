//! One run in a report: what was asked, planned, judged, approved, done, measured, and how it ended.

use belay_domain::id::RunId;
use belay_domain::json::Json;
use belay_domain::limits::Span;
use belay_domain::risk::Assessment;
use belay_engine::{Event, Receipt};
use belay_ledger::Entry;
use serde_json::Value;

use super::Sources;
use crate::audit::csv::time;
use crate::evidence::mandate;
use crate::html::{Html, Table, Tone};
use crate::log_line;
use crate::words::long;

/// Writes the section of a run whose entries these are.
pub(super) fn section(page: &mut Html, sources: &Sources<'_>, run: &RunId, entries: &[&Entry]) {
    page.element("h2", &format!("Run {run}"));
    ending(page, sources, entries);
    asked(page, sources, entries);
    people(page, entries);
    plans(page, sources, entries);
    writes(page, entries);
    checks(page, entries);
}

fn of_kind<'e>(entries: &[&'e Entry], kind: &str) -> Vec<&'e Entry> {
    entries.iter().copied().filter(|entry| entry.kind == kind).collect()
}

fn text<'e>(entry: &'e Entry, pointer: &str) -> &'e str {
    entry.body.value().pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn number(entry: &Entry, pointer: &str) -> u64 {
    entry.body.value().pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

fn ending(page: &mut Html, sources: &Sources<'_>, entries: &[&Entry]) {
    let Some(sealed) = of_kind(entries, "run.sealed").last().copied() else {
        return page.verdict(Tone::Bad, "It had not ended when this was written.");
    };
    let ending = text(sealed, "/ending");
    let tone = if matches!(ending, "done" | "nothing_to_do") { Tone::Good } else { Tone::Bad };
    page.verdict(tone, &format!("It ended: {} (entry {}, {})", ending.replace('_', " "), sealed.seq, time(sealed.at)));
    if let Some(Event::Sealed { receipt, .. }) = event(sources, sealed) {
        times(page, &receipt);
    }
}

fn times(page: &mut Html, receipt: &Receipt) {
    let mut facts = Table::facts();
    facts.fact("Asked", &time(receipt.requested_at));
    if let Some(restored) = receipt.restored_at {
        facts.fact("Restored", &time(restored));
    }
    if let Some(promise) = receipt.promise {
        let took = promise.took_ms.map_or_else(|| "not restored".to_owned(), |took| format!("took {}", long(took)));
        let kept = if promise.kept { "kept" } else { "not kept" };
        facts.fact("Service level", &format!("restored within {}: {kept}, {took}", Span(promise.restored_within_ms)));
    }
    if !receipt.left_out.is_empty() {
        let stages: Vec<_> = receipt.left_out.iter().map(ToString::to_string).collect();
        facts.fact("Left out", &stages.join(", "));
    }
    if !receipt.still_affected.is_empty() {
        facts.fact("Still affected", &receipt.still_affected.join(", "));
    }
    page.table(&facts);
}

fn asked(page: &mut Html, sources: &Sources<'_>, entries: &[&Entry]) {
    page.element("h3", "What was asked and allowed");
    let Some(entry) = of_kind(entries, "mandate").first().copied() else {
        return page.note("Its mandate is not among these entries.");
    };
    match mandate(sources.store, entry).map(|mandate| mandate.text()) {
        Some(Ok(text)) => page.verbatim(&text),
        Some(Err(_)) | None => page.note(&format!("The mandate of entry {} can't be read.", entry.seq)),
    }
}

fn people(page: &mut Html, entries: &[&Entry]) {
    const KINDS: [&str; 5] = ["request.signed", "approval", "break_glass", "rejection", "review.closed"];
    let words: Vec<_> = entries.iter().filter(|entry| KINDS.contains(&entry.kind.as_str())).collect();
    page.element("h3", "Who signed");
    if words.is_empty() {
        return page.note("Nobody: no stage needed an approval that was given.");
    }
    let mut table = Table::with(&["entry", "time", "person", "what", "key", "reason"]);
    for entry in words {
        let reason = entry.reason.clone().unwrap_or_else(|| text(entry, "/reason").to_owned());
        let key = text(entry, "/key");
        table.row(&[&entry.seq.to_string(), &time(entry.at), text(entry, "/person"), &entry.kind, key, &reason]);
    }
    page.table(&table);
}

fn plans(page: &mut Html, sources: &Sources<'_>, entries: &[&Entry]) {
    let plans = of_kind(entries, "stage.planned");
    page.element("h3", "What was planned and judged");
    if plans.is_empty() {
        return page.note("Nothing.");
    }
    for entry in plans {
        let mut facts = Table::facts();
        let named = format!("{}, entry {}, {}", text(entry, "/name"), entry.seq, time(entry.at));
        facts.fact("Stage", &named);
        facts.fact("Plan", text(entry, "/plan"));
        facts.fact("Operations", &number(entry, "/operations").to_string());
        let body = entry.body.value();
        if let Some(risk) = body.pointer("/finding/risk") {
            let risk = serde_json::from_value::<Assessment>(risk.clone()).map(|risk| risk.to_string());
            facts.fact("Risk", &risk.unwrap_or_default());
        }
        for (guardrail, verdict) in body.pointer("/finding/verdicts").and_then(Value::as_object).into_iter().flatten() {
            facts
                .fact("Guardrail", &format!("{guardrail}: {}", verdict.as_str().unwrap_or_default().replace('_', " ")));
        }
        if number(entry, "/finding/outside") > 0 {
            facts.fact("Outside", &format!("{} bounds of the mandate", number(entry, "/finding/outside")));
        }
        if text(entry, "/finding/kind") == "violates" {
            facts.fact("Refused", &format!("it breaks {} of belay's own rules", number(entry, "/finding/violations")));
        }
        let approvals = body.pointer("/finding/approvals").and_then(Value::as_array).into_iter().flatten();
        let approvals: Vec<_> = approvals.filter_map(Value::as_str).collect();
        if !approvals.is_empty() {
            facts.fact("Approvals that counted", &approvals.join(", "));
        }
        if let Some(Event::Planned { plan, .. }) = event(sources, entry) {
            for planned in plan.operations() {
                let operation = planned.operation;
                let what = format!("{} — {} ({})", operation.summary, operation.write.line(), operation.reversibility);
                facts.fact("Operation", &what);
            }
        }
        page.table(&facts);
    }
}

fn writes(page: &mut Html, entries: &[&Entry]) {
    page.element("h3", "What was written, and what came of it");
    let intents = of_kind(entries, "intent");
    if intents.is_empty() {
        return page.note("Nothing was written.");
    }
    let mut table = Table::with(&["intent", "time", "step", "attempt", "operation", "outcome", "entry"]);
    for intent in intents {
        let outcome = entries.iter().find(|entry| entry.kind == "outcome" && number(entry, "/intent") == intent.seq);
        let what = outcome.map_or_else(
            || "none is recorded".to_owned(),
            |outcome| {
                let why = [text(outcome, "/outcome/detail"), text(outcome, "/outcome/reason")].concat();
                format!("{} {why}", text(outcome, "/outcome/kind").replace('_', " "))
            },
        );
        let step = format!("{}.{}", number(intent, "/step/stage"), number(intent, "/step/step"));
        table.row(&[
            &intent.seq.to_string(),
            &time(intent.at),
            &step,
            &number(intent, "/attempt").to_string(),
            text(intent, "/operation"),
            what.trim_end(),
            &outcome.map(|outcome| outcome.seq.to_string()).unwrap_or_default(),
        ]);
    }
    page.table(&table);
}

fn checks(page: &mut Html, entries: &[&Entry]) {
    const KINDS: [&str; 6] = [
        "step.confirmed",
        "step.person_confirmed",
        "step.resolved",
        "check.measured",
        "run.fell_back",
        "incident.attached",
    ];
    let found: Vec<_> = entries.iter().filter(|entry| KINDS.contains(&entry.kind.as_str())).collect();
    if found.is_empty() {
        return;
    }
    page.element("h3", "What was found afterwards");
    let mut table = Table::with(&["entry", "time", "kind", "what"]);
    for entry in found {
        table.row(&[&entry.seq.to_string(), &time(entry.at), &entry.kind, &log_line::summary(entry)]);
    }
    page.table(&table);
}

/// The event that an entry records, where it lies in a blob that may be read and is there.
fn event(sources: &Sources<'_>, entry: &Entry) -> Option<Event> {
    let commitment = text(entry, "/event").parse().ok().map(belay_domain::digest::Commitment::from_digest)?;
    if !sources.with_blobs {
        return None;
    }
    let bytes = belay_ledger::Ledger::blob(sources.store, entry, &commitment).ok()?.present()?.bytes;
    Json::parse_bytes(&bytes).and_then(|json| json.to()).ok()
}
