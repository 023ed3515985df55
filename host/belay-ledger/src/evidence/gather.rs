//! What goes into a file: chosen entries, their proofs, and what they name. Never decides which, and changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use belay_domain::digest::Digest;
use belay_domain::json::Json;

use super::manifest::{FORMAT, VERSION};
use super::tiles::Tiles;
use super::{
    BLOBS, BlobLine, BlobState, CHECKPOINT, ConsistencyProof, InclusionProof, MANIFEST, Manifest, ObjectState,
    PUBLIC_KEY, Pack, VERIFIER, blob_path, consistency_path, entry_path, object_path, proof_path,
};
use crate::entry::Entry;
use crate::error::Error;
use crate::ledger::{FoundBlob, Ledger, SignedCheckpoint};
use crate::tree::{self, TreeHead};

/// What goes into a file.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Which entries, by number.
    pub entries: BTreeSet<u64>,
    /// Whether what may hold somebody's data goes in.
    pub with_blobs: bool,
    /// Objects that stay outside, such as large components.
    pub withheld: BTreeSet<Digest>,
    /// Sizes that the log had at earlier moments: that it was then the beginning of what it is now is proven for each.
    /// Larger ones than the log has are left out.
    pub earlier: BTreeSet<u64>,
    /// Whether the whole log goes in: every entry's text, and no more blobs or objects.
    pub with_log: bool,
    /// What was asked for; stands in the manifest.
    pub about: Json,
}

/// Whether a path is a file, and so evidence if anything, rather than a log's folder.
pub fn is_evidence(path: &Path) -> bool {
    path.is_file()
}

