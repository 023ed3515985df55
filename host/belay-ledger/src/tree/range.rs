//! Hashes of ranges of leaves, from the hashes that tiles hold.

use belay_domain::digest::Digest;

use super::{TILE_HEIGHT, empty, node};

/// The root of a list of hashes, as RFC 6962 defines it for leaves.
pub(crate) fn combine(hashes: &[Digest]) -> Digest {
    match hashes {
        [] => empty(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
            node(&combine(left), &combine(right))
        }
    }
}

/// The root of the leaves from `start` up to `end`, where `start` is a multiple of the next power of two, as in every
/// range that RFC 6962 names. `hashes(level, from, to)` gives hashes of one level of tiles.
pub(crate) fn range<E>(
    start: u64,
    end: u64,
    hashes: &mut impl FnMut(u32, u64, u64) -> Result<Vec<Digest>, E>,
) -> Result<Digest, E> {
    let size = end.saturating_sub(start);
    if size == 0 {
        return Ok(empty());
    }
    if size.is_power_of_two() {
        let level = size.ilog2() / TILE_HEIGHT;
        let shift = level * TILE_HEIGHT;
        return Ok(combine(&hashes(level, start >> shift, end >> shift)?));
    }
    let middle = start + split(size);
    Ok(node(&range(start, middle, hashes)?, &range(middle, end, hashes)?))
}

/// The largest power of two below `size`, which is at least 2.
pub(super) const fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
