//! One run as a deterministic state machine: (run, event) to (run, commands).
