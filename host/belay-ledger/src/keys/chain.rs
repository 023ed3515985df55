//! All keys that a log has had, and which signatures count. Believes no change that is not signed as it must be.

use super::change::{InvalidChange, KeyChange};
use crate::checkpoint;
use crate::note::{InvalidNote, Verifier};
use crate::tree::TreeHead;

/// The keys of a log, from the first to the present one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyChain {
    earlier: Vec<KeyPeriod>,
    present: KeyPeriod,
}

/// One key, and for which entries it was the log's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyPeriod {
    /// The key.
    pub key: Verifier,
    /// The entry that made it the log's key; absent for the first.
    pub from: Option<u64>,
    /// The entry that made another one the log's key; absent for the present.
    pub until: Option<u64>,
    /// Whether it fell into wrong hands.
    pub compromised: Option<Cut>,
}

/// From where on a compromised key counts for nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    /// The entry that says so.
    pub entry: u64,
    /// A checkpoint over more entries than this, signed by no other key, counts for nothing.
    pub since: u64,
}

/// What a checkpoint's signature is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// A key of the log signed it.
    Counts,
    /// Only a compromised key signed it, and it covers what may be a thief's.
    CutOff(Cut),
}

impl KeyChain {
    /// A log that has had one key.
    pub const fn of(key: Verifier) -> Self {
        Self { earlier: Vec::new(), present: KeyPeriod { key, from: None, until: None, compromised: None } }
    }

    /// The chain that some changes make, in their order. Without changes it is `only`.
    pub fn following<'c>(
        changes: impl IntoIterator<Item = (u64, &'c KeyChange)>,
        only: &Verifier,
    ) -> Result<Self, (u64, InvalidChange)> {
        let mut chain: Option<Self> = None;
        for (entry, change) in changes {
            let mut known = match chain.take() {
                Some(chain) => chain,
                None => Self::of(change.before.parse().map_err(|error| (entry, InvalidChange::Note(error)))?),
            };
            known.follow(entry, change).map_err(|error| (entry, error))?;
            chain = Some(known);
        }
        Ok(chain.unwrap_or_else(|| Self::of(only.clone())))
    }

    /// Takes the change of an entry, if it is signed as it must be; otherwise nothing is changed.
    pub fn follow(&mut self, entry: u64, change: &KeyChange) -> Result<(), InvalidChange> {
        if let Some(since) = change.since.filter(|since| *since > entry) {
            return Err(InvalidChange::Future { since, entry });
        }
        let cut = change.since.map(|since| Cut { entry, since });
        if change.before == self.present.key.to_string() {
            let read = change.read(true)?;
            if self.all().any(|period| period.key == read.after) {
                return Err(InvalidChange::Again(change.after.clone()));
            }
            let next = KeyPeriod { key: read.after, from: Some(entry), until: None, compromised: None };
            let mut ended = std::mem::replace(&mut self.present, next);
            ended.until = Some(entry);
            ended.compromised = cut;
            self.earlier.push(ended);
            return Ok(());
        }
        let stranger =
            || InvalidChange::NotPresent { found: change.before.clone(), present: self.present.key.to_string() };
        // The present key may say of an earlier one that it was compromised.
        let (true, Some(cut)) = (change.after == self.present.key.to_string(), cut) else { return Err(stranger()) };
        let read = change.read(false)?;
        let earlier = self.earlier.iter_mut().find(|period| period.key == read.before);
        let Some(earlier) = earlier else {
            return Err(InvalidChange::NotPresent { found: change.before.clone(), present: change.after.clone() });
        };
        // Said twice, the earlier cut counts.
        if earlier.compromised.is_none_or(|known| cut.since < known.since) {
            earlier.compromised = Some(cut);
        }
        Ok(())
    }

    /// The key that signs now.
    pub const fn present(&self) -> &Verifier {
        &self.present.key
    }

    /// Every key, the first one first.
    pub fn all(&self) -> impl Iterator<Item = &KeyPeriod> {
        self.earlier.iter().chain(std::iter::once(&self.present))
    }

    /// A key's period, if it is one of the log's.
    pub fn find(&self, key: &Verifier) -> Option<&KeyPeriod> {
        self.all().find(|period| period.key == *key)
    }

    /// How far whoever believes `key`, and follows the chain from it, can be sure: a thief of any key on the way could lead
    /// them elsewhere. The earliest cut counts; `None` where there is none, or `key` is none of the log's.
    pub fn cut_from(&self, key: &Verifier) -> Option<Cut> {
        let on_the_way = self.all().skip_while(|period| period.key != *key);
        on_the_way.filter_map(|period| period.compromised).min_by_key(|cut| cut.since)
    }

