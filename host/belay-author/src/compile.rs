//! From a Cargo project to a core module.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::folder::hold;
use crate::project::cargo;
use crate::toolchain::TARGET;
use crate::{Error, Plugin, Toolchain};

/// Small and without unwinding: a guest that panics traps. Set by environment, so that an author's project needs no
/// profile of its own.
const PROFILE: [(&str, &str); 7] = [
    // Crates that draw their hash seeds when they are compiled would give other bytes each time.
    ("CONST_RANDOM_SEED", "belay"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s"),
    ("CARGO_PROFILE_RELEASE_LTO", "true"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
];

/// Compiles a plugin's library to a core module. Guests that share `target_dir` share what they depend on, and several
/// processes may use it at once. The same sources give the same bytes in every checkout.
pub fn compile(toolchain: &Toolchain, plugin: &Plugin, target_dir: &Path) -> Result<Vec<u8>, Error> {
    // Held until the module is read: another process's build would replace it.
    let _held = hold(target_dir)?;
    let mut cargo = cargo();
    forget_outer_build(&mut cargo);
    cargo.args(["rustc", "--quiet", "--lib", "--crate-type", "cdylib", "--release", "--target", TARGET]);
    toolchain.equip(&mut cargo);
    cargo
        .arg("--manifest-path")
        .arg(&plugin.manifest)
        .arg("--target-dir")
        .arg(target_dir)
        .envs(PROFILE)
        .env("CARGO_ENCODED_RUSTFLAGS", without_local_paths(toolchain, plugin))
        .args(["--", "-C", &format!("link-arg=-zstack-size={}", plugin.stack)])
        .stdin(Stdio::null());
    let built = cargo
        .output()
        .map_err(|source| Error::NotStarted { program: cargo.get_program().to_string_lossy().into_owned(), source })?;
    if !built.status.success() {
        let said = String::from_utf8_lossy(&built.stderr).into_owned();
        return Err(Error::Compile { plugin: plugin.name.clone(), said });
    }
    let module = target_dir.join(TARGET).join("release").join(plugin.file_name());
    fs::read(&module).map_err(Error::file(&module))
}

/// Run by a cargo, as every xtask is, this process carries settings that are meant for the host's build.
fn forget_outer_build(cargo: &mut Command) {
    let outer = |name: &OsStr| {
        let name = name.to_string_lossy();
        ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_", "CARGO_PKG_", "CARGO_MANIFEST_", "RUSTC"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            || matches!(&*name, "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" | "CARGO_MAKEFLAGS" | "MAKEFLAGS")
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| outer(name)) {
        cargo.env_remove(name);
    }
}

/// Flags that keep this machine's folders out of panic messages: they would leak, and differ from build to build.
fn without_local_paths(toolchain: &Toolchain, plugin: &Plugin) -> std::ffi::OsString {
    let local = toolchain.folders().map(|folder| (folder, "/rust"));
    let downloads = downloads();
    let cargo = downloads.iter().map(|folder| (folder.as_path(), "/cargo"));
    let mut flags = std::ffi::OsString::new();
    for (folder, name) in cargo.chain(local).chain([(plugin.workspace.as_path(), "/plugin")]) {
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(folder);
        flags.push("=");
        flags.push(name);
    }
    flags
}

/// Where cargo keeps sources: its home, and in it one folder for each registry or mirror, which would name it. Of
/// several prefixes that fit the compiler takes the last.
fn downloads() -> Vec<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let Some(home) = set.or_else(|| std::env::home_dir().map(|home| home.join(".cargo"))) else { return Vec::new() };
    let registries = home.join("registry/src").read_dir().into_iter().flatten().flatten();
    let mut registries: Vec<PathBuf> = registries.map(|entry| entry.path()).collect();
    registries.sort();
    [vec![home], registries].concat()
}
