//! What is asked of the runtime and what it answers: plain values, the same in process today and over a wire
//! tomorrow. Nothing here does anything.

mod answer;
mod error;
mod governance;
mod request;

pub use answer::*;
pub use error::*;
pub use governance::*;
pub use request::*;
