//! Where the command was typed, and by whom.

use std::path::{Path, PathBuf};

use belay_runtime::api::{Error, Requester};

const FILE: &str = "belay.toml";

/// The workspace: the folder named, or else the nearest one upwards that holds a `belay.toml`.
pub(crate) fn workspace(named: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(folder) = named {
        if folder.join(FILE).is_file() {
            return Ok(folder.to_owned());
        }
        let what = format!("{} is no workspace: it has no {FILE}", folder.display());
        return Err(Error::usage(what).next(format!("belay init {}", folder.display())));
    }
    let here = std::env::current_dir().map_err(|error| Error::failed(format!("the current folder: {error}")))?;
    nearest(&here).ok_or_else(|| {
        let what = format!("no {FILE} in {} or above it", here.display());
        Error::usage(what).next("--workspace DIR names the workspace; belay init makes one")
    })
}

fn nearest(from: &Path) -> Option<PathBuf> {
    from.ancestors().find(|folder| folder.join(FILE).is_file()).map(Path::to_owned)
}

/// The operating system's user, as the kernel knows it: no environment variable changes who acted.
pub(crate) fn person() -> Requester {
    let uid = uzers::get_current_uid();
    let name = uzers::get_user_by_uid(uid).map(|user| user.name().to_string_lossy().into_owned());
    Requester {
        name: name.unwrap_or_else(|| format!("uid-{uid}")),
        authenticated_by: format!("operating system user {uid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_workspace_upwards_is_found() {
        let root = std::env::temp_dir().join(format!("belay-place-{}", std::process::id()));
        let deep = root.join("outer/inner/features");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(root.join("outer").join(FILE), "").unwrap();
        assert_eq!(nearest(&deep), Some(root.join("outer")));
        std::fs::write(root.join("outer/inner").join(FILE), "").unwrap();
        assert_eq!(nearest(&deep), Some(root.join("outer/inner")));
        assert!(workspace(Some(&deep)).unwrap_err().what.contains("is no workspace"));
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn somebody_is_always_named() {
        assert!(!person().name.is_empty());
    }
}
