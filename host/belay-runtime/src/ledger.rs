//! The ledger as the runtime uses it: its errors as a responder reads them, and its entries from the newest on.

use belay_domain::id::EnvironmentName;
use belay_ledger::{Appended, Batch, Entry, Filter, Ledger};
use serde::de::DeserializeOwned;

use crate::api::Error;

/// Why nothing was done where the ledger could not be written.
pub(crate) const UNRECORDED: &str = "nothing was changed; without a record nothing is done";

/// Says what a failure of the ledger means for whoever asked, and what to do.
pub(crate) fn error(error: &belay_ledger::Error) -> Error {
    let holds = matches!(error, belay_ledger::Error::ChangeUnfinished { .. });
    let changed = if holds { "the new key signs from now on; systems were not touched" } else { UNRECORDED };
    let failed = Error::failed(format!("the ledger: {error}")).changed(changed);
    match next(error) {
        Some(next) => failed.next(next),
        None => failed,
    }
}

/// Says what this process does when the ledger can't go on since nobody knows what the disk holds: `act` is given the
/// error to show, and is to end the process. The first to say so is heard.
pub fn when_stopped(act: impl Fn(&Error) + Send + Sync + 'static) {
    belay_ledger::when_stopped(move |cause| act(&stopped(cause)));
}

fn stopped(cause: &belay_ledger::Error) -> Error {
    Error::failed(format!("the ledger: {cause}; nobody knows what the disk holds, so this process ends here"))
        .changed("what was under way may or may not have happened, and was not recorded; nothing else was begun")
        .next("look at the disk, and at quotas and limits; then belay audit verify, and belay resume RUN where a run was under way")
}

const fn next(error: &belay_ledger::Error) -> Option<&'static str> {
    use belay_ledger::Error as E;
    match error {
        E::DiskFull => Some(
            "free space, or raise the quota, where the workspace's state lies (belay.toml, [workspace] state), then try again",
        ),
        E::NoReserve { .. } => Some(
            "free space where the workspace's state lies, then try again; runs under way can go on: belay resume RUN",
        ),
        E::ReadOnly { .. } => Some("make the state folder writable for this user, then try again"),
        E::Busy => Some("try again: another process is writing"),
        E::Poisoned { .. } | E::Io { .. } => Some("look at the disk, then: belay audit verify"),
        E::WriteRefused { .. } => Some("look at the disk, at quotas and limits, then: belay audit verify"),
        E::NewerSchema { .. } => Some("use the belay that wrote this ledger, or a newer one"),
        E::OlderSchema { .. } => Some("belay init, with another [workspace] state in belay.toml, begins a new ledger"),
        E::Behind { .. } | E::Forked { .. } | E::Checkpoint { .. } | E::TileDiffers { .. } | E::Corrupt(_) => {
            Some("belay audit verify says what is trustworthy; put the state folder back from a copy that is whole")
        }
        E::Key { .. } => Some("put the key back where belay.toml says ([workspace] key), readable by this user alone"),
        E::ChangeUnfinished { .. } => Some("see to what hinders it; the next command finishes it: belay keys show"),
        E::NoLedger { .. } => Some("belay init, on the host where this workspace's state is to live"),
        E::Exists { .. } => Some("name another state folder in belay.toml, or remove this one if it holds nothing"),
        E::BlobKeys { .. } => Some(
            "put the file back where the signing key lies ([workspace] key, and `.blobs`), readable by this user alone",
        ),
        E::OnHold { .. } | E::NoHold(_) => Some("belay audit hold list"),
        E::Moved { .. } => Some("try again: it is looked at anew"),
        E::TooLarge { .. } | E::Invalid(_) | E::Held(_) | E::NotOwner { .. } | E::AlreadyUsed { .. } | E::Closed => {
            None
        }
    }
}

/// Appends durably, without blocking the thread.
pub(crate) async fn append(ledger: &Ledger, batch: Batch) -> Result<Appended, belay_ledger::Error> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    ledger.append_then(batch, move |result| {
        // Whoever asked may be gone; the entries are there all the same.
        let _ = sender.send(result);
    });
    receiver.await.unwrap_or(Err(belay_ledger::Error::Closed))
}

/// Something read of an entry that tells which one it was.
pub(crate) trait Numbered {
    /// The entry's sequence number.
    fn seq(&self) -> u64;
}

impl Numbered for Entry {
    fn seq(&self) -> u64 {
        self.seq
    }
}

/// What `T` takes of the entries of some kinds, from the newest to the oldest, read in pieces: most who look for one find
/// it near the end of a log that only grows.
pub(crate) struct Newest<'l, T> {
    ledger: &'l Ledger,
    /// What the next piece is.
    filter: Filter,
    piece: std::vec::IntoIter<T>,
    is_last: bool,
}

impl<'l, T: DeserializeOwned + Numbered> Newest<'l, T> {
    /// The size of the first piece; each is twice as large as the one before.
    const FIRST: u64 = 16;

    pub(crate) fn of(ledger: &'l Ledger, kinds: &[&str], environment: Option<&EnvironmentName>) -> Self {
        let filter = Filter {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            environment: environment.cloned(),
            newest_first: true,
            limit: Some(Self::FIRST),
            ..Filter::default()
        };
        Self { ledger, filter, piece: Vec::new().into_iter(), is_last: false }
    }

    /// For whoever knows how many they read at least.
    pub(crate) fn first(mut self, entries: u64) -> Self {
        self.filter.limit = Some(entries);
        self
    }

    fn read(&mut self) -> Result<(), Error> {
        let found: Vec<T> = self.ledger.read_as(&self.filter).map_err(|cause| error(&cause))?;
        let limit = self.filter.limit.unwrap_or(Self::FIRST);
        self.is_last = (found.len() as u64) < limit;
        self.filter.before = found.last().map(Numbered::seq);
        self.filter.limit = Some(limit.saturating_mul(2));
        self.piece = found.into_iter();
        Ok(())
    }
}

impl<T: DeserializeOwned + Numbered> Iterator for Newest<'_, T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.piece.len() == 0
            && !self.is_last
            && let Err(error) = self.read()
        {
            self.is_last = true;
            return Some(Err(error));
        }
        self.piece.next().map(Ok)
    }
}
