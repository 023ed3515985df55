//! A run's events as ledger entries and back. What may hold somebody's data lies in a blob beside its entry; what a
//! reader of the log must see stands in the entry.

use std::collections::BTreeMap;

use belay_domain::digest::Commitment;
use belay_domain::id::RunId;
use belay_domain::json::Json;
use belay_engine::{ActId, Event, Finding, Run};
use belay_ledger::{Blob, Draft, Entry, Filter, FoundBlob, Ledger};
use serde_json::{Value, json};

use crate::api::Error;
use crate::ledger;
use crate::record::Cause;

/// The kinds of entries that are a run's events.
const KINDS: [&str; 21] = [
    "run.opened",
    "stage.locked",
    "stage.lock_held",
    "stage.planned",
    "intent",
    "outcome",
    "step.seen",
    "step.confirmed",
    "step.person_confirmed",
    "step.resolved",
    "check.measured",
    "run.woke",
    "run.fell_back",
    "run.reconsidered",
    "run.turned_down",
    "run.abort_asked",
    "run.pause_asked",
    "run.continue_asked",
    "run.taken_over",
    "run.resumed",
    "run.sealed",
];
const BLOB: &str = "event";

/// The draft of an event.
pub(crate) fn draft(cause: &Cause, event: &Event) -> Result<Draft, Error> {
    let whole = || {
        let json = Json::from(event);
        json.map_err(|error| Error::failed(format!("`{}` can't be recorded: {error}", event.kind())))
    };
    let Some(mut heading) = heading(event) else {
        let mut draft = cause.draft(event.kind(), whole()?.value().clone())?;
        draft.at = event.at();
        draft.parent = parent(event);
        return Ok(draft);
    };
    let blob = Blob::seal(BLOB, whole()?.canonical()).map_err(|error| ledger::error(&error))?;
    if let Some(heading) = heading.as_object_mut() {
        heading.insert(BLOB.to_owned(), json!(blob.commitment()));
    }
    let mut draft = cause.draft(event.kind(), heading)?;
    draft.at = event.at();
    draft.blobs.push(blob);
    Ok(draft)
}

const fn parent(event: &Event) -> Option<u64> {
    if let Event::Performed { intent, .. } = event { Some(*intent) } else { None }
}

/// What the entry of an event that lies in a blob says in the open; `None`: the event is its entry's body.
fn heading(event: &Event) -> Option<Value> {
    match event {
        Event::Opened { spec, by, epoch, .. } => Some(json!({
            "mandate": spec.mandate.digest().ok(), "by": by, "epoch": epoch,
            "runbook": spec.mandate.runbook, "feature_set": spec.mandate.feature_set,
            "purpose": spec.mandate.purpose, "expires_at": spec.mandate.expires_at,
        })),
        Event::Planned { stage, plan, finding, .. } => Some(json!({
            "stage": stage, "name": plan.stage, "plan": plan.digest().ok(), "operations": plan.operations().count(),
            "finding": summary(finding),
        })),
        Event::Seen { step, look, .. } => Some(json!({ "step": step, "look": look })),
        Event::Confirmed { step, part: None, remaining_operations, .. } => {
            Some(json!({ "step": step, "remaining_operations": remaining_operations }))
        }
        Event::Confirmed { step, part, remaining_operations, .. } => {
            Some(json!({ "step": step, "part": part, "remaining_operations": remaining_operations }))
        }
        Event::Sealed { receipt, .. } => Some(json!({ "ending": receipt.ending.as_ref().map(ending) })),
        Event::Locked { .. }
        | Event::LockHeld { .. }
        | Event::Intended { .. }
        | Event::Performed { .. }
        | Event::PersonConfirmed { .. }
        | Event::Resolved { .. }
        | Event::Measured { .. }
        | Event::Woke { .. }
        | Event::FellBack { .. }
        | Event::Reconsidered { .. }
        | Event::TurnedDown { .. }
        | Event::AbortAsked { .. }
        | Event::PauseAsked { .. }
        | Event::ContinueAsked { .. }
        | Event::TakenOver { .. }
        | Event::Resumed { .. } => None,
    }
}

