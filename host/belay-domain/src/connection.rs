//! Connections as the rules see them: what each may write, and at what risk. Addresses and secrets are elsewhere.

use std::fmt;
use std::sync::OnceLock;

use globset::{Glob, GlobBuilder, GlobSet};
use serde::{Deserialize, Serialize};

use crate::id::ConnectionName;
use crate::operation::{Reversibility, Write};

/// How much rests on a system. Ordered: later is more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criticality {
    /// An experiment.
    Low,
    /// The usual.
    #[default]
    Medium,
    /// Users notice at once.
    High,
    /// The business stops.
    Critical,
}

/// What speaks to the system.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionKind {
    /// A directory.
    Dir,
    /// An HTTP service.
    Http,
    /// A Redis server, or what speaks its protocol.
    Redis,
    /// An S3-compatible object store.
    Objects,
}

impl ConnectionKind {
    /// Whether such a system takes such a write. Named bytes may lie in a directory or in a store: a plugin can't tell.
    pub const fn takes(self, write: &Write) -> bool {
        match write {
            Write::Http(_) => matches!(self, Self::Http),
            Write::Object(_) => matches!(self, Self::Dir | Self::Objects),
            Write::Keyvalue(_) => matches!(self, Self::Redis),
        }
    }
}

impl fmt::Display for ConnectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dir => "dir",
            Self::Http => "http",
            Self::Redis => "redis",
            Self::Objects => "objects",
        })
    }
}

/// A connection as the plan checker and the risk see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConnectionRules {
    /// Its name.
    pub name: ConnectionName,
    /// What speaks to it.
    pub kind: ConnectionKind,
    /// How much rests on it.
    pub criticality: Criticality,
    /// The writes that it allows; nothing by default.
    pub writes: Vec<WriteRule>,
    /// How long a lost write may still take to land.
    pub settle_ms: u64,
}

/// One line of a connection's list of writes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WriteRule {
    /// Which writes.
    #[serde(rename = "match")]
    pub pattern: WritePattern,
    /// JSON pointers into an HTTP body; with connection and path, what they find names the object written.
    #[serde(default)]
    pub object: Vec<String>,
    /// How reversible such a write is at best.
    pub at_best: Reversibility,
    /// Performing it twice does no more than performing it once.
    #[serde(default)]
    pub repeatable: bool,
    /// The system itself refuses it when what it expects has changed.
    #[serde(default)]
    pub guarded: bool,
}

/// `METHOD pattern`: `*` matches within a part of the path, `**` across parts. For keys `SET`, `DEL`, `HSET`, `HDEL` and
/// `UNLINK`, as [`crate::operation::KeyvalueChange::line`] writes them; a key has no parts, and `*` matches anything.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WritePattern {
    text: String,
    method: String,
    path: Glob,
    /// Made when something is first held against it: that takes longer than reading it, and most are never asked. A set
    /// of one, which matches what has no wildcards without a regular expression.
    matcher: OnceLock<GlobSet>,
}

/// A line that is not `METHOD pattern`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a write: {reason}")]
pub struct InvalidPattern {
    text: String,
    reason: String,
}

/// What is written by path: HTTP, and objects.
const OF_PATHS: [&str; 4] = ["PUT", "POST", "PATCH", "DELETE"];
/// What is written by key.
const OF_KEYS: [&str; 5] = ["SET", "DEL", "HSET", "HDEL", BY_PREFIX];
const BY_PREFIX: &str = "UNLINK";
/// In bytes. The matcher of a much longer one could grow beyond what globset allows.
const LONGEST_PATTERN: usize = 1024;

impl WritePattern {
    /// Whether `METHOD path` is such a write. A query string is part of the path and must be matched too. A deletion by
    /// prefix is one if every key that starts so would be: the pattern, which ends with a star, matches the prefix.
    pub fn matches(&self, line: &str) -> bool {
        let Some((method, path)) = line.split_once(' ').filter(|(method, _)| *method == self.method) else {
            return false;
        };
        let path = if method == BY_PREFIX { path.strip_suffix('*').unwrap_or(path) } else { path };
        self.matcher.get_or_init(|| matcher(&self.path)).is_match(path)
    }
}

/// What has no matcher matches nothing: nothing is written then. No pattern of [`LONGEST_PATTERN`] is without.
fn matcher(path: &Glob) -> GlobSet {
    GlobSet::new([path.clone()]).unwrap_or_default()
}

impl PartialEq for WritePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for WritePattern {}

impl TryFrom<String> for WritePattern {
    type Error = InvalidPattern;

