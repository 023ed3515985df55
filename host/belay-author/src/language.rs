//! The languages that plugins are written in.

use std::fmt;
use std::str::FromStr;

/// A language that has a template and a way to a component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// A crate, compiled to a core module.
    Rust,
    /// With its interpreter, by componentize-py.
    Python,
    /// With its engine, by componentize-js.
    JavaScript,
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
        })
    }
}

/// Text that names no language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of rust, python, javascript")]
pub struct NoSuchLanguage(String);

impl FromStr for Language {
    type Err = NoSuchLanguage;

    fn from_str(text: &str) -> Result<Self, NoSuchLanguage> {
        match text {
            "rust" => Ok(Self::Rust),
            "python" => Ok(Self::Python),
            "javascript" => Ok(Self::JavaScript),
            other => Err(NoSuchLanguage(other.chars().take(100).collect())),
        }
    }
}
