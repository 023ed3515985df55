//! Encrypts the blobs of a group before its transaction begins, so that nobody waits for the database meanwhile. Never
//! decides alone which key is a scope's: the transaction checks the claims.

use std::collections::HashMap;

use belay_domain::digest::Commitment;

use crate::entry::Prepared;
use crate::error::Error;
use crate::store::{BlobFolder, BlobRow, Claim, SealedBlob, Writing};
use crate::vault::{self, DataKey, KeyFile, Lookup, OpenBlob, Scope};

/// Where blobs and their keys lie.
#[derive(Clone)]
pub(crate) struct Vault {
    pub(crate) blobs: BlobFolder,
    pub(crate) keys: KeyFile,
}

/// The blobs of a group's entries as they are stored, and the keys that this takes.
pub(super) struct Sealing {
    /// For each entry, in order.
    pub(super) blobs: Vec<Vec<SealedBlob>>,
    pub(super) claims: Vec<Claim>,
}

impl Vault {
    /// Encrypts the blobs of entries, and makes the large ones durable.
    pub(super) fn seal<'a>(
        &self,
        entries: impl Iterator<Item = &'a Prepared>,
        writing: &Writing,
    ) -> Result<Sealing, Error> {
        let mut keys = Keys { vault: self, writing, known: HashMap::new(), new: 0 };
        let (mut blobs, mut stored) = (Vec::new(), false);
        for entry in entries {
            stored |= self.blobs.put_objects(entry)?;
            if entry.blobs.is_empty() {
                blobs.push(Vec::new());
                continue;
            }
            let (number, key) = keys.of(&entry.scope)?;
            stored |= entry.blobs.iter().any(|blob| !BlobFolder::is_inline(&blob.bytes));
            let sealed = entry.blobs.iter().map(|blob| {
                let bytes = vault::seal(&key, blob)?;
                if BlobFolder::is_inline(&blob.bytes) {
                    return Ok(SealedBlob { key: number, bytes: Some(bytes) });
                }
                self.blobs.put_blob(&blob.commitment, number, &bytes)?;
                Ok(SealedBlob { key: number, bytes: None })
            });
            blobs.push(sealed.collect::<Result<_, Error>>()?);
        }
        if stored {
            self.blobs.sync()?;
        }
        let claims = keys.known.into_iter().map(|(scope, (key, _))| Claim { scope, key }).collect();
        Ok(Sealing { blobs, claims: in_order(claims) })
    }
}

impl Vault {
    /// What a blob's row holds; the inner error says what is wrong with it.
    pub(crate) fn open(&self, commitment: &Commitment, row: &BlobRow) -> Result<Result<OpenBlob, String>, Error> {
        let file;
        let sealed = match &row.bytes {
            Some(bytes) => bytes,
            None => match self.blobs.read_blob(commitment, row.key)? {
                Some(bytes) => {
                    file = bytes;
                    &file
                }
                None => return Ok(Err("its file is missing".to_owned())),
            },
        };
        Ok(match self.keys.key(row.key)? {
            Lookup::Key(key) => vault::open(&key, commitment, sealed).ok_or_else(|| "its bytes do not fit".to_owned()),
            Lookup::Destroyed => Err(format!("its key, number {}, was destroyed", row.key)),
            Lookup::Lost => Err(format!("its key, number {}, is lost", row.key)),
        })
    }
}

/// New keys are claimed in the order of their numbers.
fn in_order(mut claims: Vec<Claim>) -> Vec<Claim> {
    claims.sort_by_key(|claim| claim.key);
    claims
}

/// The keys that a group needs.
struct Keys<'a> {
    vault: &'a Vault,
    writing: &'a Writing,
    known: HashMap<Scope, (u64, DataKey)>,
    /// How many scopes get their first key.
    new: u64,
}

impl Keys<'_> {
    fn of(&mut self, scope: &Scope) -> Result<(u64, DataKey), Error> {
        if let Some(known) = self.known.get(scope) {
            return Ok(known.clone());
        }
        let number = match self.writing.live_key(scope)? {
            Some(number) => number,
            None => {
                let number = self.writing.next_key()? + self.new;
                self.new += 1;
                self.vault.keys.ensure(number)?;
                number
            }
        };
        let Lookup::Key(key) = self.vault.keys.key(number)? else {
            let problem = format!("it has lost the key {number}: put it back from its newest copy");
            return Err(Error::BlobKeys { path: self.vault.keys.path().to_owned(), problem });
        };
        self.known.insert(scope.clone(), (number, key.clone()));
        Ok((number, key))
    }
}
