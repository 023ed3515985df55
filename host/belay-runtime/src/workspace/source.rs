//! Files of a workspace, and problems with their place in them.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// What is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file, relative to the workspace.
    pub file: PathBuf,
    /// From 1, where it is known.
    pub line: Option<u32>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Everything that is wrong with a workspace; never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The text of one file.
pub(super) struct Source {
    file: PathBuf,
    text: String,
}

impl Source {
    /// Reads `root/file`.
    pub(super) fn read(root: &Path, file: impl Into<PathBuf>) -> Result<Self, Problem> {
        let file = file.into();
        match std::fs::read_to_string(root.join(&file)) {
            Ok(text) => Ok(Self { file, text }),
            Err(error) => Err(Problem { message: format!("it can't be read: {error}"), line: None, file }),
        }
    }

    /// The file, relative to the workspace.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Reads the text as TOML of this shape.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        toml::from_str(&self.text).map_err(|error: toml::de::Error| self.problem(error.span(), error.message()))
    }

    /// A problem at a place.
    pub(super) fn problem(&self, span: Option<Range<usize>>, message: impl Into<String>) -> Problem {
        Problem { file: self.file.clone(), line: span.map(|span| self.line(span.start)), message: message.into() }
    }

    fn line(&self, offset: usize) -> u32 {
        let before = self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count();
        u32::try_from(before).map_or(u32::MAX, |lines| lines + 1)
    }
}

/// TOML as canonical JSON: dates as text; no floats.
pub(super) fn to_json(value: toml::Value) -> Result<belay_domain::json::Json, String> {
    fn plain(value: toml::Value) -> Result<serde_json::Value, String> {
        Ok(match value {
            toml::Value::String(text) => text.into(),
            toml::Value::Integer(integer) => integer.into(),
            toml::Value::Float(float) => {
                return Err(format!("{float} is a float; write it as a string: \"{float}\""));
            }
            toml::Value::Boolean(boolean) => boolean.into(),
            toml::Value::Datetime(moment) => moment.to_string().into(),
            toml::Value::Array(items) => items.into_iter().map(plain).collect::<Result<Vec<_>, _>>()?.into(),
            toml::Value::Table(table) => serde_json::Value::Object(
                table.into_iter().map(|(key, value)| Ok((key, plain(value)?))).collect::<Result<_, String>>()?,
            ),
        })
    }
    belay_domain::json::Json::new(plain(value)?).map_err(|error| error.to_string())
}
