//! Evidence: some entries of a log with all that a stranger needs to check them, in one file. Never says what an entry
//! means, and never writes outside the file.
//!
//! The file is an uncompressed tar with one folder, so that what everybody has opens it. It has one form only: the same
//! members give the same bytes, and what has another form was changed. `SHA256SUMS` names every other member but the
//! note beside it, which the log's key signed; so every byte is somebody's word.

mod archive;
mod consistency;
mod gather;
mod header;
mod manifest;
mod pack;
mod proof;
mod read;
mod tiles;
mod verify;

pub(crate) use archive::Archive;
pub use archive::NotEvidence;
pub use consistency::ConsistencyProof;
use gather::pem;
pub use gather::{Selection, is_evidence};
pub use manifest::{BlobLine, BlobState, Manifest, ObjectState};
pub use pack::{Pack, Packed};
pub use proof::{InclusionProof, InvalidText};
pub use read::Evidence;
pub(crate) use tiles::Tiles;
pub use verify::{Examined, Tally, verify};

/// The folder that every member lies in.
pub const FOLDER: &str = "evidence";
/// The digests of all members but itself and [`SEAL`], as `sha256sum` writes them.
pub const SUMS: &str = "SHA256SUMS";
/// The signed note over [`SUMS`].
pub const SEAL: &str = "SHA256SUMS.note";
/// What the file is, and what it has.
pub const MANIFEST: &str = "manifest.json";
/// The signed checkpoint that every proof leads to.
pub const CHECKPOINT: &str = "checkpoint";
/// The key that signed it, as signed notes write keys.
pub const VERIFIER: &str = "ledger.vkey";
/// The same key for openssl.
pub const PUBLIC_KEY: &str = "ledger.pub.pem";
/// What became of each blob that the entries name.
pub const BLOBS: &str = "blobs.json";

/// Where an entry's bytes lie.
pub fn entry_path(seq: u64) -> String {
    format!("entries/{seq}.json")
}

/// Where an entry's proof lies.
pub fn proof_path(seq: u64) -> String {
    format!("proofs/{seq}.tlog-proof")
}

/// Where the proof lies that an earlier tree is the beginning of the checkpoint's.
pub fn consistency_path(size: u64) -> String {
    format!("consistency/{size}.proof")
}

/// Where a blob's bytes lie.
pub fn blob_path(commitment: &belay_domain::digest::Commitment) -> String {
    format!("blobs/{commitment}")
}

/// Where an object's bytes lie.
pub fn object_path(digest: &belay_domain::digest::Digest) -> String {
    format!("objects/{digest}")
}

/// What the key signs for a file: the digest of its [`SUMS`]. Its first line keeps it from being read as a checkpoint,
/// whose first line is the log's name.
fn seal_text(sums: &belay_domain::digest::Digest) -> String {
    format!("belay evidence v1\n{sums}\n")
}
