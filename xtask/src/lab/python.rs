//! Virtual environments with pinned packages. Never installs a package into the system's Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::{Error, file, perform};

/// The oldest Python that the pinned packages run on.
pub(super) const OLDEST: (u32, u32) = (3, 11);
/// Installs packages ten times as fast as pip, which is what fetches it.
const UV: &str = "uv==0.13.9";

/// A virtual environment in a folder. uv replaces what an interrupted installation left.
pub(super) fn environment(lab: &Path, folder: &Path, requirements: &Path) -> Result<(), Error> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    eprintln!("installing {name} (Python packages; the first time takes a minute)");
    let python = python()?;
    let uv = uv(lab)?;
    let at = python.to_string_lossy().into_owned();
    perform(
        "making a virtual environment",
        Command::new(&uv).args(["venv", "--quiet", "--clear", "--python", &at]).arg(folder),
    )?;
    let mut install = Command::new(&uv);
    install.args(["pip", "install", "--quiet", "--python"]).arg(folder.join("bin/python"));
    install.arg("--requirement").arg(requirements);
    perform("installing packages", &mut install)
}

/// The system's Python, if it is new enough.
fn python() -> Result<PathBuf, Error> {
    let asked = "import sys; print(*sys.version_info[:2], sys.executable)";
    let output = Command::new("python3").args(["-c", asked]).stderr(Stdio::null()).output();
    let output = output.map_err(|_| Error::Python { found: "there is no python3".to_owned() })?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut words = said.splitn(3, ' ');
    let mut number = || words.next().and_then(|word| word.parse::<u32>().ok()).unwrap_or_default();
    let version = (number(), number());
    match words.next() {
        Some(path) if version >= OLDEST => Ok(PathBuf::from(path)),
        Some(path) => Err(Error::Python { found: format!("{path} is {}.{}", version.0, version.1) }),
        None => Err(Error::Python { found: format!("python3 ended with {}", output.status) }),
    }
}

/// uv, in a folder of its own: neither the system's Python nor a virtual environment with pip is needed for that.
fn uv(lab: &Path) -> Result<PathBuf, Error> {
    let folder = lab.join(UV.replace("==", "-"));
    let uv = folder.join("bin/uv");
    if uv.is_file() {
        return Ok(uv);
    }
    // Unpacked beside its place first: an interrupted pip leaves no uv that looks whole.
    let fresh = lab.join("uv.new");
    let mut pip = Command::new("python3");
    if !has_pip() {
        pip.env("PYTHONPATH", pip_from_debian(&lab.join("pip"))?);
    }
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location"]);
    pip.args(["--upgrade", "--root-user-action", "ignore", "--target"]).arg(&fresh).arg(UV);
    perform("fetching uv", &mut pip)?;
    fs::rename(&fresh, &folder).map_err(file(&folder))?;
    Ok(uv)
}

fn has_pip() -> bool {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    pip.status().is_ok_and(|status| status.success())
}

/// Debian parts pip from Python. Its wheel runs from where it is unpacked, without root.
fn pip_from_debian(folder: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(folder).map_err(file(folder))?;
    let fetched =
        Command::new("apt-get").args(["download", "--quiet=2", "python3-pip-whl"]).current_dir(folder).status();
    if !fetched.is_ok_and(|status| status.success()) {
        return Err(Error::NoPip);
    }
    let package = newest(folder, "deb").ok_or(Error::NoPip)?;
    perform("unpacking pip", Command::new("dpkg").arg("-x").arg(package).arg(folder))?;
    newest(&folder.join("usr/share/python-wheels"), "whl").ok_or(Error::NoPip)
}

/// The last file with this extension, by name.
fn newest(folder: &Path, extension: &str) -> Option<PathBuf> {
    let files = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    files.filter(|path| path.extension().is_some_and(|found| found == extension)).max()
}
