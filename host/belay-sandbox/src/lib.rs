//! Plugins as components: load, limit, call, record.
