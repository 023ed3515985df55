//! The one form of a member's header. Takes nothing from the clock, the system or the user.

use tar::{EntryType, Header};

/// What a header and all lengths are a multiple of, in bytes.
pub(super) const BLOCK: u64 = 512;
/// What ends the file: two blocks of zeros.
pub(super) const END: usize = 1024;

/// The header of a member. `None` where the path fits no header: more than 100 bytes, or what leads out of the folder.
pub(super) fn header(path: &str, size: u64) -> Option<Header> {
    if !is_plain(path) {
        return None;
    }
    let mut header = Header::new_ustar();
    header.set_path(path).ok()?;
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    Some(header)
}

/// How many zeros follow so many bytes, up to a whole block.
pub(super) const fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK) - size
}

/// Letters, digits, `-`, `_`, `.` between slashes, none of the parts beginning with a point, at most 100 bytes.
fn is_plain(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    path.len() <= 100 && path.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_have_a_header() {
        let long = "a".repeat(101);
        for path in ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".x", "a b", "ä", "a\\b", &long] {
            assert!(header(path, 0).is_none(), "{path}");
        }
        assert!(header("evidence/log/tile/entries/x001/234.p/17", 0).is_some());
        assert_eq!((padding(0), padding(1), padding(512), padding(513)), (0, 511, 0, 511));
    }
}
