//! The names of objects, in directories and in stores alike. Never repairs one.

use belay_domain::operation::{Expectation, ObjectWrite};

use crate::dir::stage;

/// The longest key, in bytes.
const LONGEST: usize = 1024;
/// The deepest folder.
const DEEPEST: usize = 32;

/// Why a key can't name an object: it must be relative, with `/` between parts, none of them empty, `.` or `..`.
pub(crate) fn check(key: &str) -> Result<(), String> {
    let parts = check_text(key)?;
    parts.iter().try_for_each(|part| check_part(part))
}

/// Why a text can't be how keys start. Its last part may be cut anywhere, or empty.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), String> {
    let parts = check_text(prefix)?;
    parts.iter().rev().skip(1).try_for_each(|part| check_part(part))
}

/// Why a write makes no sense, whatever lies there.
pub(crate) fn admit(write: &ObjectWrite) -> Result<(), String> {
    check(&write.key)?;
    if write.content.is_none() && write.expect == Expectation::Absent {
        return Err("a deletion can't expect that nothing is there".to_owned());
    }
    Ok(())
}

/// The folder and the name of a checked key.
pub(crate) fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('/').unwrap_or(("", key))
}

fn check_text(text: &str) -> Result<Vec<&str>, String> {
    if text.len() > LONGEST {
        return Err(format!("a key has at most {LONGEST} bytes"));
    }
    if text.contains('\\') || text.contains(char::is_control) {
        return Err("a key contains no backslash and no control characters".to_owned());
    }
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() > DEEPEST {
        return Err(format!("a key has at most {DEEPEST} parts"));
    }
    Ok(parts)
}

fn check_part(part: &str) -> Result<(), String> {
    if matches!(part, "" | "." | "..") {
        return Err("a key is relative, and no part of it is empty, `.` or `..`".to_owned());
    }
    if stage::is_staging(part) {
        return Err("that is a name of belay's own staging files".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn a_key_is_relative_and_plain() {
        for key in ["a", "clicks/_delta_log/00000000000000000032.json", "a b/ü.json", "...", ".hidden/..x"] {
            assert_eq!(check(key), Ok(()), "{key}");
        }
        for key in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            "a/..",
            "a\\b",
            "a\0b",
            "a\nb",
            ".belay-stage-0",
            "a/.belay-stage-0",
            "\u{7f}",
            &"a/".repeat(40),
            &"a".repeat(2_000),
        ] {
            assert!(check(key).is_err(), "{key:?}");
        }
    }

    #[test]
    fn a_prefix_may_end_anywhere() {
        for prefix in ["", "a", "a/", "a/b", "a/.", "a/..", ".", "..", ".belay-stage-"] {
            assert_eq!(check_prefix(prefix), Ok(()), "{prefix}");
        }
        for prefix in ["/", "../", "a//", "../a", "a/../b", "a\\", "/a"] {
            assert!(check_prefix(prefix).is_err(), "{prefix:?}");
        }
    }

    proptest! {
        #[test]
        fn every_accepted_key_stays_inside(key in "[a./\\\\\u{0}~%2e-]{0,16}") {
            if check(&key).is_ok() {
                let parts: Vec<Component> = Path::new(&key).components().collect();
                prop_assert!(!parts.is_empty() && parts.iter().all(|part| matches!(part, Component::Normal(_))));
                prop_assert!(check_prefix(&key).is_ok());
            }
        }
    }
}
