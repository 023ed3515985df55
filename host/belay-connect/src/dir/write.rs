//! Writes of objects: staged and synced first, made visible in one step, and then the folder synced. What fails before
//! that step is not applied; what fails in a way that leaves it open, or afterwards, is unknown.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use belay_domain::digest::Digest;
use belay_domain::operation::{Body, Expectation, ObjectWrite, Outcome};
use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{Dir, Metadata, OpenOptions};
use sha2::{Digest as _, Sha256};

use super::stage::{self, Staged};
use super::{DirConnection, Shared, Stopped};
use crate::key;
use crate::permit::Deadline;

impl DirConnection {
    /// Why a write makes no sense here, apart from the list of writes.
    pub(crate) fn admit_write(&self, write: &ObjectWrite) -> Result<(), String> {
        key::admit(write)
    }

    /// Performs a write that was admitted.
    pub(crate) async fn perform(&self, write: ObjectWrite, deadline: Deadline) -> Outcome {
        let point = Arc::new(Point { deadline, passed: AtomicBool::new(false) });
        let theirs = Arc::clone(&point);
        let limit = self.target.timeout;
        let worked = self.blocking(limit, move |shared| apply(shared, &write, &theirs)).await;
        let reason = match worked {
            Ok(Ok(detail)) => return Outcome::Applied { detail: detail.to_owned() },
            Ok(Err(outcome)) => return outcome,
            Err(Stopped::TimedOut) => format!("the directory did not answer within {} ms", limit.as_millis()),
            Err(Stopped::Failed(reason)) => reason,
        };
        // Whoever passes the point first decides: after this the thread can't make anything visible any more.
        if point.is_first() { Outcome::NotApplied { reason } } else { Outcome::Unknown { reason } }
    }
}

/// The point of no return: passed once, either by the work or by whoever stopped waiting for it.
struct Point {
    deadline: Deadline,
    passed: AtomicBool,
}

impl Point {
    fn is_first(&self) -> bool {
        !self.passed.swap(true, Ordering::SeqCst)
    }

    /// Right before something becomes visible.
    fn pass(&self) -> Result<(), Outcome> {
        self.deadline.check()?;
        if self.is_first() { Ok(()) } else { Err(not_applied("it took too long")) }
    }
}

fn apply(shared: &Shared, write: &ObjectWrite, point: &Point) -> Result<&'static str, Outcome> {
    let mut swept = shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
    let (path, name) = key::split(&write.key);
    let root = shared.root.now().map_err(|error| not_applied(error.to_string()))?;
    let folder = open_folder(&root, path).map_err(|error| no_folder(path, &error))?;
    if swept.insert(path.to_owned()) {
        stage::sweep(&folder);
    }
    let present = present(&folder, name)?;
    match (&write.content, &write.expect, &present) {
        (Some(_), Expectation::Absent, Some(_)) => Err(not_applied("already exists")),
        (Some(body), Expectation::Absent, None) => create(&folder, name, body, point),
        (Some(body), Expectation::Anything | Expectation::Bytes(_), _) => {
            replace(&folder, name, body, present.as_ref(), &write.expect, point)
        }
        (None, _, _) => delete(&folder, name, &write.expect, point),
    }
}

/// Follows no link: two keys could name one object.
pub(super) fn open_folder(root: &Dir, path: &str) -> io::Result<Dir> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.fold(root.try_clone(), |folder, part| folder?.open_dir_nofollow(part))
}

fn no_folder(path: &str, error: &io::Error) -> Outcome {
    if error.kind() == io::ErrorKind::NotFound {
        not_applied(format!("the folder `{path}` is not there, and none is created"))
    } else {
        not_applied(format!("the folder `{path}` can't be written through: {error}"))
    }
}

