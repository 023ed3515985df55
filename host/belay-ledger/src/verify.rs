//! Verification: of a state folder, or of a published log alone. Repairs nothing, changes nothing, trusts nothing but the
//! key.

mod ahead;
mod blobs;
mod chain;
mod clock;
mod contents;
mod files;
mod group;
mod kept;
mod keys;
mod leftover;
mod pass;
mod report;
mod roots;
mod truth;

use std::path::Path;

pub use blobs::Blobs;
pub use clock::ClockStep;
pub use kept::{Estranged, begins_with};
pub use report::{Finding, Place, Report};

use crate::note::Verifier;
use crate::store::{DATABASE, Meta};
use crate::vault::KeyFile;
use contents::Contents;
use files::LogFiles;
use pass::Pass;

/// Verifies a state folder, or the folder of a published log, and says what is wrong, where, and what is still proven.
///
/// Checked are the checkpoint's signature, every tile and entry bundle against the signed root, the form and sequence of
/// all entries, and that every outcome closes one intent; in a state folder the database too, with the entries that are
/// not published yet, every object, and that every blob is there or was taken away with authority. `key` is the key to
/// believe; without it the one that lies beside the log is used, which shows damage, but not forgery by somebody who
/// replaced it. A key that the log had earlier is as good, as long as entries lead from it to the present one. Blobs are
/// not read; see [`verify_blobs`].
pub fn verify(folder: &Path, key: Option<&Verifier>) -> Report {
    run(folder, key, None)
}

/// [`verify`] of a state folder whose signing key lies at `signing_key`: with the blobs' keys, which lie beside that file,
/// every blob is read and held against its commitment. Without a usable file of keys they are not read.
pub fn verify_blobs(folder: &Path, key: Option<&Verifier>, signing_key: &Path) -> Report {
    run(folder, key, KeyFile::open(&KeyFile::beside(signing_key), folder).ok())
}

fn run(folder: &Path, key: Option<&Verifier>, blob_keys: Option<KeyFile>) -> Report {
    let mut report = Report::default();
    let state = folder.join(DATABASE).exists();
    let files = if state {
        LogFiles::new(&crate::publish::log_folder(folder), Path::new("log"))
    } else {
        LogFiles::new(folder, Path::new(""))
    };
    let (contents, named) = if state { open(folder, blob_keys, &mut report) } else { (None, None) };
    let signed = keys::open(&files, key, &mut report);
    report.checkpoint = signed.as_ref().map(|signed| signed.head);
    leftover::check(&files, &mut report);
    let head = report.checkpoint;
    let mut report = Pass::new(&files, contents, head, report).run();
    keys::check(signed.as_ref(), named.as_deref(), &files, &mut report);
    report
}

/// The root of the first `wanted` entries of a state folder's log, or of a published log, which has been verified and has
/// `size` entries.
pub fn root_of_first(folder: &Path, size: u64, wanted: u64) -> Result<belay_domain::digest::Digest, String> {
    let log = crate::publish::log_folder(folder);
    let folder = if folder.join(DATABASE).exists() { &log } else { folder };
    roots::of_tiles(&LogFiles::new(folder, Path::new("")), size, wanted)
}

/// The same for the log in an evidence file.
pub(crate) fn root_within(
    archive: &crate::evidence::Archive,
    size: u64,
    wanted: u64,
) -> Result<belay_domain::digest::Digest, String> {
    roots::of_tiles(&LogFiles::within(archive, "log"), size, wanted)
}

/// Verifies the log in an evidence file, whose checkpoint has been checked and says `head`.
pub(crate) fn verify_log_within(archive: &crate::evidence::Archive, head: crate::tree::TreeHead) -> Report {
    let report = Report { checkpoint: Some(head), ..Report::default() };
    Pass::new(&LogFiles::within(archive, "log"), None, Some(head), report).run()
}

/// The database, and the key that it names.
fn open(folder: &Path, blob_keys: Option<KeyFile>, report: &mut Report) -> (Option<Contents>, Option<String>) {
    let opened = Contents::open(folder, blob_keys).and_then(|contents| {
        let database = crate::store::Database::of(folder);
        let meta = Meta::read(contents.reader.connection(), &database).map_err(|error| error.to_string())?;
        Ok((contents, meta))
    });
    match opened {
        Ok((contents, meta)) => (Some(contents), Some(meta.verifier)),
        Err(problem) => {
            report.find(Place::Database, problem);
            (None, None)
        }
    }
}
