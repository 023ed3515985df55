//! Which hashes the signature stands for, when sources disagree. Believes a source only if it leads to the signed root.

use belay_domain::digest::Digest;

use crate::tree::{TreeHead, combine, empty};

/// What each source says the roots of the groups of 256 entries are; `None` where it says nothing.
#[derive(Default)]
pub(super) struct Candidates {
    pub(super) groups: Vec<[Option<Digest>; SOURCES]>,
}

/// Database, entry bundles, tiles of level 0, tiles of level 1.
pub(super) const SOURCES: usize = 4;

impl Candidates {
    /// The roots of the groups that the head stands for, if they can be told.
    ///
    /// Tried are each source alone (where it says nothing, the others stand in), and for every group what most sources
    /// say: damage in one place of each of two sources is still told apart.
    pub(super) fn truth(&self, head: &TreeHead) -> Option<Vec<Digest>> {
        if head.size == 0 {
            return (head.root == empty()).then(Vec::new);
        }
        let alone = (0..SOURCES).map(|source| self.choose(|group| group.get(source).copied().flatten()));
        let most = std::iter::once_with(|| self.choose(most));
        alone.chain(most).flatten().find(|groups| combine(groups) == head.root)
    }

    fn choose(&self, pick: impl Fn(&[Option<Digest>; SOURCES]) -> Option<Digest>) -> Option<Vec<Digest>> {
        self.groups.iter().map(|group| pick(group).or_else(|| most(group))).collect()
    }
}

/// What most of them say; the first of those that are equally many.
fn most(group: &[Option<Digest>; SOURCES]) -> Option<Digest> {
    let votes = |hash: &Digest| group.iter().flatten().filter(|other| *other == hash).count();
    group.iter().flatten().rev().max_by_key(|hash| votes(hash)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u8) -> Option<Digest> {
        Some(Digest::of(&[n]))
    }

    fn head(groups: &[u8]) -> TreeHead {
        let hashes: Vec<_> = groups.iter().filter_map(|n| hash(*n)).collect();
        TreeHead { size: 256 * groups.len() as u64, root: combine(&hashes) }
    }

    #[test]
    fn the_signed_root_tells_which_source_is_right() {
        let groups = vec![[hash(9), hash(1), hash(9), hash(9)], [hash(2), hash(2), None, hash(8)]];
        let truth = Candidates { groups }.truth(&head(&[1, 2])).unwrap();
        assert_eq!(truth.into_iter().map(Some).collect::<Vec<_>>(), [hash(1), hash(2)]);
    }

    #[test]
    fn damage_in_two_sources_is_outvoted() {
        let groups = vec![[hash(9), hash(1), hash(1), None], [hash(2), hash(8), hash(2), None]];
        assert!(Candidates { groups }.truth(&head(&[1, 2])).is_some());
    }

    #[test]
    fn nothing_is_believed_without_the_root() {
        let groups = vec![[hash(1); SOURCES], [hash(2); SOURCES]];
        assert_eq!(Candidates { groups }.truth(&head(&[1, 3])), None);
        assert_eq!(Candidates::default().truth(&TreeHead { size: 0, root: Digest::of(b"x") }), None);
    }
}
