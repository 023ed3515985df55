//! Files that become part of a guardrail's configuration: `files = { policies = "policies/*.rego" }`. A plugin can't
//! read a file, and a policy or a calendar should not be copied into `belay.toml`. Never reads what is not named.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::source::to_json;

/// The most that one file may hold, in bytes: its text goes to the plugin with each call, and into the record of it.
const MOST: u64 = 1 << 20;

/// What a key of `files` names.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a file's name, or a list of names")]
pub(super) enum Attached {
    /// A file, or by a `*` in its last part several. TOML and JSON is taken as data, `file.toml#/pointer` as a part of
    /// it; anything else, and whatever a `*` finds, as text.
    One(String),
    /// Files as text, whatever they hold.
    Texts(Vec<String>),
}

impl Attached {
    /// What the files hold: data, or a list of `{"file": name, "text": whole text}`.
    pub(super) fn read(&self, root: &Path) -> Result<Value, String> {
        match self {
            Self::One(name) if is_data(name) => data(root, name),
            Self::One(name) => texts(root, std::slice::from_ref(name)),
            Self::Texts(names) => texts(root, names),
        }
    }
}

fn is_data(name: &str) -> bool {
    let path = name.split_once('#').map_or(name, |(path, _)| path);
    let has = |extension: &str| Path::new(path).extension().is_some_and(|found| found == extension);
    !path.contains('*') && (has("toml") || has("json"))
}

fn data(root: &Path, name: &str) -> Result<Value, String> {
    let (path, pointer) = name.split_once('#').unwrap_or((name, ""));
    let text = text(root, path)?;
    let value: Value = if path.ends_with(".json") {
        serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?
    } else {
        let table: toml::Table = toml::from_str(&text).map_err(|error| format!("{path}: {}", error.message()))?;
        to_json(table.into()).map_err(|error| format!("{path}: {error}"))?.value().clone()
    };
    value.pointer(pointer).cloned().ok_or_else(|| format!("{path} has nothing at {pointer}"))
}

fn texts(root: &Path, names: &[String]) -> Result<Value, String> {
    let mut files = Vec::new();
    for name in names {
        files.extend(if name.contains('*') { matching(root, name)? } else { vec![name.clone()] });
    }
    let read = |file: String| Ok(json!({ "text": text(root, &file)?, "file": file }));
    files.into_iter().map(read).collect::<Result<Vec<_>, String>>().map(Value::Array)
}

/// The files that a name with a `*` stands for, in the order of names. None is a mistake: a policy that is not there
/// forbids nothing.
fn matching(root: &Path, pattern: &str) -> Result<Vec<String>, String> {
    let path = Path::new(pattern);
    let folder = path.parent().unwrap_or(Path::new(""));
    let last = path.file_name().and_then(|last| last.to_str()).unwrap_or_default();
    let (before, after) = last.split_once('*').unwrap_or((last, ""));
    if folder.to_string_lossy().contains('*') || after.contains('*') {
        return Err(format!("{pattern}: one `*` in the last part of a name is understood, no other"));
    }
    let entries = root.join(folder).read_dir().map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut found: Vec<String> = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| format!("{}: {error}", folder.display()))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let fits = name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after);
        // A hidden file is an editor's, as on the shell.
        if fits && (!name.starts_with('.') || before.starts_with('.')) && entry.path().is_file() {
            found.push(folder.join(name).to_string_lossy().into_owned());
        }
    }
    found.sort();
    if found.is_empty() { Err(format!("{pattern}: no file has such a name")) } else { Ok(found) }
}

fn text(root: &Path, file: &str) -> Result<String, String> {
    let path: PathBuf = root.join(file);
    let unreadable = |error: std::io::Error| format!("{file} can't be read: {error}");
    let size = path.metadata().map_err(unreadable)?.len();
    if size > MOST {
        return Err(format!("{file} has {size} bytes; a file of a guardrail's configuration may have {MOST}"));
    }
    std::fs::read_to_string(&path).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("p")).unwrap();
        for (file, text) in [
            ("f.toml", "[[freezes]]\nreason = \"x\"\n"),
            ("d.json", "{\"owners\": {\"a\": null}}"),
            ("p/b.rego", "package b\n"),
            ("p/a.rego", "package a\n"),
            ("p/.a.rego", "package hidden\n"),
            ("p/a.rego.orig", "no\n"),
        ] {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        folder
    }

    fn read(attached: &Value) -> Result<Value, String> {
        serde_json::from_value::<Attached>(attached.clone()).unwrap().read(folder().path())
    }

    #[test]
    fn toml_and_json_are_data_and_anything_else_is_text() {
        let (a, b) =
            (json!({"file": "p/a.rego", "text": "package a\n"}), json!({"file": "p/b.rego", "text": "package b\n"}));
        for (named, expected) in [
            (json!("f.toml#/freezes"), json!([{"reason": "x"}])),
            (json!("d.json"), json!({"owners": {"a": null}})),
            (json!("d.json#/owners/a"), json!(null)),
            (json!("p/a.rego"), json!([a])),
            (json!(["p/b.rego", "p/a.rego"]), json!([b, a])),
            (json!("p/*.rego"), json!([a, b])),
            (json!(["p/b*", "p/a.*o"]), json!([b, a])),
            (json!(["d.json"]), json!([{"file": "d.json", "text": "{\"owners\": {\"a\": null}}"}])),
        ] {
            assert_eq!(read(&named).as_ref(), Ok(&expected), "{named}");
        }
    }

    #[test]
    fn a_name_that_leads_nowhere_is_a_mistake() {
        for (named, why) in [
            (json!("p/c.rego"), "p/c.rego can't be read: No such file"),
            (json!("p/*.cedar"), "p/*.cedar: no file has such a name"),
            (json!("q/*.rego"), "q: No such file"),
            (json!("*/a.rego"), "one `*` in the last part"),
            (json!("p/*.r*"), "one `*` in the last part"),
            (json!("f.toml#/frozen"), "f.toml has nothing at /frozen"),
            (json!(["p/a.rego", "p"]), "p can't be read"),
        ] {
            let error = read(&named).unwrap_err();
            assert!(error.contains(why), "{named}: {error}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let folder = folder();
        std::fs::write(folder.path().join("big.rego"), vec![b' '; 1 + usize::try_from(MOST).unwrap()]).unwrap();
        let error = Attached::One("big.rego".to_owned()).read(folder.path()).unwrap_err();
        assert!(error.contains("has 1048577 bytes"), "{error}");
    }
}
