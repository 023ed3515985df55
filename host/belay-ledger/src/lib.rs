//! The append-only log: entries, Merkle tree, checkpoints, proofs, verification.
