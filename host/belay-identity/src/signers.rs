//! People and their keys: OpenSSH's `allowed_signers`, read strictly. A line that is not understood is refused, never
//! skipped: it may have limited what a key is good for.

mod line;

use std::collections::BTreeSet;
use std::fmt;

use belay_domain::id::Millis;
use belay_domain::people::PersonName;
use jiff::tz::TimeZone;
use ssh_key::public::KeyData;

use crate::pattern;
use crate::{Namespace, fingerprint};

/// The people who can sign, and with which keys.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AllowedSigners(Vec<KeyLine>);

/// One key of one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyLine {
    /// Whose.
    pub person: PersonName,
    /// Its name: `SHA256:…`.
    pub fingerprint: String,
    /// `ssh-ed25519`.
    pub algorithm: String,
    /// It doesn't count before.
    pub valid_after: Option<Millis>,
    /// It doesn't count afterwards.
    pub valid_before: Option<Millis>,
    /// What it is good for, as a list of patterns; absent: everything.
    pub namespaces: Option<String>,
    /// From 1.
    pub line: u32,
    pub(crate) key: KeyData,
}

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineProblem {
    /// From 1.
    pub line: u32,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for LineProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl KeyLine {
    /// Whether the key may be used for this.
    pub fn is_for(&self, namespace: Namespace) -> bool {
        self.namespaces.as_ref().is_none_or(|list| pattern::list_matches(list, namespace.as_str()))
    }
}

impl AllowedSigners {
    /// Reads the file. Moments without `Z` are of this time zone, as for ssh-keygen.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, Vec<LineProblem>> {
        let mut signers = Self::default();
        let mut problems = Vec::new();
        for (number, text) in lines(text) {
            match line::parse(number, text, zone).and_then(|line| signers.add(line)) {
                Ok(()) => {}
                Err(message) => problems.push(LineProblem { line: number, message }),
            }
        }
        if problems.is_empty() { Ok(signers) } else { Err(problems) }
    }

    /// A key that two people share would let one of them be two.
    pub(crate) fn add(&mut self, line: KeyLine) -> Result<(), String> {
        if let Some(other) = self.0.iter().find(|other| other.key == line.key && other.person != line.person) {
            let (person, number) = (&other.person, other.line);
            return Err(format!("this is the key of `{person}` too (line {number}): a key stands for one person"));
        }
        self.0.push(line);
        Ok(())
    }

    /// Everybody who has a key.
    pub fn people(&self) -> BTreeSet<&PersonName> {
        self.0.iter().map(|line| &line.person).collect()
    }

    /// Every key, in the file's order.
    pub fn keys(&self) -> impl Iterator<Item = &KeyLine> {
        self.0.iter()
    }

    /// The lines of one key.
    pub(crate) fn of_key<'s>(&'s self, key: &'s KeyData) -> impl Iterator<Item = &'s KeyLine> {
        self.0.iter().filter(move |line| line.key == *key)
    }

    /// Whose key that is.
    pub(crate) fn owner(&self, key: &KeyData) -> Option<&PersonName> {
        self.0.iter().find(|line| line.key == *key).map(|line| &line.person)
    }

    /// Whose key goes by this fingerprint.
    pub fn owner_of(&self, fingerprint: &str) -> Option<&PersonName> {
        self.0.iter().find(|line| line.fingerprint == fingerprint).map(|line| &line.person)
    }
}

/// The lines that say something, with their number from 1.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let numbered = (1..).zip(text.lines().map(str::trim));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

pub(crate) fn key_line(person: PersonName, key: KeyData, line: u32) -> KeyLine {
    KeyLine {
        person,
        fingerprint: fingerprint(&key),
        algorithm: key.algorithm().to_string(),
        valid_after: None,
        valid_before: None,
        namespaces: None,
        line,
        key,
    }
}

#[cfg(test)]
mod tests;
