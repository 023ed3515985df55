//! What a store holds while one call runs: what the guest may still use, and what it has seen.

use std::time::{Duration, Instant};

use wasmtime::{ResourceLimiter, UpdateDeadline};

use crate::access::{Access, Way};
use crate::call::Deadline;
use crate::limits::{Limit, Limits};
use crate::log::Log;
use crate::meter::Meter;
use crate::read_record::{Kept, ReadRecord, ReadRequest};
use crate::ticker::Pace;

/// One call under way. Made for it, and dropped with its store.
pub(crate) struct Moment {
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    pub(crate) log: Log,
    pub(crate) reads: Vec<ReadRecord>,
    pub(crate) stopped: Option<Stop>,
    pub(crate) started: Instant,
    pub(crate) meter: Meter,
    pace: Pace,
    host_calls: u32,
    read_bytes: u64,
    memory_bytes: u64,
}

/// Why the sandbox itself ended the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("over the limit: {0}")]
    OverLimit(Limit),
    #[error("out of time: {0}")]
    TimedOut(Deadline),
    #[error("a read that the recorded call did not make")]
    Strayed,
}

impl Moment {
    pub(crate) fn new(access: Access, limits: Limits, pace: Pace) -> Self {
        Self {
            access,
            limits,
            log: Log::default(),
            reads: Vec::new(),
            stopped: None,
            started: Instant::now(),
            meter: Meter::default(),
            pace,
            host_calls: 0,
            read_bytes: 0,
            memory_bytes: 0,
        }
    }

    /// The linear memory that the guest has by now; it never gives any back.
    pub(crate) const fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    fn stop(&mut self, stop: Stop) -> wasmtime::Error {
        self.stopped = Some(stop);
        wasmtime::Error::new(stop)
    }

    /// Counts a call of the host.
    pub(crate) fn host_call(&mut self) -> wasmtime::Result<()> {
        self.host_calls = self.host_calls.saturating_add(1);
        if self.host_calls > self.limits.host_calls {
            return Err(self.stop(Stop::OverLimit(Limit::HostCalls)));
        }
        Ok(())
    }

    /// Begins a read: counts it, and says where it goes.
    pub(crate) fn begin<T: Kept>(&mut self, request: &ReadRequest) -> wasmtime::Result<Way<T>> {
        self.host_call()?;
        self.pace.pause();
        self.access.way(self.reads.len(), request).ok_or_else(|| self.stop(Stop::Strayed))
    }

    /// Ends the read that began last and records it.
    pub(crate) fn keep<T: Kept>(&mut self, request: ReadRequest, answer: &T) -> wasmtime::Result<()> {
        self.pace.go_on();
        let (answer, body) = answer.keep();
        let record = ReadRecord { request, answer, body };
        self.read_bytes = self.read_bytes.saturating_add(record.size());
        self.reads.push(record);
        if self.read_bytes > self.limits.read_bytes {
            return Err(self.stop(Stop::OverLimit(Limit::ReadBytes)));
        }
        Ok(())
    }

    /// At each tick of the epoch: lets other tasks run, and ends a guest that computed for too long.
    pub(crate) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        if self.meter.read() > Duration::from_millis(self.limits.compute_ms) {
            return Err(self.stop(Stop::TimedOut(Deadline::Computing)));
        }
        Ok(UpdateDeadline::Yield(1))
    }
}

impl ResourceLimiter for Moment {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let grown = self.memory_bytes.saturating_add(desired.saturating_sub(current) as u64);
        if grown > self.limits.memory_bytes {
            return Err(self.stop(Stop::OverLimit(Limit::Memory)));
        }
        self.memory_bytes = grown;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired as u64 > self.limits.table_elements.into() {
            return Err(self.stop(Stop::OverLimit(Limit::Table)));
        }
        Ok(true)
    }
}
