//! The ledger as a reviewer reads it: one page for each subcommand.

pub(crate) mod export;
pub(crate) mod heartbeat;
pub(crate) mod log;
pub(crate) mod redact;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod show;
pub(crate) mod verify;
