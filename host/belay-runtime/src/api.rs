//! What is asked of the runtime and what it answers: plain values, the same in process today and over a wire
//! tomorrow. Nothing here does anything.

mod approval;
mod catalog;
mod error;
mod evidence;
mod failure;
mod governance;
mod keys;
mod kit;
mod lineage;
mod log;
mod plan;
mod redaction;
mod replay;
mod report;
mod request;
mod revertible;
mod run;
mod verification;

pub use approval::*;
pub use catalog::*;
pub use error::*;
pub use evidence::*;
pub use failure::*;
pub use governance::*;
pub use keys::*;
pub use kit::*;
pub use lineage::*;
pub use log::*;
pub use plan::*;
pub use redaction::*;
pub use replay::*;
pub use report::*;
pub use request::*;
pub use revertible::*;
pub use run::*;
pub use verification::*;
