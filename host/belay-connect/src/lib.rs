//! Connections: reads for plugins, operations for the host, secrets.
