//! Claims about directories.
