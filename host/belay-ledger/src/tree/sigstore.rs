//! The Merkle verifier and the checkpoint reader of sigstore's clients come to our verdict on our proofs, and on forged ones.
//! Sigstore leaves hashing to whoever links it: here it is the `sha2` crate's, so what is compared is the tree.

use std::sync::Once;

use sha2::{Digest as _, Sha256};
use sigstore_crypto::{CryptoProvider, Error, HashContext, Result, SigningScheme, install_default_provider};
use sigstore_merkle::{hash_leaf, verify_consistency_proof, verify_inclusion_proof};
use sigstore_types::{Checkpoint, HashAlgorithm, Sha256Hash};

use super::tests::Tiles;
use super::*;
use crate::note::Signer;

#[derive(Debug)]
struct Sha2;

struct Hashing(Sha256);

impl HashContext for Hashing {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

impl CryptoProvider for Sha2 {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>> {
        if algorithm == HashAlgorithm::Sha2256 {
            return Ok(Box::new(Hashing(Sha256::new())));
        }
        Err(Error::UnsupportedAlgorithm(format!("{algorithm:?}")))
    }

    fn verify_raw(&self, scheme: SigningScheme, _: &[u8], _: &[u8], _: &[u8]) -> Result<()> {
        Err(Error::UnsupportedAlgorithm(format!("{scheme:?}")))
    }

    fn verify_prehashed(&self, scheme: SigningScheme, _: &[u8], _: &[u8], _: &[u8]) -> Result<()> {
        Err(Error::UnsupportedAlgorithm(format!("{scheme:?}")))
    }
}

fn with_hashing() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| assert!(install_default_provider(&Sha2).is_ok()));
}

fn theirs(hash: &Digest) -> Sha256Hash {
    Sha256Hash::new(*hash.as_bytes())
}

fn all(proof: &[Digest]) -> Vec<Sha256Hash> {
    proof.iter().map(theirs).collect()
}

/// What a forger would try: a hash changed, left out, added, moved.
fn forged(proof: &[Digest]) -> Vec<Vec<Digest>> {
    let mut found = vec![[proof, &[empty()]].concat()];
    for at in 0..proof.len() {
        let mut bytes = *proof[at].as_bytes();
        bytes[at % 32] ^= 1;
        found.push([&proof[..at], &[Digest::from_bytes(bytes)], &proof[at + 1..]].concat());
        found.push([&proof[..at], &proof[at + 1..]].concat());
        let mut moved = proof.to_vec();
        moved.rotate_left(at);
        found.push(moved);
    }
    found
}

const SIZES: [u64; 11] = [1, 2, 3, 5, 7, 8, 9, 255, 256, 257, 1_000];

/// Some numbers below `size`, the last among them.
fn some(size: u64) -> impl Iterator<Item = u64> {
    (0..size).step_by(1 + size as usize / 20).chain([size - 1])
}

#[test]
fn both_accept_and_refuse_the_same_proofs_of_inclusion() {
    with_hashing();
    let (mut accepted, mut refused) = (0, 0);
    for size in SIZES {
        let (tiles, frontier) = Tiles::build(size);
        let head = frontier.head();
        for index in some(size) {
            let proof = inclusion(index, size, &mut tiles.hashes()).unwrap();
            let entry = leaf(&index.to_be_bytes());
            assert_eq!(hash_leaf(&index.to_be_bytes()), theirs(&entry));
            let mut agree = |index: u64, size: u64, proof: &[Digest]| {
                let ours = verify_inclusion(&entry, index, &TreeHead { size, ..head }, proof).is_ok();
                let sigstore = verify_inclusion_proof(&theirs(&entry), index, size, &all(proof), &theirs(&head.root));
                assert_eq!(ours, sigstore.is_ok(), "{index} of {size}, {} hashes: {sigstore:?}", proof.len());
                *if ours { &mut accepted } else { &mut refused } += 1;
            };
            agree(index, size, &proof);
            agree(index ^ 1, size, &proof);
            agree(index, size + 1, &proof);
            agree(size, size, &proof);
            forged(&proof).iter().for_each(|proof| agree(index, size, proof));
        }
    }
    assert!(accepted >= 100 && refused >= 1_000, "{accepted} and {refused}");
}

#[test]
fn both_accept_and_refuse_the_same_proofs_of_consistency() {
    with_hashing();
    let (mut accepted, mut refused) = (0, 0);
    for new in SIZES {
        let (tiles, frontier) = Tiles::build(new);
        let head = frontier.head();
        for old in some(new).map(|old| old + 1) {
            let before = Tiles::build(old).1.head();
            let proof = consistency(old, new, &mut tiles.hashes()).unwrap();
            let mut agree = |before: TreeHead, head: TreeHead, proof: &[Digest]| {
                let ours = verify_consistency(&before, &head, proof).is_ok();
                let (first, second) = (theirs(&before.root), theirs(&head.root));
                let sigstore = verify_consistency_proof(before.size, head.size, &all(proof), &first, &second);
                assert_eq!(ours, sigstore.is_ok(), "{old} in {new}, {} hashes: {sigstore:?}", proof.len());
                *if ours { &mut accepted } else { &mut refused } += 1;
            };
            agree(before, head, &proof);
            agree(head, before, &proof);
            agree(TreeHead { root: head.root, ..before }, head, &proof);
            agree(before, TreeHead { root: before.root, ..head }, &proof);
            agree(TreeHead { size: old + 1, ..before }, head, &proof);
            forged(&proof).iter().for_each(|proof| agree(before, head, proof));
        }
    }
    assert!(accepted >= 100 && refused >= 1_000, "{accepted} and {refused}");
}

#[test]
fn our_checkpoint_is_one_to_sigstore() {
    let signer = Signer::new("shop-ml", &[1; 32]).unwrap();
    let head = Tiles::build(257).1.head();
    let note = crate::checkpoint::sign(&head, &signer);
    let read = Checkpoint::from_text(&note).unwrap();
    assert_eq!((read.origin(), read.tree_size()), ("shop-ml", 257));
    assert_eq!(*read.root_hash(), theirs(&head.root));
    let id = read.signatures()[0].key_id.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!((read.signatures().len(), id), (1, signer.verifier().id()));
}
