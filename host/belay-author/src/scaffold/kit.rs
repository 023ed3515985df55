//! The contract and the Rust kit, as they were when this belay was built. A new folder holds them, so that it needs
//! neither belay's repository nor a registry that has belay's crates.

use toml::{Table, Value};

use crate::Error;
use crate::language::Language;

/// Where the kit lies in a new folder: the same way from the crate to the contract as in belay's repository.
const FOLDER: &str = "belay";

const CONTRACT: [(&str, &str); 3] = [
    ("wit/belay.wit", include_str!("../../../../wit/belay.wit")),
    ("wit/facts.schema.json", include_str!("../../../../wit/facts.schema.json")),
    ("wit/facts.example.json", include_str!("../../../../wit/facts.example.json")),
];

macro_rules! sdk {
    ($($file:literal),* $(,)?) => {
        [$((concat!("plugins/sdk/src/", $file), include_str!(concat!("../../../../plugins/sdk/src/", $file)))),*]
    };
}

const SDK: [(&str, &str); 16] = sdk![
    "about.rs",
    "arena.rs",
    "bindings.rs",
    "fake.rs",
    "fake/keys.rs",
    "fault.rs",
    "guardrail.rs",
    "json.rs",
    "lib.rs",
    "log.rs",
    "probe.rs",
    "reads.rs",
    "reverter.rs",
    "schema.rs",
    "state.rs",
    "text_file.rs",
];

/// The kit's files for a language, by their paths in the new folder.
pub(super) fn files(language: Language) -> Result<Vec<(String, String)>, Error> {
    let below = |(path, text): (&str, &str)| (format!("{FOLDER}/{path}"), text.to_owned());
    let contract = CONTRACT.map(below).to_vec();
    Ok(match language {
        Language::Python | Language::JavaScript => contract,
        Language::Rust => {
            let manifest = (format!("{FOLDER}/plugins/sdk/Cargo.toml"), manifest()?);
            [contract, SDK.map(below).to_vec(), vec![manifest]].concat()
        }
    })
}

/// The crate's manifest without what it takes from belay's workspace.
fn manifest() -> Result<String, Error> {
    let broken = |reason: String| Error::Kit { reason };
    let parse = |text: &str| text.parse::<Table>().map_err(|error| broken(error.to_string()));
    let mut sdk = parse(include_str!("../../../../plugins/sdk/Cargo.toml"))?;
    let workspace = parse(include_str!("../../../../Cargo.toml"))?;
    let workspace = workspace.get("workspace").and_then(Value::as_table);
    let part =
        |name: &str| workspace.and_then(|workspace| workspace.get(name)?.as_table()).cloned().unwrap_or_default();
    sdk.remove("lints");
    inherit(&mut sdk, "package", &part("package")).map_err(broken)?;
    inherit(&mut sdk, "dependencies", &part("dependencies")).map_err(broken)?;
    toml::to_string_pretty(&sdk).map_err(|error| broken(error.to_string()))
}

/// Puts what the workspace says in the place of each `NAME.workspace = true`.
fn inherit(manifest: &mut Table, section: &str, inherited: &Table) -> Result<(), String> {
    let Some(section) = manifest.get_mut(section).and_then(Value::as_table_mut) else { return Ok(()) };
    for (name, value) in section.iter_mut() {
        if value.get("workspace") == Some(&Value::Boolean(true)) {
            *value = inherited.get(name).cloned().ok_or_else(|| format!("the workspace has no `{name}`"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn no_file_of_the_kit_is_missing() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/sdk/src");
        let mut found = Vec::new();
        let mut open = vec![folder.clone()];
        while let Some(next) = open.pop() {
            for entry in next.read_dir().unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { open.push(path) } else { found.push(path) }
            }
        }
        let mut found: Vec<String> = found
            .iter()
            .map(|path| format!("plugins/sdk/src/{}", path.strip_prefix(&folder).unwrap().display()))
            .collect();
        found.sort();
        assert_eq!(found, SDK.map(|(path, _)| path));
    }

    #[test]
    fn the_manifest_stands_by_itself() {
        let manifest = manifest().unwrap();
        assert!(!manifest.contains("workspace"), "{manifest}");
        assert!(manifest.contains("wit-bindgen") && manifest.contains("edition = \"2024\""), "{manifest}");
    }
}
