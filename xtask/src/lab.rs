//! Installs what the tests against real systems need: an MLflow server and the `deltalake` library, in a virtual
//! environment of their own below `target/lab`. Never touches the system, and never leaves half an installation that
//! passes for a whole one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::repository;

/// Installs packages ten times as fast as pip, which is what fetches it.
const UV: &str = "uv==0.13.9";
/// The oldest Python that the pinned packages run on.
const PYTHON: (u32, u32) = (3, 11);

/// Why there is no lab.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// A file of the lab's folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A command can't be run.
    #[error("`{program}` can't be run: {source}\nhelp: apt-get install {program}")]
    CannotRun {
        /// Which.
        program: String,
        /// What went wrong.
        source: io::Error,
    },
    /// A command did not do its part.
    #[error("{what} failed: `{command}` ended with {status}; what was done so far is kept\nhelp: cargo xtask lab")]
    Failed {
        /// What it was for.
        what: &'static str,
        /// The command.
        command: String,
        /// How it ended.
        status: String,
    },
    /// No Python, or one that is too old.
    #[error("the lab needs Python {}.{} or newer: {found}\nhelp: apt-get install python3", PYTHON.0, PYTHON.1)]
    Python {
        /// What is there.
        found: String,
    },
    /// No pip, and nowhere to get it from.
    #[error("Python has no pip, and apt-get could not fetch one\nhelp: apt-get install python3-pip")]
    NoPip,
}

/// `cargo xtask lab`.
pub(crate) fn run() -> ExitCode {
    match install() {
        Ok(()) => {
            println!("{}", lab().display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Installs the lab. At once where it is there already; goes on where an earlier installation was interrupted. Two at
/// once wait for each other.
pub(crate) fn install() -> Result<(), String> {
    install_into(&lab()).map_err(|error| error.to_string())
}

fn lab() -> PathBuf {
    repository::target("lab")
}

fn sources() -> PathBuf {
    repository::root().join("tests/lab")
}

fn install_into(lab: &Path) -> Result<(), Error> {
    fs::create_dir_all(lab).map_err(file(lab))?;
    let path = lab.join("lock");
    // Given back when the file is closed, however this process ends.
    let lock = File::create(&path).map_err(file(&path))?;
    lock.lock().map_err(file(&path))?;
    let requirements = read(&sources().join("requirements.txt"))?;
    once(&lab.join("venv.done"), &requirements, || packages(lab))?;
    let seeding = read(&sources().join("seed_mlflow.py"))? + &read(&sources().join("seed_folder.py"))?;
    once(&lab.join("mlflow.done"), &(requirements + &seeding), || seeded_mlflow(lab))
}

/// Does something unless its mark says that it was done from the same sources. The mark is made last.
fn once(mark: &Path, made_from: &str, act: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    if fs::read_to_string(mark).is_ok_and(|found| found == made_from) {
        return Ok(());
    }
    if mark.exists() {
        fs::remove_file(mark).map_err(file(mark))?;
    }
    act()?;
    fs::write(mark, made_from).map_err(file(mark))
}

/// The virtual environment with the pinned packages. uv replaces what an interrupted installation left.
fn packages(lab: &Path) -> Result<(), Error> {
    eprintln!("installing the lab's Python packages (the first time takes a minute)");
    let python = python()?;
    let uv = uv(lab)?;
    let venv = lab.join("venv");
    let at = python.to_string_lossy().into_owned();
    perform(
        "making a virtual environment",
        Command::new(&uv).args(["venv", "--quiet", "--clear", "--python", &at]).arg(&venv),
    )?;
    let mut install = Command::new(&uv);
    install.args(["pip", "install", "--quiet", "--python"]).arg(venv.join("bin/python"));
    install.arg("--requirement").arg(sources().join("requirements.txt"));
    perform("installing packages", &mut install)
}

/// The folder of an MLflow server that has models in it, for tests to copy: seeding takes longer than the tests.
fn seeded_mlflow(lab: &Path) -> Result<(), Error> {
    eprintln!("starting an MLflow server once, to fill it with models");
    let (folder, fresh) = (lab.join("mlflow"), lab.join("mlflow.new"));
    for old in [&folder, &fresh] {
        if old.exists() {
            fs::remove_dir_all(old).map_err(file(old))?;
        }
    }
    let log = lab.join("seed.log");
    let output = File::create(&log).map_err(file(&log))?;
    let errors = output.try_clone().map_err(file(&log))?;
    let mut seed = Command::new(lab.join("venv/bin/python"));
    seed.arg(sources().join("seed_folder.py")).arg(&fresh).stdout(output).stderr(errors);
    perform("filling an MLflow server (target/lab/seed.log says more)", &mut seed)?;
    fs::rename(&fresh, &folder).map_err(file(&folder))
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
        Some(path) if version >= PYTHON => Ok(PathBuf::from(path)),
        Some(path) => Err(Error::Python { found: format!("{path} is {}.{}", version.0, version.1) }),
        None => Err(Error::Python { found: format!("python3 ended with {}", output.status) }),
    }
}

/// uv, in a folder of its own: neither the system's Python nor a virtual environment with pip is needed for that.
fn uv(lab: &Path) -> Result<PathBuf, Error> {
    let folder = lab.join("uv");
    let mut pip = Command::new("python3");
    if !has_pip() {
        pip.env("PYTHONPATH", pip_from_debian(&lab.join("pip"))?);
    }
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location"]);
    pip.args(["--upgrade", "--root-user-action", "ignore", "--target"]).arg(&folder).arg(UV);
    perform("fetching uv", &mut pip)?;
    Ok(folder.join("bin/uv"))
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

fn perform(what: &'static str, command: &mut Command) -> Result<(), Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|source| Error::CannotRun { program: program.clone(), source })?;
    if status.success() {
        return Ok(());
    }
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    let command = std::iter::once(program).chain(words).collect::<Vec<_>>().join(" ");
    Err(Error::Failed { what, command, status: status.to_string() })
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(file(path))
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    move |source| Error::File { path, source }
}
