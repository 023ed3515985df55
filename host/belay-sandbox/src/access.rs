//! What one call may reach. A connection that is not granted is refused here, before anybody is asked.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use belay_domain::id::ConnectionName;

use crate::read_record::{Kept, ReadRecord, ReadRequest};
use crate::reads::Reads;

/// The connections that a call may read through. Cheap to clone.
#[derive(Clone)]
pub struct Access(Source);

#[derive(Clone)]
enum Source {
    Nothing,
    Live { reads: Arc<dyn Reads>, granted: Arc<BTreeSet<ConnectionName>> },
    Recorded(Arc<Recording>),
}

/// The reads of an earlier call, given again in their order.
pub(crate) struct Recording {
    reads: Vec<ReadRecord>,
    strayed: OnceLock<Strayed>,
}

/// A read that the recorded call did not make, or not then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Strayed {
    pub(crate) number: usize,
    pub(crate) asked: ReadRequest,
}

/// How a read goes on.
pub(crate) enum Way<T> {
    /// To the connection.
    Open(ConnectionName, Arc<dyn Reads>),
    /// No further: it was refused, or is in the recording.
    Shut(T),
}

impl Access {
    /// Grants these connections, read through `reads`.
    pub fn new(reads: Arc<dyn Reads>, granted: impl IntoIterator<Item = ConnectionName>) -> Self {
        Self(Source::Live { reads, granted: Arc::new(granted.into_iter().collect()) })
    }

    /// Grants nothing.
    pub const fn none() -> Self {
        Self(Source::Nothing)
    }

    pub(crate) const fn recorded(recording: Arc<Recording>) -> Self {
        Self(Source::Recorded(recording))
    }

    /// The way of a call's read with this number, from 0; none where the recorded call went another.
    pub(crate) fn way<T: Kept>(&self, number: usize, request: &ReadRequest) -> Option<Way<T>> {
        match &self.0 {
            Source::Nothing => Some(Way::Shut(T::denied(refusal(&request.connection, &BTreeSet::new())))),
            Source::Live { reads, granted } => {
                let connection = granted.iter().find(|granted| granted.as_str() == request.connection);
                Some(match connection {
                    Some(connection) => Way::Open(connection.clone(), Arc::clone(reads)),
                    None => Way::Shut(T::denied(refusal(&request.connection, granted))),
                })
            }
            Source::Recorded(recording) => recording.answer(number, request).map(Way::Shut),
        }
    }
}

fn refusal(name: &str, granted: &BTreeSet<ConnectionName>) -> String {
    let names: Vec<_> = granted.iter().map(ConnectionName::as_str).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let name: String = name.chars().take(100).flat_map(char::escape_debug).collect();
    format!("this call may not use the connection `{name}`; granted: {names}")
}

impl Recording {
    pub(crate) const fn new(reads: Vec<ReadRecord>) -> Self {
        Self { reads, strayed: OnceLock::new() }
    }

    /// The first read that was not in the recording.
    pub(crate) fn strayed(&self) -> Option<&Strayed> {
        self.strayed.get()
    }

    fn answer<T: Kept>(&self, number: usize, request: &ReadRequest) -> Option<T> {
        let recorded = self.reads.get(number).filter(|read| read.request == *request);
        let answer = recorded.and_then(T::give);
        if answer.is_none() {
            self.strayed.get_or_init(|| Strayed { number, asked: request.clone() });
        }
        answer
    }
}
