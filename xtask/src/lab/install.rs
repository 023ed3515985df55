//! Installs the parts of the lab, each by itself. Never touches the system, and never leaves half an installation that
//! passes for a whole one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use belay_tests::lab::part::{Part, installation};
use belay_tests::lab::sources;

use super::error::{Error, file, perform};
use super::{debian, node, python};

/// Installs parts with what they need. At once where they are there already; goes on where an earlier installation was
/// interrupted. Two at once wait for each other.
pub(crate) fn install(parts: &[Part]) -> Result<(), Error> {
    let lab = installation();
    fs::create_dir_all(&lab).map_err(file(&lab))?;
    let path = lab.join("lock");
    // Given back when the file is closed, however this process ends.
    let lock = File::create(&path).map_err(file(&path))?;
    lock.lock().map_err(file(&path))?;
    let wanted = |part: &Part| parts.iter().any(|asked| asked == part || asked.needs().contains(part));
    Part::ALL.into_iter().filter(wanted).try_for_each(|part| install_one(&lab, part))
}

fn install_one(lab: &Path, part: Part) -> Result<(), Error> {
    match part {
        Part::Python | Part::Prefect | Part::Kinto | Part::Ansible => {
            let requirements = requirements(part.name());
            once(part, &read(&requirements)?, || python::environment(lab, &part.folder(), &requirements))
        }
        Part::Models => {
            let seeding = read(&sources().join("seed_mlflow.py"))? + &read(&sources().join("seed_folder.py"))?;
            once(part, &(read(&requirements(Part::Python.name()))? + &seeding), || seeded_mlflow(lab, &part.folder()))
        }
        Part::Unleash => {
            let lock = read(&sources().join("unleash/package-lock.json"))?;
            once(part, &lock, || node::unleash(lab, &part.folder()))
        }
        Part::Postgres | Part::Redis | Part::Prometheus => {
            once(part, &debian::description(part), || debian::programs(lab, part))
        }
    }
}

/// The packages of a virtual environment, pinned.
pub(super) fn requirements(name: &str) -> PathBuf {
    sources().join(format!("requirements/{name}.txt"))
}

/// Does something unless the part's mark says that it was done from the same sources. The mark is made last.
fn once(part: Part, made_from: &str, act: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    let mark = part.mark();
    if fs::read_to_string(&mark).is_ok_and(|found| found == made_from) {
        return Ok(());
    }
    if mark.exists() {
        fs::remove_file(&mark).map_err(file(&mark))?;
    }
    act()?;
    fs::write(&mark, made_from).map_err(file(&mark))
}

/// The folder of an MLflow server that has models in it, for tests to copy: seeding takes longer than the tests.
fn seeded_mlflow(lab: &Path, folder: &Path) -> Result<(), Error> {
    eprintln!("starting an MLflow server once, to fill it with models");
    let fresh = lab.join("models.new");
    for old in [folder, &fresh] {
        if old.exists() {
            fs::remove_dir_all(old).map_err(file(old))?;
        }
    }
    let log = lab.join("seed.log");
    let output = File::create(&log).map_err(file(&log))?;
    let errors = output.try_clone().map_err(file(&log))?;
    let mut seed = Command::new(Part::Python.file("bin/python"));
    seed.arg(sources().join("seed_folder.py")).arg(&fresh).stdout(output).stderr(errors);
    perform("filling an MLflow server (seed.log in the lab's folder says more)", &mut seed)?;
    fs::rename(&fresh, folder).map_err(file(folder))
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(file(path))
}
