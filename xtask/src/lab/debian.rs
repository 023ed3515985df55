//! Programs from Debian packages, unpacked into the lab. Never installs a package into the system, and uses what the
//! system has already.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use belay_tests::lab::part::Part;

use super::error::{Error, answer, file, perform};
use super::launcher::{self, Needs};

/// A program, and how it is recognised.
struct Program {
    /// What the lab calls it.
    name: &'static str,
    /// What it may be called where it lies.
    aliases: &'static [&'static str],
    /// The oldest that does, major and minor.
    oldest: (u32, u32),
    not_root: bool,
    /// It was built to look below `/usr/share` for a part of itself.
    shared: bool,
}

const fn program(name: &'static str, aliases: &'static [&'static str], oldest: (u32, u32)) -> Program {
    Program { name, aliases, oldest, not_root: false, shared: false }
}

/// PostgreSQL's, which won't be run by root.
const fn postgres(aliases: &'static [&'static str; 1]) -> Program {
    let [name] = *aliases;
    Program { not_root: true, ..program(name, aliases, (14, 0)) }
}

/// The packages of a part, and what is used of them.
fn contents(part: Part) -> (&'static [&'static str], &'static [Program]) {
    const REDIS: [Program; 2] =
        [program("redis-server", &["redis-server"], (7, 0)), program("redis-cli", &["redis-cli"], (7, 0))];
    const POSTGRES: [Program; 4] =
        [postgres(&["postgres"]), postgres(&["initdb"]), postgres(&["pg_ctl"]), postgres(&["psql"])];
    const PROMETHEUS: [Program; 3] = [
        program("prometheus", &["prometheus"], (2, 42)),
        program("promtool", &["promtool"], (2, 42)),
        Program { shared: true, ..program("alertmanager", &["prometheus-alertmanager", "alertmanager"], (0, 25)) },
    ];
    match part {
        Part::Redis => (&["redis-server"], &REDIS),
        Part::Postgres => (&["postgresql"], &POSTGRES),
        Part::Prometheus => (&["prometheus", "prometheus-alertmanager"], &PROMETHEUS),
        Part::Python | Part::Models | Part::Prefect | Part::Kinto | Part::Ansible | Part::Unleash => (&[], &[]),
    }
}

/// What a part is made from, for its mark.
pub(super) fn description(part: Part) -> String {
    // Moves when the scripts change.
    const SCRIPTS: &str = "scripts 2";
    let (packages, programs) = contents(part);
    let programs = programs.iter().map(|program| format!("{} {}.{}", program.name, program.oldest.0, program.oldest.1));
    packages
        .iter()
        .map(|name| (*name).to_owned())
        .chain(programs)
        .chain([SCRIPTS.to_owned()])
        .collect::<Vec<_>>()
        .join("\n")
}

/// Makes the programs of a part available in the lab's `bin`.
pub(super) fn programs(lab: &Path, part: Part) -> Result<(), Error> {
    let (packages, programs) = contents(part);
    if let Some(found) = all(programs, &system_folders(), &[]) {
        return launch(lab, &found, None);
    }
    eprintln!("installing {} (Debian packages, unpacked into {})", part.name(), part.folder().display());
    let folder = part.folder();
    unpack(&folder, packages)?;
    let libraries = library_folders(&folder);
    let folders: Vec<PathBuf> = bin_folders(&folder).into_iter().chain(system_folders()).collect();
    match all(programs, &folders, &libraries) {
        Some(found) => launch(lab, &found, Some(&folder)),
        None => Err(not_there(packages, programs, folder)),
    }
}

