//! A ledger's files, as somebody who may change them sees them.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::{Path, PathBuf};

/// All files below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// A folder with all that is in it, somewhere else.
pub(crate) fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

/// Has `look` see a file with other bytes, then puts the right ones back.
pub(crate) fn with_bytes(path: &Path, bytes: &[u8], look: impl FnOnce()) {
    let before = fs::read(path).unwrap();
    fs::write(path, bytes).unwrap();
    look();
    fs::write(path, before).unwrap();
}
