//! One run as its entries tell it. What a receipt adds is left out where it can't be read any more.

use belay_domain::digest::Digest;
use belay_domain::id::{Millis, RunId};
use belay_domain::json::Json;
use belay_domain::mandate::{Mandate, Purpose};
use belay_engine::{Event, Receipt};
use belay_ledger::{Entry, Filter, Ledger};
use serde_json::Value;

use super::writes::{self, Known};
use crate::api::{Error, RunRow};
use crate::journal;
use crate::ledger;

/// A run, its entries, and its receipt.
pub(super) struct Told {
    pub(super) row: RunRow,
    pub(super) entries: Vec<Entry>,
    pub(super) receipt: Option<Box<Receipt>>,
    /// Whether nothing of it was redacted or is gone that the report needs.
    pub(super) is_readable: bool,
}

impl Told {
    /// What the entries before `end` say.
    pub(super) fn of(store: &Ledger, run: &RunId, end: u64) -> Result<Self, Error> {
        let filter = Filter { run: Some(run.clone()), before: Some(end), ..Filter::default() };
        let entries = store.entries(&filter).map_err(|error| ledger::error(&error))?;
        let of_kind = |kind: &str| entries.iter().find(|entry| entry.kind == kind);
        let mandate = of_kind("mandate").map(|entry| mandate(store, entry)).transpose()?.flatten();
        let sealed = of_kind("run.sealed").map(|entry| journal::event(store, entry));
        let is_readable = !matches!(sealed, Some(Err(_))) && (mandate.is_some() || of_kind("mandate").is_none());
        let receipt = match sealed {
            Some(Ok(Event::Sealed { receipt, .. })) => Some(receipt),
            Some(_) | None => None,
        };
        let row = row(run, &entries, mandate.as_ref(), receipt.as_deref());
        Ok(Self { row, entries, receipt, is_readable })
    }

    /// Who had begun or resumed it before an entry.
    pub(super) fn owner_before(&self, entry: &Entry) -> &str {
        let owns = |kind: &str| matches!(kind, "run.opened" | "run.resumed" | "run.taken_over");
        let before = self.entries.iter().rev().filter(|earlier| earlier.seq < entry.seq);
        before.into_iter().find(|earlier| owns(&earlier.kind)).map_or("nobody", |owner| text(owner, "/by"))
    }

    /// Its entries of a kind.
    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.kind == kind)
    }
}

/// A member of an entry's body that is a text.
pub(super) fn text<'e>(entry: &'e Entry, pointer: &str) -> &'e str {
    entry.body.value().pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn mandate(store: &Ledger, entry: &Entry) -> Result<Option<Mandate>, Error> {
    let Ok(digest) = text(entry, "/mandate").parse::<Digest>() else { return Ok(None) };
    let bytes = store.object(&digest).map_err(|error| ledger::error(&error))?;
    Ok(bytes.and_then(|bytes| Json::parse_bytes(&bytes).ok()?.to().ok()))
}

fn row(run: &RunId, entries: &[Entry], mandate: Option<&Mandate>, receipt: Option<&Receipt>) -> RunRow {
    let of_kind = |kind: &'static str| entries.iter().filter(move |entry| entry.kind == kind);
    let opened = of_kind("run.opened").next();
    let sealed = of_kind("run.sealed").next();
    let first = entries.first();
    let said = |pointer: &str| opened.map(|entry| text(entry, pointer).to_owned()).unwrap_or_default();
    let people = |kind| {
        let mut people: Vec<_> = of_kind(kind).map(|entry| text(entry, "/person").to_owned()).collect();
        people.dedup();
        people
    };
    let promise = receipt.and_then(|receipt| receipt.promise);
    let applied = of_kind("outcome").filter(|entry| writes::known(entry, receipt) == Known::Applied).count();
    let risk = of_kind("stage.planned").filter_map(|entry| entry.body.value().pointer("/finding/risk/risk")?.as_u64());
    RunRow {
        run: run.clone(),
        entry: first.map_or(0, |entry| entry.seq),
        environment: first.and_then(|entry| entry.environment.clone()),
        incident: entries.iter().find_map(|entry| entry.incident.clone()),
        runbook: said("/runbook/name"),
        feature_set: said("/feature_set/name"),
        team: mandate.map(|mandate| mandate.team.clone()).unwrap_or_default(),
        purpose: mandate.map_or_else(|| said("/purpose/kind"), |mandate| purpose(&mandate.purpose)),
        requester: mandate.map_or_else(|| said("/by"), |mandate| mandate.requester.clone()),
        signed: of_kind("request.signed").next().is_some(),
        approvers: people("approval"),
        rejected_by: people("rejection"),
        risk: risk.max(),
        writes: applied as u64,
        outcome: sealed.map_or("open", |entry| text(entry, "/ending")).to_owned(),
        opened_at: opened.or(first).map_or(Millis(0), |entry| entry.at),
        restored_at: receipt.and_then(|receipt| receipt.restored_at),
        ended_at: sealed.map(|entry| entry.at),
        promised_ms: promise.map(|promise| promise.restored_within_ms),
        took_ms: promise.and_then(|promise| promise.took_ms),
        kept: promise.map(|promise| promise.kept),
    }
}

fn purpose(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Rollback => "rollback".to_owned(),
        Purpose::Undo { run } => format!("undo of {run}"),
    }
}