    fn try_from(text: String) -> Result<Self, InvalidPattern> {
        let invalid = |reason: &str| InvalidPattern { text: text.clone(), reason: reason.to_owned() };
        let (method, path) = text.split_once(' ').ok_or_else(|| invalid("it takes a method, a space and a path"))?;
        let of_keys = OF_KEYS.contains(&method);
        if !of_keys && !OF_PATHS.contains(&method) {
            return Err(invalid(&format!(
                "the method is one of {}, or for keys {}",
                OF_PATHS.join(", "),
                OF_KEYS.join(", ")
            )));
        }
        if path.len() > LONGEST_PATTERN {
            return Err(invalid(&format!("its pattern is longer than {LONGEST_PATTERN} bytes")));
        }
        if method == BY_PREFIX && !path.ends_with('*') {
            return Err(invalid("UNLINK takes a prefix, so its pattern ends with `*`; to delete one key write DEL"));
        }
        let path = GlobBuilder::new(path)
            .literal_separator(!of_keys)
            .build()
            .map_err(|error| invalid(&error.kind().to_string()))?;
        Ok(Self { method: method.to_owned(), path, matcher: OnceLock::new(), text })
    }
}

impl From<WritePattern> for String {
    fn from(pattern: WritePattern) -> Self {
        pattern.text
    }
}

impl fmt::Display for WritePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> WritePattern {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn a_star_stays_within_a_part_of_the_path() {
        let log = pattern("PUT */_delta_log/*.json");
        assert!(log.matches("PUT clicks/_delta_log/00000000000000000032.json"));
        assert!(!log.matches("PUT a/b/_delta_log/00000000000000000032.json"));
        assert!(!log.matches("DELETE clicks/_delta_log/00000000000000000032.json"));
        assert!(pattern("PUT **/_delta_log/*.json").matches("PUT a/b/_delta_log/1.json"));
    }

    #[test]
    fn a_query_is_part_of_what_must_match() {
        let alias = pattern("POST /api/alias");
        assert!(alias.matches("POST /api/alias"));
        assert!(!alias.matches("POST /api/alias?force=true"));
    }

    /// Every text of up to so many of these parts.
    fn texts(parts: &[&str], most: u32) -> Vec<String> {
        (0..most).fold(vec![String::new()], |texts, _| {
            let longer = texts.iter().flat_map(|text| parts.iter().map(move |part| format!("{text}{part}")));
            let mut all: Vec<_> = longer.chain(texts.iter().cloned()).collect();
            all.sort();
            all.dedup();
            all
        })
    }

    #[test]
    fn a_set_of_one_matches_what_its_pattern_matches() {
        let paths = texts(&["a", "b", "/", ".json", "..", "*"], 4);
        let mut compared = 0;
        for text in texts(&["a", "*", "**", "?", "/", ".json", "[ab]", "{a,b/}"], 3) {
            for separates in [true, false] {
                let Ok(glob) = GlobBuilder::new(&text).literal_separator(separates).build() else { continue };
                let (set, alone) = (matcher(&glob), glob.compile_matcher());
                for path in &paths {
                    assert_eq!(set.is_match(path), alone.is_match(path), "`{text}` and `{path}`");
                    compared += 1;
                }
            }
        }
        assert!(compared > 500_000, "{compared}");
    }

    #[test]
    fn the_longest_pattern_has_a_matcher_whatever_it_is_made_of() {
        for method in ["POST", "SET"] {
            for part in ["?", "*", "**/", "[!a]", "[!\u{80}-\u{10000}]", "{a,b}", "{?,[!b]}", "\u{10ffff}"] {
                let longest = part.repeat((LONGEST_PATTERN / part.len()).min(LONGEST_PATTERN));
                assert_eq!(matcher(&pattern(&format!("{method} {longest}")).path).len(), 1, "{part}");
                let longer = WritePattern::try_from(format!("{method} {longest}{part}aaaa"));
                assert_eq!(longer.unwrap_err().reason, "its pattern is longer than 1024 bytes");
            }
        }
    }

    #[test]
    fn keys_have_no_parts() {
        let set = pattern("SET cache:*");
        assert!(set.matches("SET cache:gen") && set.matches("SET cache:a/b"));
        assert!(!set.matches("DEL cache:gen") && !set.matches("HSET cache:gen a"));
        assert!(pattern("HDEL cache:meta v?").matches("HDEL cache:meta v9"));
    }

    #[test]
    fn a_prefix_is_allowed_where_every_key_below_it_would_be() {
        for (allowed, prefix, matches) in [
            ("cache:v9:*", "cache:v9:", true),
            ("cache:*", "cache:v9:", true),
            ("cache:v?:*", "cache:v9:", true),
            ("cache:v9:*", "cache:v9", false),
            ("cache:v9?*", "cache:v9", false),
            ("cache:v9?*", "cache:v9:", true),
            ("*", "c", true),
        ] {
            let line = format!("UNLINK {prefix}*");
            assert_eq!(pattern(&format!("UNLINK {allowed}")).matches(&line), matches, "{allowed}: {line}");
        }
    }

    #[test]
    fn what_is_no_write_is_refused() {
        for text in ["GET /x", "PUT", "put /x", "PUT [", "/x", "UNLINK cache:gen", "FLUSHDB *", "EVAL *"] {
            assert!(WritePattern::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
