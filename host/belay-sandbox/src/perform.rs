//! Makes one call: a fresh store and instance under all limits, discarded afterwards, recorded whatever happens.

use std::time::Duration;

use belay_domain::json::{Json, MAX_INTEGER, NotCanonical};
use serde::Serialize;
use tokio::time::timeout;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use crate::access::Access;
use crate::call::{Call, CallError, Deadline, Status};
use crate::limits::{Limit, Limits};
use crate::moment::{Moment, Stop};
use crate::plugin::Plugin;
use crate::question::Question;
use crate::record::{CallRecord, CallSummary};
use crate::sandbox::Sandbox;
use crate::world::{Function, WIT_VERSION};

/// No world has resources, so that a guest needs no more handles than the component model itself takes.
const HANDLES: usize = 16;

/// Puts a question to the plugin whose linked component is `pre`.
pub(crate) async fn perform<P: Sync, Q: Question<P>>(
    plugin: &Plugin,
    pre: &P,
    question: &Q,
    access: &Access,
) -> Call<Q::Answer> {
    // Waiting for a place in the pool is nobody's fault, so that the call's time begins after it.
    let _place = plugin.sandbox().place().await;
    let mut store = store(plugin.sandbox(), plugin.limits(), access);
    let (input, told) = match question.input() {
        Ok(input) => (input, put(pre, question, &mut store).await),
        Err(error) => (String::new(), Err(CallError::HostFailed(format!("the input has no canonical form: {error}")))),
    };
    let fuel_left = store.get_fuel().unwrap_or_default();
    let moment = store.into_data();
    let (result, output) = outcome(told, moment.limits.output_bytes);
    let status = result.as_ref().map_or_else(CallError::status, |_| Status::Answered);
    let summary = summary(plugin, Q::FUNCTION, status, fuel_left, &moment);
    let memory_bytes = moment.memory_bytes();
    let record = CallRecord { summary, input: input.into_bytes(), output, reads: moment.reads, log: moment.log };
    Call { record, result, memory_bytes }
}

fn store(sandbox: &Sandbox, limits: &Limits, access: &Access) -> Store<Moment> {
    let mut store = Store::new(sandbox.engine(), Moment::new(access.clone(), *limits, sandbox.pace()));
    store.limiter(|moment| moment);
    store.set_hostcall_fuel(usize::try_from(limits.output_bytes).unwrap_or(usize::MAX));
    store.set_max_component_handles(HANDLES);
    store.epoch_deadline_callback(|mut store| store.data_mut().tick());
    store.set_epoch_deadline(1);
    store
}

async fn put<P: Sync, Q: Question<P>>(
    pre: &P,
    question: &Q,
    store: &mut Store<Moment>,
) -> Result<Q::Answer, CallError> {
    let limits = store.data().limits;
    store.set_fuel(limits.fuel).map_err(|error| CallError::HostFailed(error.to_string()))?;
    let meter = store.data().meter.clone();
    let told = meter.over(question.put(pre, &mut *store));
    match timeout(Duration::from_millis(limits.total_ms), told).await {
        Ok(Ok(told)) => told,
        Ok(Err(error)) => Err(ended(&error, store.data())),
        Err(_) => Err(CallError::TimedOut(Deadline::InAll)),
    }
}

/// Why the guest's execution ended in an error.
fn ended(error: &wasmtime::Error, moment: &Moment) -> CallError {
    match moment.stopped {
        Some(Stop::OverLimit(limit)) => return CallError::OverLimit(limit),
        Some(Stop::TimedOut(deadline)) => return CallError::TimedOut(deadline),
        Some(stop @ Stop::Strayed) => return CallError::HostFailed(stop.to_string()),
        None => {}
    }
    let reason = error.root_cause().to_string();
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => CallError::OutOfFuel,
        Some(trap) => CallError::Trap(trap.to_string()),
        None if error.is::<PoolConcurrencyLimitError>() => CallError::HostFailed(reason),
        // wasmtime gives this error no public type; a test holds the text.
        None if reason.contains("fuel allocated for hostcalls") => CallError::OverLimit(Limit::Output),
        // What is left is an answer that can't be lifted: text that is not UTF-8, a pointer to nowhere.
        None => CallError::Nonsense(reason),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome<'a, T> {
    Answer(&'a T),
    Error(&'a CallError),
}

fn outcome<T: Serialize>(told: Result<T, CallError>, limit: u64) -> (Result<T, CallError>, Vec<u8>) {
    let told = told.and_then(|answer| match canonical(&Outcome::Answer(&answer)) {
        Ok(output) if output.len() as u64 <= limit => Ok((answer, output)),
        Ok(_) => Err(CallError::OverLimit(Limit::Output)),
        Err(error) => Err(CallError::nonsense("the answer", error)),
    });
    match told {
        Ok((answer, output)) => (Ok(answer), output),
        Err(error) => {
            // An error holds text only, which always has a canonical form.
            let output = canonical(&Outcome::<()>::Error(&error)).unwrap_or_default();
            (Err(error), output)
        }
    }
}

fn canonical<T: Serialize>(outcome: &Outcome<'_, T>) -> Result<Vec<u8>, NotCanonical> {
    Json::from(outcome).map(|json| json.canonical().into_bytes())
}

fn summary(plugin: &Plugin, function: Function, status: Status, fuel_left: u64, moment: &Moment) -> CallSummary {
    CallSummary {
        plugin: plugin.digest(),
        world: plugin.world(),
        function,
        wit: WIT_VERSION.to_owned(),
        engine: plugin.sandbox().id().clone(),
        limits: moment.limits,
        status,
        fuel_used: moment.limits.fuel.saturating_sub(fuel_left).min(MAX_INTEGER.unsigned_abs()),
        duration_us: u64::try_from(moment.started.elapsed().as_micros()).unwrap_or(u64::MAX),
        reads: u32::try_from(moment.reads.len()).unwrap_or(u32::MAX),
    }
}
