//! What is asked of the runtime and what it answers: plain values, the same in process today and over a wire
//! tomorrow. Nothing here does anything.

mod answer;
mod error;
mod evidence;
mod failure;
mod governance;
mod keys;
mod kit;
mod redaction;
mod replay;
mod report;
mod request;
mod verification;

pub use answer::*;
pub use error::*;
pub use evidence::*;
pub use failure::*;
pub use governance::*;
pub use keys::*;
pub use kit::*;
pub use redaction::*;
pub use replay::*;
pub use report::*;
pub use request::*;
pub use verification::*;
