//! A copy of the sample workspace, and the systems that it acts on, as plain files. Runs nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::repository;

/// The environments of the sample workspace.
pub const ENVIRONMENTS: [&str; 2] = ["demo", "prod"];

/// Why the stage is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the stage.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The files do not say what they should.
    #[error("{0}")]
    Untrue(String),
}

/// A folder with a workspace and its systems.
#[derive(Debug)]
pub struct Stage {
    workspace: PathBuf,
    systems: PathBuf,
}

impl Stage {
    /// Lays the workspace and the systems, with version 8 live. The folder must be absent or empty.
    ///
    /// # Errors
    /// A file can't be written, or the folder has something in it.
    pub fn set(folder: &Path) -> Result<Self, Error> {
        let folder = std::path::absolute(folder).map_err(failed(folder))?;
        if fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Error::Untrue(format!("{} is not empty: name another folder", folder.display())));
        }
        let stage = Self::at(&folder);
        let samples = repository::root().join("runbooks");
        copy(&samples, &stage.workspace, &|path| !path.ends_with("sample-data"))?;
        copy(&repository::target("plugins"), &stage.workspace.join("plugins"), &|path| {
            path.is_dir() || path.extension().is_some_and(|extension| extension == "wasm")
        })?;
        for environment in ENVIRONMENTS {
            let systems = stage.systems(environment);
            copy(&samples.join("sample-data/clicks-good"), &systems.join("lake/clicks"), &|_| true)?;
            copy(&samples.join("sample-data/flags"), &systems.join("flags"), &|_| true)?;
            write(&systems.join("metrics/ranker.json"), "{\"error_ratio\": 0.004}\n")?;
        }
        Ok(stage)
    }

    /// A stage that was set in this folder before.
    pub fn at(folder: &Path) -> Self {
        Self { workspace: folder.join("workspace"), systems: folder.join("systems") }
    }

    /// The workspace's folder.
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The folder of an environment's systems: `flags`, `lake` and `metrics`.
    pub fn systems(&self, environment: &str) -> PathBuf {
        self.systems.join(environment)
    }

    /// The plugins' files, as one types them in the workspace.
    ///
    /// # Errors
    /// `belay.toml` can't be read.
    pub fn plugins(&self) -> Result<Vec<String>, Error> {
        let text = read(&self.workspace.join("belay.toml"))?;
        let quoted = text.lines().filter_map(|line| line.split_once("path = \"plugins/")?.1.split('"').next());
        Ok(quoted.map(|file| format!("plugins/{file}")).collect())
    }

    /// Plays the bad release, in both environments: the flag on, the model promoted, the click table overwritten.
    ///
    /// # Errors
    /// A file can't be written, or version 9 is live already.
    pub fn release_v9(&self) -> Result<(), Error> {
        let samples = repository::root().join("runbooks/sample-data/clicks-bad");
        for environment in ENVIRONMENTS {
            let systems = self.systems(environment);
            copy(&samples, &systems.join("lake/clicks"), &|_| true)?;
            // The commits of the bad release were recorded when the sample was made; they are to be of today.
            for commit in ["_delta_log/00000000000000000004.json", "_delta_log/00000000000000000005.json"] {
                date_today(&systems.join("lake/clicks").join(commit))?;
            }
            turn(&systems.join("flags/shop.flagd.json"), "\"defaultVariant\": \"off\"", "\"defaultVariant\": \"on\"")?;
            turn(&systems.join("flags/models.flagd.json"), "\"defaultVariant\": \"v8\"", "\"defaultVariant\": \"v9\"")?;
        }
        Ok(())
    }

    /// Holds the files of `demo` against what belay said of a rollback.
    ///
    /// # Errors
    /// They say something else.
    pub fn is_rolled_back(&self) -> Result<(), Error> {
        let systems = self.systems("demo");
        let restore = read(&systems.join("lake/clicks/_delta_log/00000000000000000006.json"))?;
        if !restore.contains("RESTORE") {
            return Err(Error::Untrue("the click table has no RESTORE commit".to_owned()));
        }
        for file in ["models.flagd.json", "shop.flagd.json"] {
            let sample = read(&repository::root().join("runbooks/sample-data/flags").join(file))?;
            if read(&systems.join("flags").join(file))? != sample {
                return Err(Error::Untrue(format!("{file} is not what it was, byte for byte")));
            }
        }
        Ok(())
    }
}

fn date_today(commit: &Path) -> Result<(), Error> {
    let text = read(commit)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mark = "\"timestamp\":";
    let Some((before, after)) = text.split_once(mark) else {
        return Err(Error::Untrue(format!("{} has no timestamp", commit.display())));
    };
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    write(commit, &format!("{before}{mark}{now}{after}"))
}

/// Changes the first place where a file says `from`.
fn turn(file: &Path, from: &str, to: &str) -> Result<(), Error> {
    let text = read(file)?;
    if !text.contains(from) {
        return Err(Error::Untrue(format!("{} does not say {from}", file.display())));
    }
    write(file, &text.replacen(from, to, 1))
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(failed(path))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
    parent.and_then(|()| fs::write(path, text)).map_err(failed(path))
}

/// Copies a folder with all that is wanted of it.
///
/// # Errors
/// A file can't be read or written.
pub fn copy(from: &Path, to: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(failed(to))?;
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let path = entry.map_err(failed(from))?.path();
        let Some(name) = path.file_name() else { continue };
        if !wanted(&path) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name), wanted)?;
        } else {
            fs::copy(&path, to.join(name)).map_err(failed(&path))?;
        }
    }
    Ok(())
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    move |source| Error::File { path, source }
}
