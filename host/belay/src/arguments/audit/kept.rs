//! A checkpoint that a reviewer kept, given as a file.

use std::path::Path;

use belay_runtime::api::Error;

/// A file that looks like a checkpoint; whether it is this log's, and signed, is verified later.
pub(super) struct KeptCheckpoint {
    /// All of it.
    pub(super) text: String,
    /// How many entries the log had.
    pub(super) size: u64,
}

impl KeptCheckpoint {
    /// Reads a file.
    pub(super) fn read(file: &Path) -> Result<Self, Error> {
        let text = super::read(file)?;
        let size = size_of(&text).ok_or_else(|| {
            Error::usage(format!("{} is no checkpoint: origin, number of entries, root and signatures", file.display()))
                .next("name a copy of the file log/checkpoint, or of the one in an evidence file")
        })?;
        Ok(Self { text, size })
    }
}

/// The second line of a [checkpoint](https://c2sp.org/tlog-checkpoint), where signatures follow after an empty line.
fn size_of(text: &str) -> Option<u64> {
    let (head, signatures) = text.split_once("\n\n")?;
    let size = head.lines().nth(1)?.parse().ok()?;
    signatures.starts_with("— ").then_some(size)
}

#[cfg(test)]
mod tests {
    use super::size_of;

    #[test]
    fn a_checkpoint_says_how_many_entries_there_were() {
        assert_eq!(size_of("belay/shop\n17\nAAAA=\n\n— belay/shop AAAA\n"), Some(17));
        for text in
            ["", "belay/shop\n17\nAAAA=\n", "belay/shop\nmany\nAAAA=\n\n— a b\n", "one\n\n— a b\n", "a\n1\nb\n\nc"]
        {
            assert_eq!(size_of(text), None, "{text}");
        }
    }
}
