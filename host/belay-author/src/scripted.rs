//! Plugins in languages that bring their interpreter with them. The tools that make components of them are installed
//! once into a folder of the caller's, never into the system.

mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::component::{Label, finish};
use crate::language::Language;
use crate::{Error, program};

/// A folder with a plugin in Python or JavaScript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scripted {
    /// Which.
    pub language: Language,
    /// As in `belay.toml`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One line.
    pub description: Option<String>,
    /// The world that it implements.
    pub world: String,
    /// Python: the module's name. JavaScript: the file.
    entry: String,
    folder: PathBuf,
}

#[derive(Deserialize)]
struct PyProject {
    project: PyProjectTable,
    #[serde(default)]
    tool: PyTools,
}

#[derive(Deserialize)]
struct PyProjectTable {
    name: String,
    version: String,
    description: Option<String>,
}

#[derive(Default, Deserialize)]
struct PyTools {
    belay: Option<PyBelay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PyBelay {
    world: String,
    module: String,
}

#[derive(Deserialize)]
struct PackageJson {
    name: String,
    version: String,
    description: Option<String>,
    main: Option<String>,
    belay: Option<JsBelay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsBelay {
    world: String,
}

impl Scripted {
    /// The plugin of a folder with a `pyproject.toml` that has `[tool.belay]`, or a `package.json` that has `belay`;
    /// none in other folders.
    pub fn at(folder: &Path) -> Result<Option<Self>, Error> {
        let (python, javascript) = (folder.join("pyproject.toml"), folder.join("package.json"));
        if python.is_file() {
            let said: PyProject = toml::from_str(&read(&python)?).map_err(|error| nonsense(&python, &error))?;
            let PyProjectTable { name, version, description } = said.project;
            return Ok(said.tool.belay.map(|PyBelay { world, module }| Self {
                language: Language::Python,
                name,
                version,
                description,
                world,
                entry: module,
                folder: folder.to_owned(),
            }));
        }
        if javascript.is_file() {
            let said: PackageJson =
                serde_json::from_str(&read(&javascript)?).map_err(|error| nonsense(&javascript, &error))?;
            let PackageJson { name, version, description, main, belay } = said;
            return Ok(belay.map(|JsBelay { world }| Self {
                language: Language::JavaScript,
                name,
                version,
                description,
                world,
                entry: main.unwrap_or_else(|| "index.js".to_owned()),
                folder: folder.to_owned(),
            }));
        }
        Ok(None)
    }

    /// The component's file name.
    pub fn file_name(&self) -> String {
        format!("{}.wasm", self.name.replace('-', "_"))
    }

    /// Makes the component. The tools lie in `cache`, and are installed there the first time, which `say` is told of.
    /// The same sources don't give the same bytes each time.
    pub fn build(&self, cache: &Path, say: &dyn Fn(&str)) -> Result<Vec<u8>, Error> {
        let wit = self.folder.join("belay/wit/belay.wit");
        if !wit.is_file() {
            return Err(Error::NoContract { path: wit });
        }
        let out = cache.join(format!("making-{}.wasm", std::process::id()));
        let mut command = match self.language {
            Language::Python => self.python(&tools::python(cache, say)?, &wit, &out),
            Language::JavaScript | Language::Rust => self.javascript(&tools::javascript(cache, say)?, &wit, &out),
        };
        say(&format!("making the component of {} code, its interpreter with it", self.language));
        let made = program::output(&mut command).and_then(|_| fs::read(&out).map_err(Error::file(&out)));
        // Nobody misses it where nothing was made.
        let _ = fs::remove_file(&out);
        let made = made.map_err(|error| {
            if let Error::Failed { said, .. } = error {
                return Error::Compile { plugin: self.name.clone(), said };
            }
            error
        })?;
        let label =
            Label { name: &self.name, version: &self.version, description: self.description.as_deref(), license: None };
        finish(&label, &made)
    }

    fn python(&self, tool: &Path, wit: &Path, out: &Path) -> Command {
        let mut command = Command::new(tool);
        command.arg("-d").arg(wit).args(["-w", &self.world, "componentize", "--stub-wasi", "-p"]).arg(&self.folder);
        command.arg(&self.entry).arg("-o").arg(out);
        command
    }

    fn javascript(&self, tool: &Path, wit: &Path, out: &Path) -> Command {
        let mut command = Command::new("node");
        command.arg(tool).arg(self.folder.join(&self.entry)).arg(wit).arg(&self.world).arg(out);
        command
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(Error::file(path))
}

fn nonsense(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Metadata { manifest: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &str, text: &str) -> Result<Option<Scripted>, Error> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), text).unwrap();
        Scripted::at(folder.path())
    }

    #[test]
    fn a_folder_says_in_its_own_manifest_that_it_is_a_plugin() {
        let python = "[project]\nname = \"few-consumers\"\nversion = \"0.1.0\"\n";
        assert_eq!(at("pyproject.toml", python).unwrap(), None);
        let plugin = at("pyproject.toml", &format!("{python}[tool.belay]\nworld = \"guardrail\"\nmodule = \"app\"\n"));
        let plugin = plugin.unwrap().unwrap();
        assert_eq!((plugin.language, plugin.entry.as_str()), (Language::Python, "app"));
        assert_eq!(plugin.file_name(), "few_consumers.wasm");
        let plugin =
            at("package.json", r#"{"name":"x","version":"1.0.0","main":"a.js","belay":{"world":"guardrail"}}"#);
        assert_eq!(plugin.unwrap().unwrap().language, Language::JavaScript);
        assert!(at("package.json", r#"{"name":"x","version":"1.0.0","belay":{"wrld":"guardrail"}}"#).is_err());
        assert_eq!(at("other", "").unwrap(), None);
    }

    #[test]
    fn without_the_contract_nothing_is_installed() {
        let cache = tempfile::tempdir().unwrap();
        let plugin =
            at("package.json", r#"{"name":"x","version":"1.0.0","belay":{"world":"guardrail"}}"#).unwrap().unwrap();
        let error = plugin.build(cache.path(), &|_| {}).unwrap_err();
        assert!(matches!(error, Error::NoContract { .. }), "{error}");
        assert_eq!(cache.path().read_dir().unwrap().count(), 0);
    }
}
