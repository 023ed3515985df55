//! What people read: values in, pages out. Performs nothing, asks no clock, knows no terminal.

pub(crate) mod amount;
pub(crate) mod audit;
pub(crate) mod clock;
pub(crate) mod complaint;
pub(crate) mod conformance;
pub(crate) mod consent;
pub(crate) mod error;
pub(crate) mod gate;
pub(crate) mod governance;
pub(crate) mod guard;
pub(crate) mod keys;
pub(crate) mod lineage;
pub(crate) mod page;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod plugin;
pub(crate) mod point;
pub(crate) mod quarantine;
pub(crate) mod quorum;
pub(crate) mod receipt;
pub(crate) mod review;
pub(crate) mod run;
pub(crate) mod runbook;
pub(crate) mod table;
pub(crate) mod words;
pub(crate) mod workspace;
