use std::convert::Infallible;

use belay_domain::digest::Digest;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;

use super::*;

/// Every level of tiles of a tree of `size` leaves.
pub(super) struct Tiles(Vec<Vec<Digest>>);

impl Tiles {
    pub(super) fn build(size: u64) -> (Self, Frontier) {
        let mut levels = vec![Vec::new(); 4];
        let mut frontier = Frontier::default();
        for seq in 0..size {
            let entry = seq.to_be_bytes();
            levels[0].push(leaf(&entry));
            frontier.push(&entry, |done| {
                assert_eq!(done.index, levels[done.level as usize].len() as u64);
                levels[done.level as usize].push(done.hash);
            });
        }
        (Self(levels), frontier)
    }

    pub(super) fn hashes(&self) -> impl FnMut(u32, u64, u64) -> Result<Vec<Digest>, Infallible> + '_ {
        |level, from, to| Ok(self.0[level as usize][from as usize..to as usize].to_vec())
    }
}

fn oracle(size: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..size).for_each(|seq| tree.push(seq.to_be_bytes().to_vec()));
    tree
}

fn bytes(proof: &[Digest]) -> Vec<u8> {
    proof.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

#[test]
fn roots_are_those_of_another_implementation() {
    for size in [0, 1, 2, 3, 4, 5, 7, 255, 256, 257, 511, 512, 65_536, 65_537, 70_000] {
        let (tiles, frontier) = Tiles::build(size);
        let head = frontier.head();
        assert_eq!(head.root.as_bytes()[..], oracle(size).root().as_bytes()[..], "{size}");
        assert_eq!(range(0, size, &mut tiles.hashes()), Ok(head.root), "{size}");
    }
}

#[test]
fn seventy_thousand_entries_fill_the_tiles_that_the_specification_counts() {
    let (tiles, _) = Tiles::build(70_000);
    let widths: Vec<_> = tiles.0.iter().map(|level| (level.len() / 256, level.len() % 256)).collect();
    assert_eq!(widths, [(273, 112), (1, 17), (0, 1), (0, 0)]);
}

#[test]
fn inclusion_proofs_are_those_of_another_implementation_and_verify() {
    for size in [1, 2, 3, 7, 8, 255, 256, 257, 1_000] {
        let (tiles, frontier) = Tiles::build(size);
        let (oracle, head) = (oracle(size), frontier.head());
        for index in (0..size).step_by(1 + size as usize / 50).chain([size - 1]) {
            let proof = inclusion(index, size, &mut tiles.hashes()).unwrap();
            assert_eq!(bytes(&proof), oracle.prove_inclusion(index as usize).as_bytes(), "{index} of {size}");
            let leaf = leaf(&index.to_be_bytes());
            assert_eq!(verify_inclusion(&leaf, index, &head, &proof), Ok(()));
            assert!(verify_inclusion(&leaf, index + 1, &head, &proof).is_err());
            assert!(verify_inclusion(&head.root, index, &head, &proof).is_err() || size == 1);
            let longer = [proof.as_slice(), &[head.root]].concat();
            assert!(verify_inclusion(&leaf, index, &head, &longer).is_err());
        }
    }
}

#[test]
fn consistency_proofs_are_those_of_another_implementation_and_verify() {
    for new in [1_u64, 2, 3, 7, 8, 255, 256, 257, 1_000] {
        let (tiles, frontier) = Tiles::build(new);
        let (oracle, head) = (oracle(new), frontier.head());
        for old in (1..=new).step_by(1 + new as usize / 50) {
            let proof = consistency(old, new, &mut tiles.hashes()).unwrap();
            assert_eq!(bytes(&proof), oracle.prove_consistency((new - old) as usize).as_bytes(), "{old} in {new}");
            let before = Tiles::build(old).1.head();
            assert_eq!(verify_consistency(&before, &head, &proof), Ok(()), "{old} in {new}");
            let forged = TreeHead { root: head.root, ..before };
            assert!(old == new || verify_consistency(&forged, &head, &proof).is_err());
        }
        assert_eq!(verify_consistency(&Frontier::default().head(), &head, &[]), Ok(()));
    }
}

proptest::proptest! {
    #[test]
    fn no_proof_of_anything_panics(
        old in proptest::num::u64::ANY,
        new in proptest::num::u64::ANY,
        hashes in proptest::collection::vec(proptest::array::uniform32(0_u8..), 0..70),
    ) {
        let proof: Vec<_> = hashes.into_iter().map(Digest::from_bytes).collect();
        let head = |size| TreeHead { size, root: empty() };
        let _ = verify_inclusion(&empty(), old, &head(new), &proof);
        let _ = verify_consistency(&head(old), &head(new), &proof);
    }
}
