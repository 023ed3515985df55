//! A new plugin's folder: everything that it needs to build and to be tested, and nothing of belay's repository.

mod kit;
mod name;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::language::Language;

pub use name::InvalidName;

/// What a new plugin is to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A policy.
    Guardrail,
    /// A kind of resource.
    Reverter,
    /// A signal for checks.
    Probe,
}

impl Kind {
    /// The world's name.
    pub const fn world(self) -> &'static str {
        match self {
            Self::Guardrail => "guardrail",
            Self::Reverter => "reverter",
            Self::Probe => "probe",
        }
    }

    const fn summary(self) -> &'static str {
        match self {
            Self::Guardrail => "Bounds how many consumers a rollback may reach.",
            Self::Reverter => "One member of a JSON document.",
            Self::Probe => "A number that a service tells of itself.",
        }
    }
}

/// A file of a template: its place, and its text with `{{…}}`.
type File = (&'static str, &'static str);

const GUARDRAIL_FIXTURES: [File; 3] = [
    ("fixtures/allows-few.toml", include_str!("../templates/guardrail/fixtures/allows-few.toml")),
    ("fixtures/denies-many.toml", include_str!("../templates/guardrail/fixtures/denies-many.toml")),
    (
        "fixtures/refuses-a-misspelt-bound.toml",
        include_str!("../templates/guardrail/fixtures/refuses-a-misspelt-bound.toml"),
    ),
];
const REVERTER: [File; 5] = [
    ("src/lib.rs", include_str!("../templates/rust/reverter/src/lib.rs")),
    ("fixtures/a-value-is-set.toml", include_str!("../templates/rust/reverter/fixtures/a-value-is-set.toml")),
    (
        "fixtures/an-absent-member-is-set.toml",
        include_str!("../templates/rust/reverter/fixtures/an-absent-member-is-set.toml"),
    ),
    ("fixtures/nothing-to-do.toml", include_str!("../templates/rust/reverter/fixtures/nothing-to-do.toml")),
    ("fixtures/no-document.toml", include_str!("../templates/rust/reverter/fixtures/no-document.toml")),
];
const PROBE: [File; 4] = [
    ("src/lib.rs", include_str!("../templates/rust/probe/src/lib.rs")),
    ("fixtures/a-number.toml", include_str!("../templates/rust/probe/fixtures/a-number.toml")),
    ("fixtures/no-such-page.toml", include_str!("../templates/rust/probe/fixtures/no-such-page.toml")),
    ("fixtures/a-broken-service.toml", include_str!("../templates/rust/probe/fixtures/a-broken-service.toml")),
];
const RUST: [File; 3] = [
    ("Cargo.toml", include_str!("../templates/rust/Cargo.toml")),
    ("clippy.toml", include_str!("../templates/rust/clippy.toml")),
    (".gitignore", include_str!("../templates/rust/gitignore")),
];
const RUST_GUARDRAIL: [File; 1] = [("src/lib.rs", include_str!("../templates/rust/guardrail/src/lib.rs"))];
const PYTHON: [File; 3] = [
    ("guardrail.py", include_str!("../templates/python/guardrail.py")),
    ("pyproject.toml", include_str!("../templates/python/pyproject.toml")),
    (".gitignore", "__pycache__\n*.wasm\n"),
];
const JAVASCRIPT: [File; 3] = [
    ("guardrail.js", include_str!("../templates/javascript/guardrail.js")),
    ("package.json", include_str!("../templates/javascript/package.json")),
    (".gitignore", "node_modules\n*.wasm\n"),
];
const README: &str = include_str!("../templates/README.md");

/// Makes the folder of a new plugin. It must not be there yet, or be empty; where something fails, what was made stays.
pub fn scaffold(kind: Kind, name: &str, language: Language, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    name::check(name)?;
    if kind != Kind::Guardrail && language != Language::Rust {
        return Err(Error::NoTemplate { world: kind.world(), language });
    }
    must_be_empty(folder)?;
    let mut made = Vec::new();
    for (path, text) in files(kind, name, language)? {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::file(parent))?;
        }
        fs::write(&path, text).map_err(Error::file(&path))?;
        made.push(path);
    }
    Ok(made)
}

fn must_be_empty(folder: &Path) -> Result<(), Error> {
    match folder.read_dir().map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::NotEmpty { path: folder.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::file(folder)(error)),
    }
}

