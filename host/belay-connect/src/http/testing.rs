//! A server that misbehaves on purpose.
