//! Makes recorded calls again, with the components, inputs and reads of then. Reaches no connection, records nothing.

mod components;
mod difference;
mod one;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use belay_domain::id::RunId;
use belay_ledger::{Entry, Filter};
use belay_sandbox::EngineId;

use crate::api::{Error, ReplayAnswer, ReplayRequest, ReplayVerdict, ReplayedCall};
use crate::host::Host;
use crate::ledger;
use crate::record::CALL;
use components::Components;

/// How many entries are held at a time.
const PAGE: u64 = 1_024;
/// How many calls are shown of many.
const MAX_SHOWN: usize = 1_000;

/// Makes calls again, on all cores.
///
/// # Errors
/// There is no such entry, or it records no call; the ledger can't be read.
pub(crate) fn replay(host: &Host, request: &ReplayRequest) -> Result<ReplayAnswer, Error> {
    let components = Components::new(host);
    let mut tally = Tally::new();
    match request {
        ReplayRequest::Entry(seq) => {
            for call in side_by_side(&components, &[called(host, *seq)?])? {
                tally.count(&call);
                tally.answer.shown.push(call);
            }
        }
        ReplayRequest::Run(run) => all(host, &components, Some(run), &mut tally)?,
        ReplayRequest::All => all(host, &components, None, &mut tally)?,
    }
    Ok(tally.finish())
}

fn all(host: &Host, components: &Components<'_>, run: Option<&RunId>, tally: &mut Tally) -> Result<(), Error> {
    let mut after = None;
    loop {
        let kinds = vec![CALL.to_owned()];
        let filter = Filter { run: run.cloned(), kinds, after, limit: Some(PAGE), ..Filter::default() };
        let page = host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.seq);
        for call in side_by_side(components, &page)? {
            tally.count(&call);
            if call.verdict != ReplayVerdict::Same && tally.answer.shown.len() < MAX_SHOWN {
                tally.answer.shown.push(call);
            }
        }
    }
}

/// The entry of one call.
fn called(host: &Host, seq: u64) -> Result<Entry, Error> {
    let entry = host.ledger.entry(seq).map_err(|error| ledger::error(&error))?;
    let Some(entry) = entry else {
        let what = format!("there is no entry {seq}");
        return Err(Error::usage(what).next(format!("belay audit log --kind {CALL}")));
    };
    if entry.kind != CALL {
        let what = format!("entry {seq} is `{}`: it records no call of a plugin", entry.kind);
        return Err(Error::usage(what).next(format!("belay audit log --kind {CALL}")));
    }
    Ok(entry)
}

/// Replays entries on all cores; gives what came of each, in their order.
fn side_by_side(components: &Components<'_>, entries: &[Entry]) -> Result<Vec<ReplayedCall>, Error> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(entries.len())));
    let cores = thread::available_parallelism().map_or(1, usize::from).min(entries.len());
    let work = || -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|error| Error::failed(format!("the event loop: {error}")))?;
        while let Some(entry) = entries.get(next.fetch_add(1, Ordering::Relaxed)) {
            let call = runtime.block_on(one::replay(components, entry))?;
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(call);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let ended = |worker: thread::ScopedJoinHandle<'_, Result<(), Error>>| {
            worker.join().unwrap_or_else(|_| Err(Error::failed("a replay ended in a panic")))
        };
        workers.into_iter().try_for_each(ended)
    })?;
    let mut calls = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    calls.sort_by_key(|call| call.entry);
    Ok(calls)
}

/// Counts verdicts.
struct Tally {
    answer: ReplayAnswer,
    began: Instant,
}

impl Tally {
    fn new() -> Self {
        let answer = ReplayAnswer {
            wasmtime: EngineId::here().wasmtime,
            calls: 0,
            same: 0,
            other_engine: 0,
            differ: 0,
            not_reproducible: 0,
            redacted: 0,
            not_made: 0,
            took_ms: 0,
            shown: Vec::new(),
        };
        Self { answer, began: Instant::now() }
    }

    const fn count(&mut self, call: &ReplayedCall) {
        let answer = &mut self.answer;
        answer.calls += 1;
        *match call.verdict {
            ReplayVerdict::Same => &mut answer.same,
            ReplayVerdict::OtherEngine => &mut answer.other_engine,
            ReplayVerdict::Differs(_) => &mut answer.differ,
            ReplayVerdict::NotReproducible => &mut answer.not_reproducible,
            ReplayVerdict::Redacted { .. } => &mut answer.redacted,
            ReplayVerdict::Missing { .. } | ReplayVerdict::NoComponent { .. } | ReplayVerdict::Unreadable { .. } => {
                &mut answer.not_made
            }
        } += 1;
    }

    fn finish(mut self) -> ReplayAnswer {
        self.answer.took_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.answer
    }
}
