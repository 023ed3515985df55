//! Changes of the governance: what differs, and the text that people sign for it. Decides nothing.

mod change;
mod text;

pub use change::{Change, changes};
pub use text::{InForce, Proposal};

#[cfg(test)]
mod tests;
