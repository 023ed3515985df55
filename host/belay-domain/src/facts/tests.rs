//! The document matches its schema.
