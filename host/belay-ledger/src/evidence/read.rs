//! A file as a source of entries, blobs and objects. What it gives was checked against what names it, or it gives nothing.

use std::collections::BTreeMap;
use std::path::Path;

use belay_domain::digest::{Commitment, Digest, Salt};
use belay_domain::json::Json;
use serde::de::DeserializeOwned;

use super::archive::{Archive, NotEvidence};
use super::manifest::{FORMAT, VERSION};
use super::{BLOBS, BlobLine, BlobState, MANIFEST, Manifest, blob_path, consistency_path, entry_path, object_path};
use crate::entry::{Entry, MAX_BYTES};
use crate::evidence::ConsistencyProof;
use crate::keys::{KeyChain, KeyChange};
use crate::kind::{KEY_COMPROMISED, KEY_ROTATED};
use crate::note::Verifier;
use crate::tree::TreeHead;

/// The largest list in a file, in bytes: a manifest and `blobs.json` of a few million lines.
const MAX_LIST: u64 = 512 << 20;
/// The largest text that is read as text, in bytes.
const MAX_TEXT: u64 = 1 << 20;

/// A file, opened.
#[derive(Debug)]
pub struct Evidence {
    pub(super) archive: Archive,
    pub(super) manifest: Result<Manifest, String>,
    pub(super) blobs: Result<BTreeMap<(u64, Commitment), BlobLine>, String>,
}

impl Evidence {
    /// Opens a file and reads what it says of itself. Believes nothing of it.
    ///
    /// # Errors
    /// Where it can't be read, or does not begin as such a file does. One that is damaged further on is opened.
    pub fn open(path: &Path) -> Result<Self, NotEvidence> {
        let archive = Archive::open(path)?;
        let manifest = list::<Manifest>(&archive, MANIFEST).and_then(|manifest| {
            if manifest.format == FORMAT && manifest.version == VERSION {
                Ok(manifest)
            } else {
                Err(format!("it is {} {}, and this belay reads {FORMAT} {VERSION}", manifest.format, manifest.version))
            }
        });
        let blobs = list::<Vec<BlobLine>>(&archive, BLOBS)
            .map(|lines| lines.into_iter().map(|line| ((line.entry, line.commitment), line)).collect());
        Ok(Self { archive, manifest, blobs })
    }

    /// What the file says of itself, where that can be read.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref().ok()
    }

    /// The numbers of the entries in it, as it says.
    pub fn entries(&self) -> &[u64] {
        self.manifest.as_ref().map_or(&[], |manifest| &manifest.entries)
    }

    /// An entry's bytes, unproven.
    pub fn entry_bytes(&self, seq: u64) -> Result<Vec<u8>, String> {
        self.archive.read(&entry_path(seq), MAX_BYTES as u64)
    }

    /// An entry, unproven; `None` where it is not there or no entry.
    pub fn entry(&self, seq: u64) -> Option<Entry> {
        Entry::parse(&self.entry_bytes(seq).ok()?).ok().filter(|entry| entry.seq == seq)
    }

    /// The keys that the log has had, as the entries in the file tell; `only`, where they tell of no change. Each change is
    /// signed by the key before it, and needs no other proof.
    pub fn keys(&self, only: &Verifier) -> KeyChain {
        let entries = self.entries().iter().filter_map(|seq| self.entry(*seq));
        let changes = entries.filter(|entry| [KEY_ROTATED, KEY_COMPROMISED].contains(&entry.kind.as_str()));
        let changes: Vec<(u64, KeyChange)> =
            changes.filter_map(|entry| Some((entry.seq, entry.body.to().ok()?))).collect();
        let chain = KeyChain::following(changes.iter().map(|(seq, change)| (*seq, change)), only);
        chain.unwrap_or_else(|_| KeyChain::of(only.clone()))
    }

    /// What became of a blob, as the file says.
    pub fn blob_state(&self, entry: u64, commitment: &Commitment) -> Option<BlobState> {
        Some(self.line(entry, commitment)?.state)
    }

    /// The name and bytes of a blob that an entry names, if they are there, fit, and are no longer than `most`.
    pub fn blob(&self, entry: u64, commitment: &Commitment, most: u64) -> Option<(String, Vec<u8>)> {
        let line = self.line(entry, commitment)?;
        let (name, salt) = (line.name.clone()?, salt(line.salt.as_deref()?)?);
        let bytes = self.archive.read(&blob_path(commitment), most).ok()?;
        (Commitment::to(&salt, &name, &bytes) == *commitment).then_some((name, bytes))
    }

    /// An object's bytes, if they are there, fit, and are no longer than `most`.
    pub fn object(&self, digest: &Digest, most: u64) -> Option<Vec<u8>> {
        let bytes = self.archive.read(&object_path(digest), most).ok()?;
        (Digest::of(&bytes) == *digest).then_some(bytes)
    }

    /// The proof that an earlier tree of this size is the beginning of the checkpoint's; `None` where there is none, or
    /// none that can be read. Whether it proves that is for the caller to check.
    pub fn consistency(&self, size: u64) -> Option<ConsistencyProof> {
        self.text(&consistency_path(size)).ok()?.parse().ok()
    }

    /// The root of the log's first so many entries, where the whole log is there and was verified, or an earlier tree of
    /// that size is proven to be the beginning of the checkpoint's.
    pub fn root_of_first(&self, head: &TreeHead, wanted: u64) -> Result<Digest, String> {
        if wanted == head.size {
            return Ok(head.root);
        }
        if let Some(proof) = self.consistency(wanted) {
            let proven = proof.new == *head && proof.check().is_ok();
            return if proven {
                Ok(proof.old.root)
            } else {
                Err("the proof of it in the file proves nothing".to_owned())
            };
        }
        if self.manifest().is_some_and(|manifest| manifest.with_log) {
            return crate::verify::root_within(&self.archive, head.size, wanted);
        }
        Err("the file has neither the whole log nor a proof of it: ask for one made with --since or --with-log"
            .to_owned())
    }

    /// A member's text, unproven.
    pub fn text(&self, path: &str) -> Result<String, String> {
        self.archive.text(path, MAX_TEXT)
    }

    /// The paths of all members, below the file's folder.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.archive.paths()
    }

    pub(super) fn line(&self, entry: u64, commitment: &Commitment) -> Option<&BlobLine> {
        self.blobs.as_ref().ok()?.get(&(entry, *commitment))
    }
}

fn list<T: DeserializeOwned>(archive: &Archive, path: &str) -> Result<T, String> {
    let bytes = archive.read(path, MAX_LIST)?;
    Json::parse_bytes(&bytes).and_then(|json| json.to()).map_err(|error| error.to_string())
}

/// A salt of 128 bits in hex.
pub(super) fn salt(text: &str) -> Option<Salt> {
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    let mut salt = Salt([0; 16]);
    for (byte, pair) in salt.0.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(salt)
}
