//! Names that a plugin can have: in `belay.toml`, as a crate, and as a module.

/// Words of the language, and crates that every program has.
const TAKEN: [&str; 42] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "belay",
    "belay-sdk",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "match",
    "mod",
    "move",
    "pub",
    "ref",
    "return",
    "schemars",
    "self",
    "serde",
    "static",
    "std",
    "test",
    "true",
    "type",
    "use",
];

/// A name that a new plugin can't have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` can't be a new plugin's name: it takes lower-case letters, digits and single hyphens, first a letter, up to 60 of them, and no word of Rust's own"
)]
pub struct InvalidName(String);

pub(super) fn check(name: &str) -> Result<(), InvalidName> {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let fits = plain && begins && name.len() <= 60 && !name.contains("--") && !name.ends_with('-');
    if fits && !TAKEN.contains(&name) { Ok(()) } else { Err(InvalidName(name.chars().take(100).collect())) }
}

/// The name as a type's: `FewConsumers`.
pub(super) fn type_of(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    name.split('-').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_serve_as_crates() {
        for name in ["a", "few-consumers", "v2-x"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["", "-a", "a-", "a--b", "A", "2x", "a_b", "a.b", "fn", "test", "../x", "é", &"a".repeat(61)] {
            assert!(check(name).is_err(), "{name}");
        }
        assert_eq!(type_of("few-consumers"), "FewConsumers");
        assert_eq!(type_of("v2-x"), "V2X");
    }
}
