//! Proofs that an entry is in a tree, and that one tree is the beginning of another (RFC 9162, section 2.1).

use belay_domain::digest::Digest;

use super::range::{range, split};
use super::{TreeHead, empty, node};

/// A proof that does not prove what it should.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the proof does not lead to the root")]
pub struct InvalidProof;

/// The proof that leaf `index` is in the tree of `size` leaves, from the leaf to the root.
pub(crate) fn inclusion<E>(
    index: u64,
    size: u64,
    hashes: &mut impl FnMut(u32, u64, u64) -> Result<Vec<Digest>, E>,
) -> Result<Vec<Digest>, E> {
    let (mut start, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(range(middle, end, hashes)?);
            end = middle;
        } else {
            proof.push(range(start, middle, hashes)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `old` leaves is the beginning of the tree of `new` leaves. `0 < old ≤ new`.
pub(crate) fn consistency<E>(
    old: u64,
    new: u64,
    hashes: &mut impl FnMut(u32, u64, u64) -> Result<Vec<Digest>, E>,
) -> Result<Vec<Digest>, E> {
    let (mut start, mut end) = (0, new);
    let mut proof = Vec::new();
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range(middle, end, hashes)?);
            end = middle;
        } else {
            proof.push(range(start, middle, hashes)?);
            start = middle;
        }
    }
    // The verifier has the old root; it needs the last common subtree only where that is not the whole old tree.
    if start != 0 {
        proof.push(range(start, end, hashes)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that the entry with this leaf hash is entry `index` of the tree.
pub fn verify_inclusion(leaf: &Digest, index: u64, head: &TreeHead, proof: &[Digest]) -> Result<(), InvalidProof> {
    if index >= head.size {
        return Err(InvalidProof);
    }
    let (mut at, mut last, mut hash) = (index, head.size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(InvalidProof);
        }
        if at & 1 == 1 || at == last {
            hash = node(sibling, &hash);
            let skipped = if at & 1 == 1 { 0 } else { at.trailing_zeros() };
            (at, last) = (at.checked_shr(skipped).unwrap_or(0), last.checked_shr(skipped).unwrap_or(0));
        } else {
            hash = node(&hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last == 0 && hash == head.root { Ok(()) } else { Err(InvalidProof) }
}

/// Checks that the tree `old` is the beginning of the tree `new`. Every tree begins with the empty one.
pub fn verify_consistency(old: &TreeHead, new: &TreeHead, proof: &[Digest]) -> Result<(), InvalidProof> {
    if old.size == 0 || old.size >= new.size {
        let proven = if old.size == 0 { old.root == empty() } else { old == new };
        return if proven && proof.is_empty() { Ok(()) } else { Err(InvalidProof) };
    }
    let mut path = proof.iter();
    let first = if old.size.is_power_of_two() { old.root } else { *path.next().ok_or(InvalidProof)? };
    let skipped = (old.size - 1).trailing_ones();
    let (mut at, mut last) = ((old.size - 1) >> skipped, (new.size - 1) >> skipped);
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in path {
        if last == 0 {
            return Err(InvalidProof);
        }
        if at & 1 == 1 || at == last {
            old_hash = node(sibling, &old_hash);
            new_hash = node(sibling, &new_hash);
            let skipped = if at & 1 == 1 { 0 } else { at.trailing_zeros() };
            (at, last) = (at.checked_shr(skipped).unwrap_or(0), last.checked_shr(skipped).unwrap_or(0));
        } else {
            new_hash = node(&new_hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last == 0 && old_hash == old.root && new_hash == new.root { Ok(()) } else { Err(InvalidProof) }
}