fn files(kind: Kind, name: &str, language: Language) -> Result<Vec<(String, String)>, Error> {
    let template: Vec<File> = match (language, kind) {
        (Language::Rust, Kind::Guardrail) => [&RUST[..], &RUST_GUARDRAIL, &GUARDRAIL_FIXTURES].concat(),
        (Language::Rust, Kind::Reverter) => [&RUST[..], &REVERTER].concat(),
        (Language::Rust, Kind::Probe) => [&RUST[..], &PROBE].concat(),
        (Language::Python, _) => [&PYTHON[..], &GUARDRAIL_FIXTURES].concat(),
        (Language::JavaScript, _) => [&JAVASCRIPT[..], &GUARDRAIL_FIXTURES].concat(),
    };
    let filled = template.into_iter().map(|(path, text)| (path.to_owned(), fill(text, kind, name, language)));
    let readme = ("README.md".to_owned(), fill(README, kind, name, language));
    Ok(filled.chain([readme]).chain(kit::files(language)?).collect())
}

fn fill(text: &str, kind: Kind, name: &str, language: Language) -> String {
    let file = format!("{}.wasm", name.replace('-', "_"));
    let source = match language {
        Language::Rust => "src/lib.rs",
        Language::Python => "guardrail.py",
        Language::JavaScript => "guardrail.js",
    };
    let kit = if language == Language::Rust { " and the Rust kit" } else { "" };
    let limits = if language == Language::Rust { "" } else { ", limits = \"large\"" };
    let values = [
        ("{{name}}", name.to_owned()),
        ("{{type}}", name::type_of(name)),
        ("{{version}}", "0.1.0".to_owned()),
        ("{{summary}}", kind.summary().to_owned()),
        ("{{world}}", kind.world().to_owned()),
        ("{{source}}", source.to_owned()),
        ("{{kit}}", kit.to_owned()),
        ("{{limits}}", limits.to_owned()),
        ("{{try}}", tried(kind, &file)),
        ("{{use}}", used(kind, name)),
        ("{{file}}", file),
    ];
    values.into_iter().fold(text.to_owned(), |text, (place, value)| text.replace(place, &value))
}

fn tried(kind: Kind, file: &str) -> String {
    match kind {
        Kind::Guardrail => format!(
            "`belay plan show RUNBOOK FEATURE-SET --facts > facts.json`, typed in a workspace, gives what a guardrail is\n\
             given; `belay plugin try {file} --facts facts.json --config config.json` judges it."
        ),
        Kind::Reverter | Kind::Probe => {
            format!("`belay plugin try {file} --input fixtures/FILE.toml` shows what it says to one case.")
        }
    }
}

fn used(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Guardrail => {
            format!(
                "\n[[guardrail]]\nplugin = \"{name}\"\nmode = \"monitor\"              # shown, not binding; then \"enforce\"\nconfig = {{ max_consumers = 20 }}"
            )
        }
        Kind::Reverter => format!(
            "\n# features/NAME.toml\n[[resource]]\nname = \"limit\"\nplugin = \"{name}\"\nat = \"settings/limit\"\nconfig = {{ file = \"settings.json\" }}"
        ),
        Kind::Probe => format!(
            "\n# runbooks/NAME.toml\n[[check]]\nprobe = \"{name}\"\nconnections = [\"ranker\"]\nconfig = {{ path = \"/health\", member = \"errors\" }}\nmeasurement = \"value\"\nmust = {{ at_most = \"0\" }}\nwithin = \"1m\""
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_is_whole_and_has_no_place_left_to_fill() {
        for (kind, language) in [
            (Kind::Guardrail, Language::Rust),
            (Kind::Reverter, Language::Rust),
            (Kind::Probe, Language::Rust),
            (Kind::Guardrail, Language::Python),
            (Kind::Guardrail, Language::JavaScript),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path().join("few-consumers");
            for path in scaffold(kind, "few-consumers", language, &folder).unwrap() {
                let text = fs::read_to_string(&path).unwrap();
                let own = !path.strip_prefix(&folder).unwrap().starts_with("belay");
                assert!(!own || !text.contains("{{"), "{}: {text}", path.display());
            }
            assert!(folder.join("belay/wit/belay.wit").is_file());
            let error = scaffold(kind, "few-consumers", language, &folder).unwrap_err();
            assert!(matches!(error, Error::NotEmpty { .. }), "{error}");
        }
    }

    #[test]
    fn what_has_no_template_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let error = scaffold(Kind::Probe, "x", Language::Python, folder.path()).unwrap_err().to_string();
        assert!(error.contains("probe") && error.contains("Python"), "{error}");
        assert!(scaffold(Kind::Probe, "../x", Language::Rust, folder.path()).is_err());
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was made");
    }

    #[test]
    fn the_guardrail_is_small() {
        let code = RUST_GUARDRAIL[0].1.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//"));
        assert!(code.count() <= 36);
    }
}
