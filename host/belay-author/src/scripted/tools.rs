//! componentize-py and componentize-js, each in a folder that appears whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folder::hold;
use crate::{Error, program};

/// The versions that this belay was tried with.
const COMPONENTIZE_PY: &str = "0.25.1";
const COMPONENTIZE_JS: &str = "0.23.0";
/// What runs componentize-js: all features off, so that nothing but the contract is imported.
const DRIVER: &str = include_str!("../../templates/javascript/componentize.mjs");

/// The program `componentize-py`.
pub(super) fn python(cache: &Path, say: &dyn Fn(&str)) -> Result<PathBuf, Error> {
    let folder = cache.join(format!("componentize-py-{COMPONENTIZE_PY}"));
    let tool = folder.join("bin/componentize-py");
    installed(cache, &folder, &|| {
        say(&format!("installing componentize-py {COMPONENTIZE_PY} into {} (once)", folder.display()));
        let package = format!("componentize-py=={COMPONENTIZE_PY}");
        let mut venv = Command::new("python3");
        needed("python3", "Python 3.10 or newer, with venv", program::output(venv.args(["-m", "venv"]).arg(&folder)))?;
        let mut pip = Command::new(folder.join("bin/python"));
        program::output(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package]))
    })?;
    Ok(tool)
}

/// The script that node runs.
pub(super) fn javascript(cache: &Path, say: &dyn Fn(&str)) -> Result<PathBuf, Error> {
    needed("node", "Node.js 20 or newer", program::output(Command::new("node").arg("--version")))?;
    let folder = cache.join(format!("componentize-js-{COMPONENTIZE_JS}"));
    let driver = folder.join("componentize.mjs");
    installed(cache, &folder, &|| {
        say(&format!("installing componentize-js {COMPONENTIZE_JS} into {} (once, some 400 MB)", folder.display()));
        fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        fs::write(&driver, DRIVER).map_err(Error::file(&driver))?;
        let package = format!("@bytecodealliance/componentize-js@{COMPONENTIZE_JS}");
        let mut npm = Command::new("npm");
        // Packages' own scripts would run whatever they like.
        npm.args(["install", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--prefix"]);
        needed("npm", "npm, which comes with Node.js", program::output(npm.arg(&folder).arg(package)))
    })?;
    Ok(driver)
}

/// Installs what is not there whole. A folder that an interrupted installation left is made anew.
fn installed(cache: &Path, folder: &Path, install: &dyn Fn() -> Result<String, Error>) -> Result<(), Error> {
    fs::create_dir_all(cache).map_err(Error::file(cache))?;
    let _held = hold(cache)?;
    let whole = folder.join(".belay-whole");
    if whole.is_file() {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::file(folder))?;
    }
    install()?;
    fs::write(&whole, "").map_err(Error::file(&whole))
}

/// Says what is missing where a program is.
fn needed(name: &'static str, what: &'static str, output: Result<String, Error>) -> Result<String, Error> {
    output.map_err(|error| {
        if let Error::NotStarted { source, .. } = error {
            return Error::NeedsProgram { program: name, what, source };
        }
        error
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_installation_is_made_anew() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("tool");
        let half = || {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("half"), "").unwrap();
            Err(Error::Kit { reason: "interrupted".to_owned() })
        };
        assert!(installed(cache.path(), &folder, &half).is_err());
        let whole = || {
            assert!(!folder.exists());
            fs::create_dir_all(&folder).unwrap();
            Ok(String::new())
        };
        installed(cache.path(), &folder, &whole).unwrap();
        let never = || -> Result<String, Error> { panic!("it is there") };
        installed(cache.path(), &folder, &never).unwrap();
    }

    #[test]
    fn a_missing_program_is_named() {
        let missing = program::output(&mut Command::new("no-such-program"));
        let error = needed("npm", "npm, which comes with Node.js", missing).unwrap_err().to_string();
        assert!(error.contains("npm") && error.contains("Node.js"), "{error}");
    }
}