impl<W: Write> Pack<W> {
    /// Adds entries with their proofs, all that they name, the checkpoint and the key, and the manifest that says so. The
    /// changes of the log's key go in too: whoever trusts an earlier key follows them.
    ///
    /// # Errors
    /// Where an entry is not there, the ledger is damaged, or the file can't be written.
    pub fn gather(&mut self, ledger: &Ledger, selection: &Selection) -> Result<SignedCheckpoint, Error> {
        let checkpoint = ledger.checkpoint_now()?;
        let key = ledger.verifier();
        let mut selection = selection.clone();
        selection.entries.extend(ledger.key_changes()?.into_iter().filter(|seq| *seq < checkpoint.head.size));
        let selection = &selection;
        self.add(CHECKPOINT, checkpoint.note.as_bytes())?;
        self.add(VERIFIER, format!("{key}\n").as_bytes())?;
        self.add(PUBLIC_KEY, pem(key.public_key()).as_bytes())?;
        let mut named = Named::default();
        for seq in &selection.entries {
            let missing = || Error::Invalid(format!("there is no entry {seq}"));
            let bytes = ledger.entry_bytes(*seq)?.ok_or_else(missing)?;
            let entry = Entry::parse(&bytes).map_err(|error| Error::Corrupt(error.to_string()))?;
            self.add(&entry_path(*seq), &bytes)?;
            self.add_blobs(ledger, &entry, selection, &mut named)?;
            self.add_objects(ledger, &entry, selection, &mut named)?;
        }
        self.add_proofs(ledger, selection, &checkpoint)?;
        if selection.with_log {
            self.add_log(ledger, &checkpoint)?;
        }
        self.add(BLOBS, canonical(&named.blobs)?.as_bytes())?;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: VERSION,
            origin: key.name().to_owned(),
            size: checkpoint.head.size,
            root: checkpoint.head.root,
            entries: selection.entries.iter().copied().collect(),
            objects: named.objects,
            with_log: selection.with_log,
            about: selection.about.clone(),
        };
        self.add(MANIFEST, canonical(&manifest)?.as_bytes())?;
        Ok(checkpoint)
    }

    fn add_proofs(&mut self, ledger: &Ledger, chosen: &Selection, to: &SignedCheckpoint) -> Result<(), Error> {
        ledger.read(|reader| {
            let size = to.head.size;
            let mut tiles = Tiles::new(reader, size);
            let mut hashes = |level, from, to| tiles.hashes(level, from, to);
            for seq in &chosen.entries {
                let proof = InclusionProof {
                    index: *seq,
                    hashes: tree::inclusion(*seq, size, &mut hashes)?,
                    checkpoint: to.note.clone(),
                };
                self.add(&proof_path(*seq), proof.to_string().as_bytes())?;
            }
            for earlier in chosen.earlier.iter().filter(|earlier| (1..=size).contains(*earlier)) {
                let old = TreeHead { size: *earlier, root: tree::range(0, *earlier, &mut hashes)? };
                let proof = tree::consistency(*earlier, size, &mut hashes)?;
                let proof = ConsistencyProof { old, new: to.head, hashes: proof };
                self.add(&consistency_path(*earlier), proof.to_string().as_bytes())?;
            }
            Ok(())
        })
    }

    fn add_blobs(
        &mut self,
        ledger: &Ledger,
        entry: &Entry,
        selection: &Selection,
        named: &mut Named,
    ) -> Result<(), Error> {
        for commitment in &entry.blobs {
            let line = |state| BlobLine { commitment: *commitment, entry: entry.seq, state, name: None, salt: None };
            let found = ledger.blob(entry, commitment)?;
            named.blobs.push(match found {
                FoundBlob::Redacted { .. } => line(BlobState::Redacted),
                FoundBlob::Missing { .. } => line(BlobState::Missing),
                FoundBlob::Present(_) if !selection.with_blobs => line(BlobState::Withheld),
                FoundBlob::Present(blob) => {
                    self.add(&blob_path(commitment), &blob.bytes)?;
                    let salt = blob.salt.0.iter().map(|byte| format!("{byte:02x}")).collect();
                    BlobLine { name: Some(blob.name), salt: Some(salt), ..line(BlobState::Present) }
                }
            });
        }
        Ok(())
    }

    fn add_objects(
        &mut self,
        ledger: &Ledger,
        entry: &Entry,
        selection: &Selection,
        named: &mut Named,
    ) -> Result<(), Error> {
        for digest in &entry.objects {
            if named.objects.contains_key(digest) {
                continue;
            }
            let state = if selection.withheld.contains(digest) {
                ObjectState::Withheld
            } else if let Some(bytes) = ledger.object(digest)? {
                self.add(&object_path(digest), &bytes)?;
                ObjectState::Present
            } else {
                ObjectState::Missing
            };
            named.objects.insert(*digest, state);
        }
        Ok(())
    }

    /// The published log as it is at the checkpoint, tile by tile.
    fn add_log(&mut self, ledger: &Ledger, checkpoint: &SignedCheckpoint) -> Result<(), Error> {
        self.add(&format!("log/{CHECKPOINT}"), checkpoint.note.as_bytes())?;
        self.add(&format!("log/{VERIFIER}"), format!("{}\n", ledger.verifier()).as_bytes())?;
        ledger.read(|reader| {
            crate::publish::each_tile(reader, 0, checkpoint.head.size, |tile, bytes| {
                self.add(&format!("log/{}", tile.path().display()), bytes)
            })
        })
    }
}

/// What the entries name, and what became of it.
#[derive(Default)]
struct Named {
    blobs: Vec<BlobLine>,
    objects: BTreeMap<Digest, ObjectState>,
}

fn canonical(value: &impl serde::Serialize) -> Result<String, Error> {
    Ok(Json::from(value).map_err(|error| Error::Invalid(error.to_string()))?.canonical())
}

/// An Ed25519 key as openssl reads it: RFC 8410, section 4, in PEM.
pub(super) fn pem(key: &[u8; 32]) -> String {
    const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let text = STANDARD.encode([PREFIX.as_slice(), key].concat());
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}
