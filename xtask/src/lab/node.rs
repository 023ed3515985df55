//! Unleash, a Node.js package, installed from a lock file that names no registry. Never runs the packages' own
//! installation scripts: none that Unleash needs has one.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use belay_tests::lab::sources;

use super::error::{Error, file, perform};
use super::launcher;

/// The oldest that Unleash runs on.
const OLDEST: u32 = 20;

/// Installs Unleash into a folder. npm removes what an interrupted installation left.
pub(super) fn unleash(lab: &Path, folder: &Path) -> Result<(), Error> {
    let node = node()?;
    eprintln!("installing unleash (Node.js packages; the first time takes a minute)");
    fs::create_dir_all(folder).map_err(file(folder))?;
    for name in ["package.json", "package-lock.json"] {
        let (from, to) = (sources().join("unleash").join(name), folder.join(name));
        fs::copy(&from, &to).map_err(file(&from))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    perform("installing Unleash", npm.current_dir(folder).stdout(Stdio::null()))?;
    launcher::write(lab, "node", Path::new(&node), &launcher::Needs::default())
}

/// The system's Node.js, if it is new enough and comes with npm.
fn node() -> Result<String, Error> {
    let lacking = |found: String| Error::Node { oldest: OLDEST, found };
    let asked = "console.log(process.versions.node.split('.')[0], process.execPath)";
    let output = Command::new("node").args(["-e", asked]).stderr(Stdio::null()).output();
    let output = output.map_err(|_| lacking("there is no `node`".to_owned()))?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (major, path) = said.split_once(' ').ok_or_else(|| lacking(format!("node ended with {}", output.status)))?;
    if major.parse::<u32>().unwrap_or_default() < OLDEST {
        return Err(lacking(format!("{path} is {major}")));
    }
    let npm = Command::new("npm").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match npm {
        Ok(status) if status.success() => Ok(path.to_owned()),
        Ok(_) | Err(_) => Err(lacking("there is no `npm`".to_owned())),
    }
}
