//! Small files that memory holds already, read on the thread that asks: another would take ten times as long to begin.
//! Never waits for a disk or a network; what would is for a thread to read, which also says what is wrong with it.

use std::io::IoSliceMut;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Statx, StatxFlags, makedev, openat2, statx};
use rustix::io::{ReadWriteFlags, preadv2};
use zeroize::Zeroizing;

/// In bytes: a larger file takes longer to copy than a thread to begin.
const LARGEST: usize = 64 << 10;

/// The file at a path.
pub(crate) fn file(path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    read(|flags| openat2(CWD, path, flags | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::CACHED).ok())
}

/// The file below a folder, to which no link, and no path with `..`, leads out of it.
pub(crate) fn file_beneath(folder: impl AsFd, path: &str) -> Option<Vec<u8>> {
    let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::CACHED;
    let read = read(|flags| openat2(&folder, path, flags | OFlags::CLOEXEC, Mode::empty(), beneath).ok());
    read.map(|mut bytes| std::mem::take(&mut *bytes))
}

/// The device and the number of the folder that has a path now.
pub(crate) fn folder_identity(path: &Path) -> Option<(u64, u64)> {
    let look = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let known = known(&openat2(CWD, path, look, Mode::empty(), ResolveFlags::CACHED).ok()?)?;
    Some((makedev(known.stx_dev_major, known.stx_dev_minor), known.stx_ino))
}

/// What is known of a file without asking a server.
fn known(file: &OwnedFd) -> Option<Statx> {
    statx(file, "", AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC, StatxFlags::BASIC_STATS).ok()
}

/// An ordinary file's bytes, if all of them are in memory. What they hold may be a secret, so that they are never moved,
/// and overwritten where they are not wanted.
fn read(open: impl Fn(OFlags) -> Option<OwnedFd>) -> Option<Zeroizing<Vec<u8>>> {
    // Looked at before it is opened for reading: a file on a network's file system is opened by its server.
    let seen = known(&open(OFlags::PATH)?).filter(is_at_hand)?;
    // Waits neither for the other end of a pipe nor for who holds a lease.
    let file = open(OFlags::RDONLY | OFlags::NONBLOCK)?;
    let opened = known(&file).filter(|opened| opened.stx_ino == seen.stx_ino && is_at_hand(opened))?;
    let size = usize::try_from(opened.stx_size).ok().filter(|size| *size <= LARGEST)?;
    // One byte more, so that a file that grew is not taken for whole.
    let mut bytes = Zeroizing::new(vec![0; size + 1]);
    let count = preadv2(&file, &mut [IoSliceMut::new(&mut bytes)], 0, ReadWriteFlags::NOWAIT).ok()?;
    (count == size).then(|| {
        bytes.truncate(count);
        bytes
    })
}

/// An ordinary file on a disk of this machine. The file systems of networks have no device, and neither have some others.
fn is_at_hand(file: &Statx) -> bool {
    file.stx_dev_major != 0 && FileType::from_raw_mode(file.stx_mode.into()) == FileType::RegularFile
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use rustix::fs::{Timespec, Timestamps, utimensat};

    use super::*;

    #[test]
    fn only_small_ordinary_files_are_read() {
        let Some(dir) = on_a_disk() else { return };
        let path = |name: &str| dir.path().join(name);
        for (name, size) in [("empty", 0), ("one", 1), ("largest", LARGEST)] {
            fs::write(path(name), vec![7; size]).unwrap();
            assert_eq!(sooner_or_later(|| file(&path(name))).as_deref(), Some(&vec![7; size]), "{name}");
        }
        fs::write(path("larger"), vec![7; LARGEST + 1]).unwrap();
        fs::create_dir(path("folder")).unwrap();
        make_pipe(&path("pipe"));
        for name in ["larger", "folder", "pipe", "absent"] {
            assert!(file(&path(name)).is_none(), "{name}");
        }
    }

    #[test]
    fn nothing_leads_out_of_a_folder() {
        let Some(dir) = on_a_disk() else { return };
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(root.join("sub/in"), "in").unwrap();
        fs::write(dir.path().join("out"), "out").unwrap();
        symlink("sub/in", root.join("inside")).unwrap();
        symlink("../out", root.join("outside")).unwrap();
        symlink(dir.path().join("out"), root.join("absolute")).unwrap();
        // That a link was followed is noted on the disk, at most once a day: it was a moment ago.
        let (tv_sec, tv_nsec) = (i64::from(u32::MAX), 0);
        let followed = Timestamps {
            last_access: Timespec { tv_sec, tv_nsec },
            last_modification: Timespec { tv_sec: 0, tv_nsec },
        };
        utimensat(CWD, root.join("inside"), &followed, AtFlags::SYMLINK_NOFOLLOW).unwrap();
        let folder = File::open(&root).unwrap();
        for (key, found) in [
            ("sub/in", Some("in")),
            ("inside", Some("in")),
            ("outside", None),
            ("absolute", None),
            ("../out", None),
            ("sub/../../out", None),
        ] {
            let read = sooner_or_later(|| file_beneath(&folder, key));
            assert_eq!(read.as_deref(), found.map(str::as_bytes), "{key}");
        }
    }

    #[test]
    fn a_folder_is_told_from_the_one_that_took_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root");
        fs::create_dir(&path).unwrap();
        let found = path.metadata().unwrap();
        let first = sooner_or_later(|| folder_identity(&path));
        assert_eq!(first, Some((found.dev(), found.ino())));
        let held = File::open(&path).unwrap();
        fs::remove_dir(&path).unwrap();
        assert_eq!(folder_identity(&path), None);
        fs::create_dir(&path).unwrap();
        let second = sooner_or_later(|| folder_identity(&path));
        assert!(second.is_some() && second != first);
        drop(held);
    }

    /// A folder for files that are read at once; none where those of this machine lie on no disk of its own.
    fn on_a_disk() -> Option<tempfile::TempDir> {
        let dir = tempfile::tempdir().unwrap();
        let made = known(&File::open(dir.path()).unwrap().into()).unwrap();
        (made.stx_dev_major != 0).then_some(dir)
    }

    #[test]
    fn what_is_no_file_on_a_disk_is_not_opened() {
        assert!(Path::new("/proc/version").is_file());
        assert!(file(Path::new("/proc/version")).is_none());
    }

    /// The kernel tells nothing at once while anybody on the machine renames something.
    fn sooner_or_later<T>(tell: impl Fn() -> Option<T>) -> Option<T> {
        (0..1_000).find_map(|_| tell())
    }

    fn make_pipe(path: &Path) {
        rustix::fs::mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
    }
}
