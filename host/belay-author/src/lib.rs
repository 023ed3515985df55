//! Builds a plugin from a Cargo project: core module to component.
