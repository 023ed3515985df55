//! With the real ssh-keygen and ssh-agent: each accepts what the other makes, and refuses what the other refuses.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod agent;
mod keygen;
mod openssh;
mod vectors;