fn not_there(packages: &[&'static str], programs: &[Program], folder: PathBuf) -> Error {
    let package = packages.first().copied().unwrap_or_default();
    Error::NotInPackage { package, folder, program: programs.first().map_or("", |program| program.name) }
}

/// Writes the programs' scripts. `unpacked` is where the packages are that the system doesn't have.
fn launch(lab: &Path, found: &[(&Program, PathBuf)], unpacked: Option<&Path>) -> Result<(), Error> {
    let libraries = unpacked.map(library_folders).unwrap_or_default();
    found.iter().try_for_each(|(program, path)| {
        let shared = unpacked.filter(|_| program.shared).map(|folder| folder.join("usr/share"));
        let needs = Needs { libraries: libraries.clone(), shared, not_root: program.not_root };
        launcher::write(lab, program.name, path, &needs)
    })
}

/// The programs in the first folder that has them all, new enough: those of one release belong together. Where no folder
/// has all, nothing.
fn all<'p>(programs: &'p [Program], folders: &[PathBuf], libraries: &[PathBuf]) -> Option<Vec<(&'p Program, PathBuf)>> {
    folders.iter().find_map(|folder| programs.iter().map(|program| find(program, folder, libraries)).collect())
}

fn find<'p>(program: &'p Program, folder: &Path, libraries: &[PathBuf]) -> Option<(&'p Program, PathBuf)> {
    let mut paths = program.aliases.iter().map(|alias| folder.join(alias));
    let path = paths.find(|path| path.is_file())?;
    (version(&path, libraries)? >= program.oldest).then_some((program, path))
}

/// The first number with a point in what `--version` says, on either output.
fn version(program: &Path, libraries: &[PathBuf]) -> Option<(u32, u32)> {
    let path = std::env::join_paths(libraries).ok()?;
    let output = Command::new(program).arg("--version").env("LD_LIBRARY_PATH", path).stdin(Stdio::null()).output();
    let output = output.ok().filter(|output| output.status.success())?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    said.split(|letter: char| !(letter.is_ascii_digit() || letter == '.')).find_map(|word| {
        let mut numbers = word.split('.').map(str::parse::<u32>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

/// Fetches packages with those that the system lacks for them, and unpacks them.
fn unpack(folder: &Path, packages: &[&str]) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(file(folder))?;
    }
    let archives = folder.join("archives");
    fs::create_dir_all(&archives).map_err(file(&archives))?;
    let mut fetch = Command::new("apt-get");
    // As root it says that it can't become another user for the download.
    fetch.args(["download", "--quiet=2", "-o", "APT::Sandbox::User=root"]).args(lacking(packages)?);
    perform("fetching Debian packages", fetch.current_dir(&archives).stdout(Stdio::null()))?;
    for entry in fs::read_dir(&archives).map_err(file(&archives))? {
        let archive = entry.map_err(file(&archives))?.path();
        perform("unpacking a Debian package", Command::new("dpkg").arg("-x").arg(&archive).arg(folder))?;
    }
    fs::remove_dir_all(&archives).map_err(file(&archives))
}

/// What apt would install, itself and what it depends on; needs no root, since nothing is installed.
fn lacking(packages: &[&str]) -> Result<Vec<String>, Error> {
    let mut apt = Command::new("apt-get");
    apt.args(["install", "--simulate", "--quiet=2", "--no-install-recommends", "--reinstall"]).args(packages);
    let said = answer("asking apt for what is needed", apt.stdin(Stdio::null()))?;
    let names = said.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
    Ok(names.map(str::to_owned).collect())
}

/// Where an unpacked package has programs; PostgreSQL has a folder for each release.
fn bin_folders(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.join("usr/bin")];
    let releases = fs::read_dir(root.join("usr/lib/postgresql")).into_iter().flatten();
    folders.extend(releases.filter_map(|entry| Some(entry.ok()?.path().join("bin"))));
    folders
}

/// Where the system has programs.
fn system_folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    bin_folders(Path::new("/")).into_iter().rev().chain(std::env::split_paths(&path)).collect()
}

/// The folders of shared libraries below an unpacked package: `usr/lib/x86_64-linux-gnu` and the like.
fn library_folders(root: &Path) -> Vec<PathBuf> {
    ["usr/lib", "lib"]
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).into_iter().flatten())
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("-linux-")))
        .collect()
}
