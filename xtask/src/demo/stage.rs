//! The demo's folder: a copy of the sample workspace, and the systems that it acts on, as plain files.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Error;
use crate::repository;

const ENVIRONMENTS: [&str; 2] = ["demo", "prod"];

/// The demo's folder.
pub(crate) struct Stage {
    workspace: PathBuf,
    systems: PathBuf,
}

impl Stage {
    /// Lays the workspace and the systems, with version 8 live. The folder must be absent or empty.
    pub(crate) fn set(folder: &Path) -> Result<Self, Error> {
        let folder = std::path::absolute(folder).map_err(|source| Error::File { path: folder.to_path_buf(), source })?;
        if fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Error::Untrue(format!("{} is not empty: name another folder", folder.display())));
        }
        let stage = Self { workspace: folder.join("workspace"), systems: folder.join("systems") };
        let samples = repository::root().join("runbooks");
        copy(&samples, &stage.workspace, &|path| !path.ends_with("sample-data"))?;
        copy(&repository::target("plugins"), &stage.workspace.join("plugins"), &|path| {
            path.is_dir() || path.extension().is_some_and(|extension| extension == "wasm")
        })?;
        for environment in ENVIRONMENTS {
            let systems = stage.systems.join(environment);
            copy(&samples.join("sample-data/clicks-good"), &systems.join("lake/clicks"), &|_| true)?;
            copy(&samples.join("sample-data/flags"), &systems.join("flags"), &|_| true)?;
            write(&systems.join("metrics/ranker.json"), "{\"error_ratio\": 0.004}\n")?;
        }
        Ok(stage)
    }

    pub(crate) fn workspace(&self) -> &Path {
        &self.workspace
    }

    pub(crate) fn systems(&self) -> &Path {
        &self.systems
    }

    /// The plugins' files, as one types them in the workspace.
    pub(crate) fn plugins(&self) -> Result<Vec<String>, Error> {
        let config = self.workspace.join("belay.toml");
        let text = read(&config)?;
        let quoted = text.lines().filter_map(|line| line.split_once("path = \"plugins/")?.1.split('"').next());
        Ok(quoted.map(|file| format!("plugins/{file}")).collect())
    }

    /// Plays the bad release, in both environments.
    pub(crate) fn release_v9(&self) -> Result<(), Error> {
        let samples = repository::root().join("runbooks/sample-data/clicks-bad");
        for environment in ENVIRONMENTS {
            let systems = self.systems.join(environment);
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

    /// That the files say what belay said.
    pub(crate) fn is_rolled_back(&self) -> Result<(), Error> {
        let systems = self.systems.join("demo");
        let restore = read(&systems.join("lake/clicks/_delta_log/00000000000000000006.json"))?;
        let model = read(&systems.join("flags/models.flagd.json"))?;
        let sample = read(&repository::root().join("runbooks/sample-data/flags/models.flagd.json"))?;
        if !restore.contains("RESTORE") {
            return Err(Error::Untrue("the click table has no RESTORE commit".to_owned()));
        }
        if model != sample {
            return Err(Error::Untrue("the model's flag file is not what it was, byte for byte".to_owned()));
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
    fs::read_to_string(path).map_err(|source| Error::File { path: path.to_path_buf(), source })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
    parent.and_then(|()| fs::write(path, text)).map_err(|source| Error::File { path: path.to_path_buf(), source })
}

fn copy(from: &Path, to: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::File { path, source }
    };
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
