//! Performs the engine's commands with the sandbox, the connections and the ledger. Owns tokio and time.

pub mod api;
