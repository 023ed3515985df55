//! Takes a Delta Lake table back to an earlier version.
