//! Builds plugins, runs the demo, the tests and the benchmarks.

fn main() {}
