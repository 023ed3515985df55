//! A number at a JSON pointer.
