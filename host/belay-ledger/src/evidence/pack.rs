//! Writing the file, member by member. Holds no member longer than it takes to write it.

use std::collections::BTreeMap;
use std::io::Write;

use belay_domain::digest::Digest;

use super::header::{END, header, padding};
use super::{FOLDER, SEAL, SUMS, seal_text};
use crate::error::Error;
use crate::ledger::Ledger;

/// A file that is being written.
pub struct Pack<W: Write> {
    out: W,
    sums: BTreeMap<String, Digest>,
}

/// A file that is whole.
pub struct Packed<W> {
    /// Where it was written to, all of it.
    pub out: W,
    /// The digest of its `SHA256SUMS`, which names the file: it follows from every member.
    pub digest: Digest,
}

impl<W: Write> Pack<W> {
    /// Begins a file.
    pub const fn new(out: W) -> Self {
        Self { out, sums: BTreeMap::new() }
    }

    /// Adds a member below the file's folder. One that is there already with the same bytes is not added again.
    ///
    /// # Errors
    /// Where the path is none of a member, or stands for other bytes already; where the file can't be written.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let digest = Digest::of(bytes);
        match self.sums.get(path) {
            Some(there) if *there == digest => return Ok(()),
            Some(_) => return Err(Error::Invalid(format!("two members {path} of an evidence file"))),
            None => {}
        }
        self.write(path, bytes)?;
        self.sums.insert(path.to_owned(), digest);
        Ok(())
    }

    /// Ends the file: names all members, and signs that with the log's key.
    pub fn finish(mut self, ledger: &Ledger) -> Result<Packed<W>, Error> {
        let sums: String = self.sums.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect();
        let digest = Digest::of(sums.as_bytes());
        self.write(SUMS, sums.as_bytes())?;
        self.write(SEAL, ledger.sign(&seal_text(&digest)).as_bytes())?;
        self.put(&[0; END])?;
        self.out.flush().map_err(|error| failed(&error))?;
        Ok(Packed { out: self.out, digest })
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let whole = format!("{FOLDER}/{path}");
        let size = bytes.len() as u64;
        let header =
            header(&whole, size).ok_or_else(|| Error::Invalid(format!("`{path}` is no path of an evidence file")))?;
        self.put(header.as_bytes())?;
        self.put(bytes)?;
        self.put(&vec![0; usize::try_from(padding(size)).unwrap_or_default()])
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes).map_err(|error| failed(&error))
    }
}

fn failed(error: &std::io::Error) -> Error {
    Error::io("write", std::path::Path::new("the evidence file"), error)
}
