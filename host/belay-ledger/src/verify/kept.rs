//! A checkpoint that somebody kept, held against a log: whoever kept one is a witness. Says which way the two have parted.

use belay_domain::digest::Digest;

use crate::checkpoint;
use crate::keys::{KeyChain, Standing};
use crate::note::{InvalidNote, Verifier};
use crate::tree::TreeHead;

/// How a log is not the one that a kept checkpoint was of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Estranged {
    /// The text is none.
    #[error("what was kept is no checkpoint: {0}")]
    NoCheckpoint(InvalidNote),
    /// Another log's.
    #[error("what was kept is a checkpoint of another log, {kept}; this one is {log}")]
    OtherLog {
        /// Its name.
        kept: String,
        /// This one's.
        log: String,
    },
    /// A key of the same name signed it, and it is not this log's.
    #[error(
        "the checkpoint that was kept was signed by another key than {key}: the key was replaced under the same name, or \
         the log was made anew"
    )]
    OtherKey {
        /// This log's key.
        key: String,
    },
    /// Only a key that was compromised signed it: it could be a thief's.
    #[error(
        "the checkpoint that was kept counts for nothing: only a key signed it that was compromised, says entry {entry}, and \
         it covers {size} entries, more than the first {since}"
    )]
    CutOff {
        /// The entry that says so.
        entry: u64,
        /// How many entries it covers.
        size: u64,
        /// How many the key still counts for.
        since: u64,
    },
    /// Nobody signed it: its text was changed.
    #[error("the checkpoint that was kept was changed: its signature does not fit its text")]
    Changed,
    /// The log has fewer entries than it had.
    #[error("the log is older than the checkpoint that was kept: it has {size} entries, and had {kept}")]
    Older {
        /// How many it has.
        size: u64,
        /// How many it had.
        kept: u64,
    },
    /// The log tells another story.
    #[error(
        "a fork: the first {size} entries hash to {found}, and the same key had signed {kept} for them; two histories \
         were written"
    )]
    Fork {
        /// How many entries the two should share.
        size: u64,
        /// What was signed.
        kept: Digest,
        /// What the log says.
        found: Digest,
    },
    /// Whether the log is the same can't be told.
    #[error("whether the log still begins as it did with {size} entries can't be told: {why}")]
    Untold {
        /// How many entries it had.
        size: u64,
        /// Why not.
        why: String,
    },
}

/// Whether a log with this head begins with the tree of a checkpoint that was kept; gives that tree. `root` tells the root
/// of the log's first so many entries. Any key of the log counts, as far as it was not cut off.
pub fn begins_with(
    kept: &str,
    keys: &KeyChain,
    head: &TreeHead,
    root: impl FnOnce(u64) -> Result<Digest, String>,
) -> Result<TreeHead, Estranged> {
    let old = match keys.judge(kept) {
        Ok((old, Standing::Counts)) => old,
        Ok((old, Standing::CutOff(cut))) => {
            return Err(Estranged::CutOff { entry: cut.entry, size: old.size, since: cut.since });
        }
        Err(error) => return Err(why_not(kept, keys.present(), error)),
    };
    if old.size > head.size {
        return Err(Estranged::Older { size: head.size, kept: old.size });
    }
    let found = root(old.size).map_err(|why| Estranged::Untold { size: old.size, why })?;
    if found == old.root { Ok(old) } else { Err(Estranged::Fork { size: old.size, kept: old.root, found }) }
}

fn why_not(kept: &str, key: &Verifier, error: InvalidNote) -> Estranged {
    let origin = match checkpoint::parse(kept) {
        Ok((origin, _)) => origin,
        Err(error) => return Estranged::NoCheckpoint(error),
    };
    match error {
        InvalidNote::Form(_) | InvalidNote::Key(_) if origin == key.name() => Estranged::NoCheckpoint(error),
        InvalidNote::Unsigned(_) if origin == key.name() => Estranged::OtherKey { key: key.to_string() },
        InvalidNote::Signature(_) => Estranged::Changed,
        InvalidNote::Form(_) | InvalidNote::Key(_) | InvalidNote::Unsigned(_) => {
            Estranged::OtherLog { kept: origin.to_owned(), log: key.name().to_owned() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::Signer;

    fn signer(name: &str, seed: u8) -> Signer {
        Signer::new(name, &[seed; 32]).unwrap()
    }

    fn head(size: u64) -> TreeHead {
        TreeHead { size, root: Digest::of(&size.to_be_bytes()) }
    }

    #[test]
    fn each_way_of_parting_has_its_name() {
        let log = signer("shop-ml", 1);
        let key = KeyChain::of(log.verifier());
        let compare = |kept: &str| begins_with(kept, &key, &head(9), |size| Ok(head(size).root));
        let by = |signer: &Signer, head: &TreeHead| checkpoint::sign(head, signer);
        assert_eq!(compare(&by(&log, &head(9))), Ok(head(9)));
        assert_eq!(compare(&by(&log, &head(4))), Ok(head(4)));
        assert_eq!(compare(&by(&log, &head(10))), Err(Estranged::Older { size: 9, kept: 10 }));
        let forked = TreeHead { size: 4, root: Digest::of(b"another") };
        assert!(matches!(compare(&by(&log, &forked)), Err(Estranged::Fork { size: 4, .. })));
        assert!(matches!(compare(&by(&signer("shop-ml", 2), &head(4))), Err(Estranged::OtherKey { .. })));
        assert!(matches!(compare(&by(&signer("shop-mi", 2), &head(4))), Err(Estranged::OtherLog { .. })));
        assert_eq!(compare(&by(&log, &head(4)).replace("\n4\n", "\n5\n")), Err(Estranged::Changed));
        assert!(matches!(compare("hello"), Err(Estranged::NoCheckpoint(_))));
        let untold = begins_with(&by(&log, &head(4)), &key, &head(9), |_| Err("why".to_owned()));
        assert!(matches!(untold, Err(Estranged::Untold { size: 4, .. })));
    }
}
