//! Finishing what redactions began: what stays moves to another key, then the old key is destroyed. The entries that say
//! so are durable before; never destroys what none of them names.

use std::fs::File;

use belay_domain::digest::Commitment;

use super::Ledger;
use crate::error::Error;
use crate::store::{BlobFolder, Doomed, Reader, SealedBlob};
use crate::vault::{self, DataKey, Lookup};

impl Ledger {
    /// Destroys what durable entries have taken away, and gives how many keys that took. Idempotent; a crash at any moment
    /// leaves what is to stay readable, and the rest to the next call. Waits for other processes that do the same.
    pub fn finish_redactions(&self) -> Result<u64, Error> {
        if !self.read(Reader::is_anything_doomed)? {
            return Ok(0);
        }
        let mut doomed = Doomed::open(&self.shared.database)?;
        let path = self.shared.folder.join("redaction.lock");
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(|error| Error::io("open", &path, &error))?;
        lock.lock().map_err(|error| Error::io("lock", &path, &error))?;
        let keys = doomed.keys()?;
        for (key, scope) in &keys {
            self.rescue(&mut doomed, *key, scope)?;
            self.shared.vault.keys.destroy(*key)?;
            self.shared.vault.blobs.remove_of(*key)?;
            doomed.close(*key)?;
        }
        Ok(keys.len() as u64)
    }

    /// Moves what stays from a doomed key to the live one of its scope.
    fn rescue(&self, doomed: &mut Doomed, old: u64, scope: &str) -> Result<(), Error> {
        let Lookup::Key(old_key) = self.shared.vault.keys.key(old)? else { return Ok(()) };
        let mut new: Option<(u64, DataKey)> = None;
        let mut after = -1;
        loop {
            let staying = doomed.staying(old, after)?;
            let Some(last) = staying.last() else { return Ok(()) };
            after = last.place;
            let new = match &new {
                Some(new) => new,
                None => new.insert(self.successor(doomed, scope)?),
            };
            let mut moved = Vec::new();
            for blob in &staying {
                let Some(commitment) = self.commitment(blob.seq, blob.n)? else { continue };
                if let Some(sealed) = self.move_blob((old, &old_key), new, &commitment, (blob.seq, blob.n))? {
                    moved.push((blob.place, sealed));
                }
            }
            if moved.iter().any(|(_, blob)| blob.bytes.is_none()) {
                self.shared.vault.blobs.sync()?;
            }
            doomed.replace(old, &moved)?;
        }
    }

    fn successor(&self, doomed: &mut Doomed, scope: &str) -> Result<(u64, DataKey), Error> {
        let number = doomed.successor(scope)?;
        self.shared.vault.keys.ensure(number)?;
        match self.shared.vault.keys.key(number)? {
            Lookup::Key(key) => Ok((number, key)),
            Lookup::Destroyed | Lookup::Lost => {
                let problem = format!("it has lost the key {number}: put it back from its newest copy");
                Err(Error::BlobKeys { path: self.shared.vault.keys.path().to_owned(), problem })
            }
        }
    }

    /// A blob under the new key; `None` where it can't be read, and stays as it is: verification names it.
    fn move_blob(
        &self,
        (old, old_key): (u64, &DataKey),
        (new, new_key): &(u64, DataKey),
        commitment: &Commitment,
        (seq, n): (u64, usize),
    ) -> Result<Option<SealedBlob>, Error> {
        let blobs = &self.shared.vault.blobs;
        let Some(row) = self.read(|reader| reader.blob(seq, n))?.filter(|row| row.key == old) else { return Ok(None) };
        let sealed = match row.bytes {
            Some(bytes) => Some(bytes),
            None => blobs.read_blob(commitment, old)?,
        };
        let Some(blob) = sealed.and_then(|sealed| vault::open(old_key, commitment, &sealed)) else { return Ok(None) };
        let bytes = vault::seal_again(new_key, commitment, &blob)?;
        if BlobFolder::is_inline(&blob.bytes) {
            return Ok(Some(SealedBlob { key: *new, bytes: Some(bytes) }));
        }
        blobs.put_blob(commitment, *new, &bytes)?;
        Ok(Some(SealedBlob { key: *new, bytes: None }))
    }

    fn commitment(&self, seq: u64, n: usize) -> Result<Option<Commitment>, Error> {
        Ok(self.entry(seq)?.and_then(|entry| entry.blobs.get(n).copied()))
    }
}