    /// The head in a checkpoint that any of the keys signed, and what that is worth: of several, the best.
    pub fn judge(&self, note: &str) -> Result<(TreeHead, Standing), InvalidNote> {
        let (mut cut, mut wrong) = (None, InvalidNote::Unsigned(self.present.key.name().to_owned()));
        for period in self.earlier.iter().chain(std::iter::once(&self.present)).rev() {
            match checkpoint::open(note, &period.key) {
                Ok(head) => match period.compromised.filter(|cut| head.size > cut.since) {
                    None => return Ok((head, Standing::Counts)),
                    Some(found) => cut = cut.or(Some((head, Standing::CutOff(found)))),
                },
                Err(InvalidNote::Unsigned(_)) => {}
                Err(error) => wrong = error,
            }
        }
        cut.ok_or(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::text;
    use crate::note::{Signer, sign_both};

    fn signer(n: u8) -> Signer {
        Signer::new("shop-ml", &[n; 32]).unwrap()
    }

    fn change(before: &Signer, after: &Signer, since: Option<u64>) -> KeyChange {
        let (old, new) = (before.verifier(), after.verifier());
        let note = sign_both(&text(&old, &new, since), before, after);
        KeyChange { before: old.to_string(), after: new.to_string(), since, note }
    }

    fn checkpoint(size: u64, signer: &Signer) -> String {
        crate::checkpoint::sign(&TreeHead { size, root: crate::tree::empty() }, signer)
    }

    #[test]
    fn a_chain_leads_from_each_key_to_the_present_one() {
        let keys = [signer(1), signer(2), signer(3)];
        let changes = [(5, change(&keys[0], &keys[1], None)), (9, change(&keys[1], &keys[2], None))];
        let chain = KeyChain::following(changes.iter().map(|(seq, change)| (*seq, change)), &keys[2].verifier());
        let chain = chain.unwrap();
        assert_eq!(*chain.present(), keys[2].verifier());
        let periods: Vec<_> = chain.all().map(|period| (period.from, period.until)).collect();
        assert_eq!(periods, [(None, Some(5)), (Some(5), Some(9)), (Some(9), None)]);
        for key in &keys {
            assert_eq!(chain.judge(&checkpoint(4, key)).unwrap().1, Standing::Counts);
        }
        assert!(chain.judge(&checkpoint(4, &signer(4))).is_err());
    }

    #[test]
    fn what_is_not_signed_by_both_is_no_change() {
        let (one, two, three) = (signer(1), signer(2), signer(3));
        let mut chain = KeyChain::of(one.verifier());
        let good = change(&one, &two, None);
        for missing in [0, 1] {
            let mut lines: Vec<_> = good.note.split_inclusive('\n').collect();
            lines.remove(lines.len() - 1 - missing);
            let change = KeyChange { note: lines.concat(), ..good.clone() };
            assert!(matches!(chain.follow(1, &change), Err(InvalidChange::Note(_))));
        }
        let other = KeyChange { note: change(&one, &three, None).note, ..good.clone() };
        assert!(chain.follow(1, &other).is_err());
        let silent = KeyChange { since: Some(0), ..good.clone() };
        assert_eq!(chain.follow(1, &silent), Err(InvalidChange::OtherNote));
        assert!(matches!(chain.follow(1, &change(&two, &three, None)), Err(InvalidChange::NotPresent { .. })));
        assert!(matches!(chain.follow(1, &change(&one, &two, Some(2))), Err(InvalidChange::Future { .. })));
        chain.follow(1, &good).unwrap();
        assert!(matches!(chain.follow(2, &change(&two, &one, None)), Err(InvalidChange::Again(_))));
        assert!(matches!(chain.follow(2, &good), Err(InvalidChange::NotPresent { .. })));
    }

    #[test]
    fn beyond_the_cut_a_compromised_key_counts_for_nothing() {
        let (one, two) = (signer(1), signer(2));
        let mut chain = KeyChain::of(one.verifier());
        chain.follow(7, &change(&one, &two, Some(4))).unwrap();
        let cut = Standing::CutOff(Cut { entry: 7, since: 4 });
        assert_eq!(chain.judge(&checkpoint(4, &one)).unwrap().1, Standing::Counts);
        assert_eq!(chain.judge(&checkpoint(5, &one)).unwrap().1, cut);
        assert_eq!(chain.judge(&checkpoint(5, &two)).unwrap().1, Standing::Counts);
        let head = TreeHead { size: 5, root: crate::tree::empty() };
        assert_eq!(chain.judge(&crate::checkpoint::sign_both(&head, &one, &two)).unwrap().1, Standing::Counts);
    }

    #[test]
    fn an_earlier_key_is_declared_by_the_present_one_alone() {
        let (one, two, three) = (signer(1), signer(2), signer(3));
        let mut chain = KeyChain::of(one.verifier());
        chain.follow(1, &change(&one, &two, None)).unwrap();
        let said = |by: &Signer, since| {
            let (old, new) = (one.verifier(), by.verifier());
            let note = by.sign(&text(&old, &new, Some(since)));
            KeyChange { before: old.to_string(), after: new.to_string(), since: Some(since), note }
        };
        assert!(chain.follow(9, &said(&three, 0)).is_err());
        chain.follow(9, &said(&two, 6)).unwrap();
        chain.follow(10, &said(&two, 8)).unwrap();
        let compromised = chain.find(&one.verifier()).unwrap().compromised;
        assert_eq!(compromised, Some(Cut { entry: 9, since: 6 }));
        assert_eq!(*chain.present(), two.verifier());
    }
}
