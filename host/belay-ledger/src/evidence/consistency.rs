//! Proofs that one tree is the beginning of another, as text. RFC 9162 says which hashes; how they are written down is ours,
//! since no specification says it.

use belay_domain::digest::Digest;

use super::proof::{InvalidText, hash, hashes, number, written};
use crate::tree::{InvalidProof, TreeHead, verify_consistency};

const FIRST_LINE: &str = "belay consistency v1";

/// A proof that somebody wrote down: `belay consistency v1`, `old SIZE ROOT`, `new SIZE ROOT`, then a hash on each line,
/// all in base64.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsistencyProof {
    /// The earlier tree.
    pub old: TreeHead,
    /// The tree that it is the beginning of.
    pub new: TreeHead,
    /// RFC 9162, section 2.1.4.
    pub hashes: Vec<Digest>,
}

impl ConsistencyProof {
    /// Whether it proves what it says.
    pub fn check(&self) -> Result<(), InvalidProof> {
        verify_consistency(&self.old, &self.new, &self.hashes)
    }
}

impl std::fmt::Display for ConsistencyProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        writeln!(f, "old {} {}", self.old.size, written(&self.old.root))?;
        writeln!(f, "new {} {}", self.new.size, written(&self.new.root))?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", written(hash)))
    }
}

impl std::str::FromStr for ConsistencyProof {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let mut lines = text.strip_suffix('\n').ok_or(InvalidText("its last line does not end"))?.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(InvalidText("its first line is not belay consistency v1"));
        }
        let old = head(lines.next(), "old ").ok_or(InvalidText("no line with the old tree"))?;
        let new = head(lines.next(), "new ").ok_or(InvalidText("no line with the new tree"))?;
        Ok(Self { old, new, hashes: hashes(lines)? })
    }
}

fn head(line: Option<&str>, first: &str) -> Option<TreeHead> {
    let (size, root) = line?.strip_prefix(first)?.split_once(' ')?;
    Some(TreeHead { size: number(size)?, root: hash(root)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_survives_its_text() {
        let head = |size| TreeHead { size, root: Digest::of(&[1]) };
        let proof = ConsistencyProof { old: head(3), new: head(9), hashes: vec![Digest::of(b"a")] };
        assert_eq!(proof.to_string().parse(), Ok(proof));
    }
}
