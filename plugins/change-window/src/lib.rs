//! Freezes, with a lane of its own for rollbacks.
