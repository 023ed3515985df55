//! Listings in bytewise order of the whole keys. Never shows staging files, files whose name can't be a key, or what
//! lies behind a link to a folder (unless the prefix goes through it); never looks through more than a bounded number
//! of entries.

use cap_fs_ext::DirExt as _;
use cap_std::fs::{Dir, DirEntry};
use std::io;

use super::{DirConnection, object_error, read};
use crate::key;
use crate::read::{Meta, ObjectError};

/// The longest listing.
const MOST: usize = 10_000;
/// How many entries are looked at for one listing.
const MOST_LOOKED_AT: usize = 200_000;

impl DirConnection {
    pub(crate) async fn list(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<Meta>, ObjectError> {
        key::check_prefix(prefix).map_err(ObjectError::Denied)?;
        let (prefix, after) = (prefix.to_owned(), after.unwrap_or_default().to_owned());
        let most = usize::try_from(limit).unwrap_or(MOST).min(MOST);
        self.blocking(self.target.timeout, move |shared| {
            let walk = |root: &Dir| {
                let mut walk = Walk { root, prefix: &prefix, after: &after, most, looked_at: 0, found: Vec::new() };
                walk.begin()?;
                Ok(walk.found)
            };
            shared.root.read(walk, Vec::is_empty)
        })
        .await?
    }
}

struct Walk<'a> {
    root: &'a Dir,
    prefix: &'a str,
    /// Every key comes after the empty one.
    after: &'a str,
    most: usize,
    looked_at: usize,
    found: Vec<Meta>,
}

impl Walk<'_> {
    /// Begins in the deepest folder that the prefix names.
    fn begin(&mut self) -> Result<(), ObjectError> {
        let Some((folder, _)) = self.prefix.rsplit_once('/') else {
            return self.walk(self.root, "");
        };
        match self.root.open_dir(folder) {
            Ok(dir) => self.walk(&dir, &format!("{folder}/")),
            Err(error) => match object_error(&error) {
                ObjectError::Missing => Ok(()),
                error @ (ObjectError::Denied(_)
                | ObjectError::Unreachable(_)
                | ObjectError::TimedOut
                | ObjectError::TooLarge(_)) => Err(error),
            },
        }
    }

    /// `path` is empty or ends with `/`.
    fn walk(&mut self, dir: &Dir, path: &str) -> Result<(), ObjectError> {
        for name in self.names(dir)? {
            if self.found.len() == self.most {
                return Ok(());
            }
            let key = format!("{path}{name}");
            match name.strip_suffix('/') {
                Some(folder) if self.may_hold(&key) => self.descend(dir, folder, &key)?,
                None if key.starts_with(self.prefix) && key.as_str() > self.after => self.take(key),
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// The names in a folder in the order of the keys that they begin: a folder counts with its slash, so that `a.b`
    /// comes before `a/b`.
    fn names(&mut self, dir: &Dir) -> Result<Vec<String>, ObjectError> {
        let mut names = Vec::new();
        for entry in dir.entries().map_err(|error| object_error(&error))? {
            self.looked_at += 1;
            if self.looked_at > MOST_LOOKED_AT {
                return Err(ObjectError::Denied(format!(
                    "there are more than {MOST_LOOKED_AT} entries to look through; list a longer prefix"
                )));
            }
            let entry = entry.map_err(|error| object_error(&error))?;
            names.extend(name_of(&entry).map_err(|error| object_error(&error))?);
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Whether keys in a folder (`folder` ends with `/`) can be wanted.
    fn may_hold(&self, folder: &str) -> bool {
        let fits = folder.starts_with(self.prefix) || self.prefix.starts_with(folder);
        fits && (folder > self.after || self.after.starts_with(folder)) && key::check_prefix(folder).is_ok()
    }

    fn descend(&mut self, dir: &Dir, folder: &str, path: &str) -> Result<(), ObjectError> {
        match dir.open_dir_nofollow(folder) {
            Ok(dir) => self.walk(&dir, path),
            // Gone meanwhile, or another thing by now.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(()),
            // A listing that leaves out a folder would look whole.
            Err(error) => Err(object_error(&error)),
        }
    }

    /// From the root, so that a link to elsewhere inside counts as what it leads to.
    fn take(&mut self, key: String) {
        if let Ok(metadata) = self.root.metadata(&key)
            && metadata.is_file()
        {
            self.found.push(read::meta(key, &metadata));
        }
    }
}

/// An entry's name if it can be part of a key; a folder's with a slash.
fn name_of(entry: &DirEntry) -> io::Result<Option<String>> {
    let Ok(mut name) = entry.file_name().into_string() else { return Ok(None) };
    if key::check(&name).is_err() {
        return Ok(None);
    }
    if entry.file_type()?.is_dir() {
        name.push('/');
    }
    Ok(Some(name))
}
