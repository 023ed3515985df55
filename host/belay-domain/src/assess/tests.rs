//! What the formula says of real situations, and that it only grows.
