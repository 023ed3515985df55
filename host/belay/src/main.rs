//! The rollback engine's command line.

fn main() {}
