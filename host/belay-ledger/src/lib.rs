//! The append-only log: entries, Merkle tree, checkpoints, proofs, verification. It is the run's journal; there is no
//! other run state. Never decides anything, never knows what an entry's body means.
//!
//! Entries live in SQLite; [`Ledger::append`] is the barrier that waits for the disk. The public log beside the database
//! (C2SP tlog-tiles, tlog-checkpoint, signed-note) follows from the entries and is written by [`Ledger::publish`].

pub mod checkpoint;
mod distress;
pub mod draft;
mod durable;
pub mod entry;
pub mod error;
pub mod evidence;
pub mod index;
mod key;
pub mod keys;
pub mod kind;
mod ledger;
pub mod note;
mod publish;
pub mod redaction;
pub mod silence;
mod store;
mod tile;
pub mod tree;
mod vault;
pub mod verify;
mod writer;

pub use distress::{Failure, FailureKind, when_stopped};
pub use draft::{Actor, Batch, Blob, Condition, Counter, Draft, Holder, Mode, Object, OnHold};
pub use entry::Entry;
pub use error::Error;
pub use ledger::{Appended, FoundBlob, KeyChanged, Ledger, SignedCheckpoint};
pub use store::{Filter, Retainable};
pub use vault::{OpenBlob, Scope, month};
