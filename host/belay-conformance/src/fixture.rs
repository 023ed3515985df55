//! Fixtures as authors write them: one TOML file for each case, in the plugin's folder `fixtures`.

mod case;
mod system;

use std::fs;
use std::path::{Path, PathBuf};

use belay_domain::json::Json;
use belay_sandbox::World;

pub use case::{Expected, VerdictName};
pub(crate) use case::{Judged, Measured, Reverted, Wanted};

/// The cases of one plugin.
#[derive(Clone, Debug, Default)]
pub struct Fixtures {
    pub(crate) judged: Vec<Named<Judged>>,
    pub(crate) reverted: Vec<Named<Reverted>>,
    pub(crate) measured: Vec<Named<Measured>>,
}

/// A case and the name of its file.
#[derive(Clone, Debug)]
pub(crate) struct Named<T> {
    pub(crate) name: String,
    pub(crate) case: T,
}

/// Why there are no fixtures.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// A file or folder can't be read.
    #[error("{} can't be read: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file says something that makes no sense.
    #[error("{}: {reason}", path.display())]
    Nonsense {
        /// Which.
        path: PathBuf,
        /// What is wrong, with the line where there is one.
        reason: String,
    },
}

impl Fixtures {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.judged.len() + self.reverted.len() + self.measured.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every `*.toml` of a folder, in the order of names; none where there is no such folder.
    pub fn of_folder(world: World, folder: &Path) -> Result<Self, FixtureError> {
        if !folder.exists() {
            return Ok(Self::default());
        }
        let failed = |source| FixtureError::File { path: folder.to_owned(), source };
        let entries = fs::read_dir(folder).map_err(failed)?;
        let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
        let mut paths = paths.map_err(failed)?;
        paths.retain(|path| path.extension().is_some_and(|kind| kind == "toml"));
        paths.sort();
        let mut all = Self::default();
        for path in paths {
            all.read(world, &path)?;
        }
        Ok(all)
    }

    /// One file.
    pub fn of_file(world: World, path: &Path) -> Result<Self, FixtureError> {
        let mut one = Self::default();
        one.read(world, path)?;
        Ok(one)
    }

    /// Facts and a configuration, with nothing expected of the verdict.
    pub fn of_facts(facts: Json, config: Json) -> Self {
        let case = Judged { facts, config, expect: Expected::default() };
        Self { judged: vec![Named { name: "the facts".to_owned(), case }], ..Self::default() }
    }

    fn read(&mut self, world: World, path: &Path) -> Result<(), FixtureError> {
        let text = fs::read_to_string(path).map_err(|source| FixtureError::File { path: path.to_owned(), source })?;
        let nonsense = |reason: String| FixtureError::Nonsense { path: path.to_owned(), reason };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().unwrap_or(Path::new("."));
        match world {
            World::Guardrail => {
                let case = case::judged(&text, folder).map_err(nonsense)?;
                self.judged.push(Named { name, case });
            }
            World::Reverter => {
                let case = case::reverted(&text, folder).map_err(nonsense)?;
                self.reverted.push(Named { name, case });
            }
            World::Probe => {
                let case = case::measured(&text, folder).map_err(nonsense)?;
                self.measured.push(Named { name, case });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(world: World, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("case.toml");
        fs::write(&file, text).unwrap();
        Fixtures::of_folder(world, folder.path()).unwrap_err().to_string()
    }

    #[test]
    fn what_makes_no_sense_is_named_with_its_file() {
        assert!(error(World::Guardrail, "expct = 1").contains("case.toml"), "a misspelt key");
        let said = error(World::Guardrail, "[expect]\nverdict = \"maybe\"");
        assert!(said.contains("maybe"), "{said}");
        assert!(
            error(World::Guardrail, "[set]\n\"/no/such/place\" = 1\n[expect]\nverdict = \"allow\"")
                .contains("/no/such")
        );
        assert!(error(World::Guardrail, "facts = \"none.json\"\n[expect]\nverdict = \"allow\"").contains("none.json"));
        assert!(error(World::Reverter, "at = \"no-slash\"").contains("no-slash"));
        assert!(error(World::Guardrail, "[config]\nlimit = 0.5\n[expect]\nverdict = \"allow\"").contains("0.5"));
    }

    #[test]
    fn a_folder_that_is_not_there_has_none() {
        assert!(Fixtures::of_folder(World::Probe, Path::new("no/such/folder")).unwrap().is_empty());
    }
}
