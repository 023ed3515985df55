//! New plugins' folders, and components of them.

use std::path::{Path, PathBuf};

use belay_author::{Built, Kind, Language};
use belay_runtime::api::Error;
use serde::Serialize;

use crate::output::Output;
use crate::render::amount::size;
use crate::render::page::{Line, Page, Paint};

pub(super) fn new(
    kind: Kind,
    name: &str,
    language: Language,
    folder: Option<&Path>,
    output: Output,
) -> Result<(), Error> {
    let folder = folder.unwrap_or(Path::new(name));
    let files = belay_author::scaffold(kind, name, language, folder).map_err(|error| failed(&error))?;
    let own = files.iter().filter_map(|file| file.strip_prefix(folder).ok()).filter(|file| !file.starts_with("belay"));
    let made = Made {
        folder: folder.display().to_string(),
        name: name.to_owned(),
        world: kind.world().to_owned(),
        files: own.map(|file| file.display().to_string()).collect(),
    };
    output.answer("plugin.new", &made, |made| {
        let mut page = Page::new();
        let what = format!("  a {} in {language}", made.world);
        page.push(Line::new().painted(Paint::Good, format!("{}/", made.folder)).with(what));
        made.files.iter().for_each(|file| page.push(Line::new().with("  ").with(file)));
        page.push(Line::new().with("  belay/").painted(Paint::Dim, "  the contract and the kit"));
        let next = format!("cd {} && belay plugin build && belay plugin test", made.folder);
        page.push(Line::new().painted(Paint::Dim, "Next  ").painted(Paint::Strong, next));
        page
    })
}

/// What was made.
#[derive(Serialize)]
struct Made {
    folder: String,
    name: String,
    world: String,
    /// Without belay's own.
    files: Vec<String>,
}

pub(super) fn build(folder: &Path, file: Option<&Path>, output: Output) -> Result<(), Error> {
    let built = component(folder, output)?;
    let file = file.unwrap_or(Path::new(&built.file_name));
    std::fs::write(file, &built.component).map_err(|error| Error::failed(format!("{}: {error}", file.display())))?;
    let shown = Shown {
        file: file.display().to_string(),
        large: built.language != Language::Rust,
        name: built.name,
        version: built.version,
        world: built.world,
    };
    let bytes = built.component.len() as u64;
    output.answer("plugin.built", &shown, |built| {
        let room = if built.large { ", for limits = \"large\"" } else { "" };
        let what = format!("  {} {}, {}, {}{room}", built.name, built.version, built.world, size(bytes));
        Page::from(vec![Line::new().painted(Paint::Good, &built.file).with(what)])
    })
}

/// Builds a folder's plugin.
pub(super) fn component(folder: &Path, output: Output) -> Result<Built, Error> {
    let say = |words: &str| output.say(&Page::from(vec![Line::new().painted(Paint::Dim, words)]));
    belay_author::build_folder(folder, &cache()?, &say).map_err(|error| failed(&error))
}

/// What was built.
#[derive(Serialize)]
struct Shown {
    file: String,
    name: String,
    version: String,
    world: String,
    large: bool,
}

fn failed(error: &belay_author::Error) -> Error {
    let usage = matches!(
        error,
        belay_author::Error::Name(_) | belay_author::Error::NotEmpty { .. } | belay_author::Error::NoTemplate { .. }
    );
    let failed = if usage { Error::usage(error.to_string()) } else { Error::failed(error.to_string()) };
    failed.next(error.help())
}

/// Where what builds plugins is kept, by the XDG base directory specification.
fn cache() -> Result<PathBuf, Error> {
    let own = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let folder = own.or_else(home).ok_or_else(|| Error::usage("neither XDG_CACHE_HOME nor HOME is set"))?;
    Ok(folder.join("belay"))
}
