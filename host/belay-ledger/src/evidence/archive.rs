//! The members of a file, as somebody finds it. Believes nothing that it says, follows no path, and never holds more of
//! it than an index and what is asked for.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use belay_domain::digest::Digest;
use sha2::{Digest as _, Sha256};
use tar::Header;

use super::FOLDER;
use super::header::{BLOCK, END, header, padding};

/// More members than any file has.
const MAX_MEMBERS: usize = 4_000_000;
/// How much is read at once where a member is only hashed, in bytes.
const CHUNK: u64 = 64 * 1024;

/// Why a file can't be looked into at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEvidence {
    /// The system refused.
    #[error("it can't be read: {0}")]
    Io(String),
    /// It does not begin as one.
    #[error("it is no evidence file: {0}")]
    Form(String),
}

/// A file's members.
#[derive(Debug)]
pub(crate) struct Archive {
    file: File,
    members: BTreeMap<String, Member>,
    /// Where its form goes wrong, in bytes from the beginning, and how. What comes behind was not read.
    pub(super) trouble: Option<(u64, String)>,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    offset: u64,
    size: u64,
}

impl Archive {
    pub(super) fn open(path: &Path) -> Result<Self, NotEvidence> {
        let io = |error: std::io::Error| NotEvidence::Io(error.to_string());
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut archive = Self { file, members: BTreeMap::new(), trouble: None };
        archive.trouble = archive.index(length).err();
        match &archive.trouble {
            Some((_, problem)) if archive.members.is_empty() => Err(NotEvidence::Form(problem.clone())),
            _ => Ok(archive),
        }
    }

    /// Reads all headers. Every byte outside the members must be as it would be written.
    fn index(&mut self, length: u64) -> Result<(), (u64, String)> {
        let mut at = 0;
        loop {
            if self.members.len() > MAX_MEMBERS {
                return Err((at, "it has too many members".to_owned()));
            }
            let block = self.block(at).map_err(|problem| (at, problem))?;
            if block == [0; BLOCK as usize] {
                return self.check_end(at, length);
            }
            let (path, size) = member(&block).map_err(|problem| (at, problem))?;
            let offset = at + BLOCK;
            let end = size.checked_next_multiple_of(BLOCK).and_then(|size| offset.checked_add(size));
            let end = end.filter(|end| *end <= length).ok_or_else(|| (at, format!("it ends within {path}")))?;
            let zeros = self.bytes(offset + size, padding(size)).map_err(|problem| (at, problem))?;
            if zeros.iter().any(|byte| *byte != 0) {
                return Err((offset + size, format!("what follows {path} was changed")));
            }
            if self.members.insert(path.clone(), Member { offset, size }).is_some() {
                return Err((at, format!("{path} is there twice")));
            }
            at = end;
        }
    }

    fn check_end(&self, at: u64, length: u64) -> Result<(), (u64, String)> {
        if length != at + END as u64 {
            return Err((at, "it goes on after its end, or ends within it".to_owned()));
        }
        let end = self.bytes(at, END as u64).map_err(|problem| (at, problem))?;
        if end.iter().all(|byte| *byte == 0) { Ok(()) } else { Err((at, "its end was changed".to_owned())) }
    }

    fn block(&self, at: u64) -> Result<[u8; BLOCK as usize], String> {
        let mut block = [0; BLOCK as usize];
        self.file.read_exact_at(&mut block, at).map_err(|_| "it was cut off".to_owned())?;
        Ok(block)
    }

    fn bytes(&self, at: u64, length: u64) -> Result<Vec<u8>, String> {
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| "it is too large to read".to_owned())?];
        self.file.read_exact_at(&mut bytes, at).map_err(|_| "it was cut off".to_owned())?;
        Ok(bytes)
    }

    /// The paths of all members, below the file's folder.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// A member's bytes, if it is there and not longer than `most`.
    pub(crate) fn read(&self, path: &str, most: u64) -> Result<Vec<u8>, String> {
        let member = self.members.get(path).ok_or("it is missing")?;
        if member.size > most {
            return Err(format!("{} bytes, where {most} is the most", member.size));
        }
        self.bytes(member.offset, member.size)
    }

    /// A member's text.
    pub(super) fn text(&self, path: &str, most: u64) -> Result<String, String> {
        String::from_utf8(self.read(path, most)?).map_err(|error| error.to_string())
    }

    /// What a member hashes to behind `first`; reads it piece by piece.
    pub(super) fn hash(&self, path: &str, first: &[u8]) -> Result<Digest, String> {
        let member = self.members.get(path).ok_or("it is missing")?;
        let mut hash = Sha256::new();
        hash.update(first);
        let mut at = 0;
        while at < member.size {
            let length = CHUNK.min(member.size - at);
            hash.update(self.bytes(member.offset + at, length)?);
            at += length;
        }
        Ok(Digest::from_bytes(hash.finalize().into()))
    }
}

/// The path below the folder, and the size, of a header that is exactly as it would be written.
fn member(block: &[u8; BLOCK as usize]) -> Result<(String, u64), String> {
    let found = Header::from_byte_slice(block);
    let path = String::from_utf8(found.path_bytes().into_owned()).map_err(|_| "a member's name is no text")?;
    let size = found.entry_size().map_err(|_| "a member's header can't be read")?;
    let same = header(&path, size).is_some_and(|header| header.as_bytes() == block);
    let inside = path.strip_prefix(FOLDER).and_then(|path| path.strip_prefix('/'));
    match inside {
        Some(inside) if same => Ok((inside.to_owned(), size)),
        _ => Err("a member's header is none that belay writes, or was changed".to_owned()),
    }
}