/// The file that has the name now.
fn present(folder: &Dir, name: &str) -> Result<Option<Metadata>, Outcome> {
    match folder.symlink_metadata(name) {
        Ok(metadata) if metadata.is_file() => Ok(Some(metadata)),
        Ok(_) => Err(not_applied("what has this name is not an ordinary file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(not_applied(format!("it can't be looked at: {error}"))),
    }
}

fn create(folder: &Dir, name: &str, body: &Body, point: &Point) -> Result<&'static str, Outcome> {
    let staged = stage(folder, body, None)?;
    point.pass()?;
    if let Err(error) = folder.hard_link(staged.name(), folder, name) {
        let taken = error.kind() == io::ErrorKind::AlreadyExists;
        // A network file system may have linked it, lost the answer, and tried again.
        if !(taken && staged.is(name)) {
            return Err(if taken { not_applied("already exists") } else { at_the_point(&error) });
        }
    }
    // Before the sync, which makes both durable.
    drop(staged);
    sync(folder)?;
    Ok("created")
}

fn replace(
    folder: &Dir,
    name: &str,
    body: &Body,
    like: Option<&Metadata>,
    expect: &Expectation,
    point: &Point,
) -> Result<&'static str, Outcome> {
    // Said before bytes are staged for nothing; compared again after they are.
    compare(folder, name, expect)?;
    let staged = stage(folder, body, like)?;
    compare(folder, name, expect)?;
    point.pass()?;
    folder.rename(staged.name(), folder, name).map_err(|error| at_the_point(&error))?;
    sync(folder)?;
    Ok(if like.is_some() { "replaced" } else { "created" })
}

fn delete(folder: &Dir, name: &str, expect: &Expectation, point: &Point) -> Result<&'static str, Outcome> {
    compare(folder, name, expect)?;
    point.pass()?;
    folder.remove_file(name).map_err(|error| at_the_point(&error))?;
    sync(folder)?;
    Ok("deleted")
}

fn stage<'folder>(folder: &'folder Dir, body: &Body, like: Option<&Metadata>) -> Result<Staged<'folder>, Outcome> {
    Staged::write(folder, &body.0, like)
        .map_err(|error| not_applied(format!("its bytes can't be staged beside it: {error}")))
}

/// Reads the present bytes and holds them against what is expected.
fn compare(folder: &Dir, name: &str, expect: &Expectation) -> Result<(), Outcome> {
    let Expectation::Bytes(expected) = expect else { return Ok(()) };
    match digest_nofollow(folder, name) {
        Ok(Some(found)) if found == *expected => Ok(()),
        Ok(Some(found)) => Err(not_applied(format!(
            "the present bytes have the digest {}, not {}: somebody changed them",
            found.short(),
            expected.short()
        ))),
        Ok(None) => Err(not_applied("nothing has this name any more")),
        Err(error) => Err(not_applied(format!("the present bytes can't be read: {error}"))),
    }
}

/// The digest of an ordinary file's bytes; none where nothing has the name. Follows no link.
pub(super) fn digest_nofollow(folder: &Dir, name: &str) -> io::Result<Option<Digest>> {
    let mut options = OpenOptions::new();
    options.read(true).nonblock(true).follow(FollowSymlinks::No);
    let mut file = match folder.open_with(name, &options) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not an ordinary file"));
    }
    let mut hash = Hash(Sha256::new());
    io::copy(&mut file, &mut hash)?;
    Ok(Some(Digest::from_bytes(hash.0.finalize().into())))
}

/// A hash that bytes can be copied into.
struct Hash(Sha256);

impl io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes the folder's names durable.
pub(super) fn sync_folder(folder: &Dir) -> io::Result<()> {
    // Opened again: what names the folder may be a handle for paths only, which can't be synced.
    folder.open(".")?.sync_all()
}

/// The last step: what it fails to make durable may be gone after a crash.
pub(super) fn sync(folder: &Dir) -> Result<(), Outcome> {
    sync_folder(folder).map_err(|error| Outcome::Unknown {
        reason: format!("it was written, but the folder could not be synced: {error}"),
    })
}

/// The step that makes it visible failed. Only a clear no of the file system means that nothing happened.
pub(super) fn at_the_point(error: &io::Error) -> Outcome {
    use io::ErrorKind as Kind;
    let reason = error.to_string();
    let refused = matches!(
        error.kind(),
        Kind::NotFound
            | Kind::PermissionDenied
            | Kind::AlreadyExists
            | Kind::NotADirectory
            | Kind::IsADirectory
            | Kind::ReadOnlyFilesystem
            | Kind::StorageFull
            | Kind::QuotaExceeded
            | Kind::TooManyLinks
            | Kind::InvalidInput
            | Kind::InvalidFilename
            | Kind::Unsupported
    );
    if refused { Outcome::NotApplied { reason } } else { Outcome::Unknown { reason } }
}

fn not_applied(reason: impl Into<String>) -> Outcome {
    Outcome::NotApplied { reason: reason.into() }
}
