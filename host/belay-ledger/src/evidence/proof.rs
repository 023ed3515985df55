//! Proofs that an entry is in a log, as text: C2SP tlog-proof v1. Reads and writes; what a proof proves is checked against
//! a checkpoint that a key signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use belay_domain::digest::Digest;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// More hashes than a proof in a tree of 2⁶³ leaves has.
const MAX_HASHES: usize = 64;

/// A proof that somebody wrote down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InclusionProof {
    /// The entry's place in the log.
    pub index: u64,
    /// The hashes from the leaf to the root.
    pub hashes: Vec<Digest>,
    /// The signed checkpoint that they lead to.
    pub checkpoint: String,
}

/// Text that is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no proof: {0}")]
pub struct InvalidText(pub(super) &'static str);

impl std::fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{FIRST_LINE}\nindex {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl std::str::FromStr for InclusionProof {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let (proof, checkpoint) = text.split_once("\n\n").ok_or(InvalidText("no empty line before the checkpoint"))?;
        let mut lines = proof.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(InvalidText("its first line is not c2sp.org/tlog-proof@v1"));
        }
        let mut line = lines.next();
        // What an application adds, and this one does not need.
        if line.is_some_and(|line| line.strip_prefix("extra ").is_some_and(|data| STANDARD.decode(data).is_ok())) {
            line = lines.next();
        }
        let index = line.and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(number).ok_or(InvalidText("no line with the index"))?;
        Ok(Self { index, hashes: hashes(lines)?, checkpoint: checkpoint.to_owned() })
    }
}

/// A decimal number without zeros before it.
pub(super) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// Hashes, one on each line.
pub(super) fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Digest>, InvalidText> {
    let hashes: Option<Vec<Digest>> = lines.take(MAX_HASHES + 1).map(hash).collect();
    hashes.filter(|hashes| hashes.len() <= MAX_HASHES).ok_or(InvalidText("a line that is no hash, or too many"))
}

/// A hash in base64.
pub(super) fn hash(text: &str) -> Option<Digest> {
    Some(Digest::from_bytes(STANDARD.decode(text).ok()?.try_into().ok()?))
}

/// A hash as it is written.
pub(super) fn written(hash: &Digest) -> String {
    STANDARD.encode(hash.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_survives_its_text() {
        for hashes in [vec![], vec![Digest::of(b"a"), Digest::of(b"b")]] {
            let proof = InclusionProof { index: 73_894, hashes, checkpoint: "o\n1\nr\n\n\u{2014} o s\n".to_owned() };
            assert_eq!(proof.to_string().parse(), Ok(proof));
        }
    }

    #[test]
    fn what_the_specification_shows_is_read() {
        let text = "c2sp.org/tlog-proof@v1\nextra YWdl\nindex 73894\n\
            gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\n\
            example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n\u{2014} example.com/fancylog x\n";
        let proof: InclusionProof = text.parse().unwrap();
        assert_eq!((proof.index, proof.hashes.len()), (73_894, 2));
        assert!(proof.checkpoint.starts_with("example.com/fancylog\n109482\n"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(c2sp.org/tlog-proof@v1\n|index |[0-9]|\n|.){0,40}") {
            let _ = text.parse::<InclusionProof>();
            let _ = text.parse::<crate::evidence::ConsistencyProof>();
        }
    }
}