fn summary(finding: &Finding) -> Value {
    match finding {
        Finding::Violates { violations } => json!({ "kind": "violates", "violations": violations.len() }),
        Finding::Judged { assessment, outside, judgements, consent, .. } => {
            let verdicts: BTreeMap<_, _> =
                judgements.iter().map(|said| (said.guardrail.to_string(), verdict(&said.judgement.verdict))).collect();
            let mut summary =
                json!({ "kind": "judged", "risk": assessment, "outside": outside.len(), "verdicts": verdicts });
            let approvals: Vec<_> = consent.approvals.iter().map(|approval| &approval.person).collect();
            if let (Some(members), false) = (summary.as_object_mut(), approvals.is_empty()) {
                members.insert("approvals".to_owned(), json!(approvals));
            }
            summary
        }
    }
}

const fn verdict(verdict: &belay_domain::verdict::Verdict) -> &'static str {
    match verdict {
        belay_domain::verdict::Verdict::Allow => "allow",
        belay_domain::verdict::Verdict::Deny(_) => "deny",
        belay_domain::verdict::Verdict::NeedsApprovals(_) => "needs_approvals",
    }
}

const fn ending(ending: &belay_engine::Ending) -> &'static str {
    match ending {
        belay_engine::Ending::Done => "done",
        belay_engine::Ending::NothingToDo => "nothing_to_do",
        belay_engine::Ending::Partial => "partial",
        belay_engine::Ending::Failed { .. } => "failed",
        belay_engine::Ending::Undone { .. } => "undone",
        belay_engine::Ending::Replaced { .. } => "replaced",
        belay_engine::Ending::Refused { .. } => "refused",
        belay_engine::Ending::Aborted { .. } => "aborted",
    }
}

/// A run as its entries tell it.
pub(crate) struct Told {
    pub(crate) run: Run,
    /// The sequence number of each act's intent.
    pub(crate) intents: BTreeMap<ActId, u64>,
    /// The last entry that was read.
    pub(crate) last_seq: u64,
}

/// Folds a run's entries into its state. There is no other run state.
pub(crate) fn tell(ledger: &Ledger, id: &RunId) -> Result<Told, Error> {
    let filter = Filter {
        run: Some(id.clone()),
        kinds: KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
        ..Filter::default()
    };
    let entries = ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
    let (Some(opened), Some(last)) = (entries.first(), entries.last()) else {
        return Err(Error::usage(format!("there is no run `{id}`")).next("belay status"));
    };
    let last_seq = last.seq;
    let mut events = Vec::with_capacity(entries.len());
    let mut intents = BTreeMap::new();
    for entry in &entries {
        let event = event(ledger, entry)?;
        if let Event::Intended { act, .. } = &event {
            intents.insert(*act, entry.seq);
        }
        events.push(event);
    }
    let run = Run::fold(events).map_err(|error| damaged(opened, &error.to_string()))?;
    Ok(Told { run, intents, last_seq })
}

/// The event that an entry records.
pub(crate) fn event(ledger: &Ledger, entry: &Entry) -> Result<Event, Error> {
    let Some(commitment) = entry.body.value().get(BLOB).filter(|_| !entry.blobs.is_empty()) else {
        return entry.body.to().map_err(|error| damaged(entry, &error.to_string()));
    };
    let commitment: Commitment =
        serde_json::from_value(commitment.clone()).map_err(|error| damaged(entry, &error.to_string()))?;
    let blob = ledger.blob(entry, &commitment).map_err(|error| ledger::error(&error))?;
    let blob = match blob {
        FoundBlob::Present(blob) => blob,
        FoundBlob::Redacted { by } => return Err(redacted(entry, by)),
        FoundBlob::Missing { problem } => return Err(damaged(entry, &format!("its event is missing: {problem}"))),
    };
    Json::parse_bytes(&blob.bytes).and_then(|json| json.to()).map_err(|error| damaged(entry, &error.to_string()))
}

fn redacted(entry: &Entry, by: u64) -> Error {
    let run = entry.run.as_ref().map_or_else(String::new, |run| format!(" of {run}"));
    Error::refused(format!("entry {}{run} ({}) was redacted by entry {by}", entry.seq, entry.kind))
        .changed("nothing was changed")
        .next(format!("belay audit show {by}"))
}

fn damaged(entry: &Entry, why: &str) -> Error {
    Error::failed(format!("entry {} ({}) of the ledger can't be read: {why}", entry.seq, entry.kind))
        .changed("nothing was changed")
        .next("belay audit verify")
}
