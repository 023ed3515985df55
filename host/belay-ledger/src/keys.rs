//! The keys of a log, one after the other. Each change is an entry that the key before and the key after have signed, so
//! whoever trusts one key can follow the chain to the present one. Never holds a secret.

mod chain;
mod change;

pub use chain::{Cut, KeyChain, KeyPeriod, Standing};
pub(crate) use change::text;
pub use change::{InvalidChange, KeyChange};
