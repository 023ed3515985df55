//! Bounds on how much one rollback may touch.
