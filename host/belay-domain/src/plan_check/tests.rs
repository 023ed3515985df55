//! What the checker refuses, and what it sees.
