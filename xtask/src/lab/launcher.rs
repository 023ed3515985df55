//! The small scripts in the lab's `bin`: one for each program, wherever it lies. Each replaces itself by the program.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::error::{Error, file};

/// What a program needs besides itself.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// Folders of libraries that the system doesn't have.
    pub(super) libraries: Vec<PathBuf>,
    /// A folder whose files it looks for below `/usr/share`, by a path that it was built with. In a mount namespace of its
    /// own they are there.
    pub(super) shared: Option<PathBuf>,
    /// It refuses to run as root. In a user namespace of its own root is somebody else, and all files are still its.
    pub(super) not_root: bool,
}

/// Writes the script of a program, which is there whole or not at all.
pub(super) fn write(lab: &Path, name: &str, program: &Path, needs: &Needs) -> Result<(), Error> {
    let folder = lab.join("bin");
    fs::create_dir_all(&folder).map_err(file(&folder))?;
    let (fresh, path) = (folder.join(format!(".{name}.new")), folder.join(name));
    fs::write(&fresh, script(program, needs)).map_err(file(&fresh))?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755)).map_err(file(&fresh))?;
    fs::rename(&fresh, &path).map_err(file(&path))
}

fn script(program: &Path, needs: &Needs) -> String {
    let mut lines = vec!["#!/bin/sh".to_owned()];
    if !needs.libraries.is_empty() {
        let folders: Vec<String> = needs.libraries.iter().map(|folder| folder.display().to_string()).collect();
        lines.push(format!("libraries={}", quoted(&folders.join(":"))));
        lines.push("export LD_LIBRARY_PATH=\"$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\"".to_owned());
    }
    let program = quoted(&program.display().to_string());
    if needs.not_root {
        lines.push("if [ \"$(id -u)\" = 0 ]; then".to_owned());
        lines.push(format!("    exec unshare --user --map-user=1000 --map-group=1000 {program} \"$@\""));
        lines.push("fi".to_owned());
    }
    let prefix = needs.shared.as_ref().map(|folder| over_shared(folder)).unwrap_or_default();
    lines.push(format!("exec {prefix}{program} \"$@\"\n"));
    lines.join("\n")
}

fn over_shared(folder: &Path) -> String {
    let mount = "mount -t overlay overlay -o lowerdir=\"$0\":/usr/share /usr/share && exec \"$@\"";
    format!("unshare --user --map-root-user --mount sh -c {} {} ", quoted(mount), quoted(&folder.display().to_string()))
}

/// A word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_program_gets_its_words_and_libraries_as_they_are() {
        let lab = tempfile::Builder::new().prefix("it's ").tempdir().unwrap();
        let needs = Needs { libraries: vec![lab.path().join("usr/lib")], ..Needs::default() };
        write(lab.path(), "show", Path::new("/bin/sh"), &needs).unwrap();
        let words = ["-c", "echo \"$LD_LIBRARY_PATH|$1\"", "sh", "a  b"];
        let said = |before: &str| {
            let output = Command::new(lab.path().join("bin/show")).args(words).env("LD_LIBRARY_PATH", before).output();
            String::from_utf8(output.unwrap().stdout).unwrap()
        };
        let libraries = lab.path().join("usr/lib");
        assert_eq!(said(""), format!("{}|a  b\n", libraries.display()));
        assert_eq!(said("/opt"), format!("{}:/opt|a  b\n", libraries.display()));
    }
}
