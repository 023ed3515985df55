//! Partial tiles of earlier checkpoints: nothing refers to them any more, but somebody who kept such a checkpoint may
//! read them. Each must be how its tile began.

use std::path::{Path, PathBuf};

use super::files::LogFiles;
use super::report::{Place, Report};
use crate::durable;
use crate::publish::TILES;

/// Holds every partial tile against the widest one of its tile, which the rest of the verification vouches for.
pub(super) fn check(files: &LogFiles<'_>, report: &mut Report) {
    let mut folders = vec![PathBuf::from(TILES)];
    while let Some(folder) = folders.pop() {
        for path in files.listed(&folder) {
            if !files.is_folder(&path) {
                continue;
            }
            if path.extension().is_some_and(|extension| extension == "p") {
                partials(files, &path, report);
            } else {
                folders.push(path);
            }
        }
    }
}

fn partials(files: &LogFiles<'_>, folder: &Path, report: &mut Report) {
    let width = |path: &Path| path.file_name()?.to_str()?.parse::<u64>().ok().filter(|width| (1..256).contains(width));
    let mut widths: Vec<(u64, PathBuf)> = Vec::new();
    // What a crash left before it had its name is in nobody's tree.
    for path in files.listed(folder).into_iter().filter(|path| !durable::is_staged(path)) {
        match width(&path) {
            Some(width) => widths.push((width, path)),
            None => report.find(Place::file(files.shown(&path)), "no tile has this name"),
        }
    }
    widths.sort();
    let full = folder.with_extension("");
    let widest = files.read(&full).ok().or_else(|| widths.last().and_then(|(_, path)| files.read(path).ok()));
    let Some(widest) = widest else { return };
    for (_, path) in &widths {
        let Ok(bytes) = files.read(path) else {
            report.find(Place::file(files.shown(path)), "it can't be read");
            continue;
        };
        if !widest.starts_with(&bytes) {
            let from = bytes.iter().zip(&widest).take_while(|(here, there)| here == there).count();
            let place = Place::File { path: files.shown(path), bytes: Some(from..bytes.len()) };
            report.find(place, "it is not how its tile began");
        }
    }
}
