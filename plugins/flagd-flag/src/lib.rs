//! Takes a flag in a flagd file back to an earlier state.
