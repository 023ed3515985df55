//! Changing the key that signs. Another key is the ledger's from the moment when the entry that says so is durable; what
//! follows, in files, is finished by whoever opens the ledger next.

use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, PoisonError};

use belay_domain::json::Json;

use super::Ledger;
use crate::draft::{Batch, Condition, Draft};
use crate::durable;
use crate::error::Error;
use crate::key;
use crate::keys::{KeyChain, KeyChange, text};
use crate::kind;
use crate::note::{Signer, Verifier, sign_both};
use crate::publish;
use crate::store::{Filter, Reader};

/// A change of keys that is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyChanged {
    /// The entry that says so.
    pub entry: u64,
    /// The key until then, or the one that was declared compromised.
    pub before: Verifier,
    /// The key that signs from now on.
    pub after: Verifier,
}

impl Ledger {
    /// The keys that this log has had.
    pub fn keys(&self) -> Result<KeyChain, Error> {
        let entries = self.entries(&key_changes())?;
        let damaged = |seq: u64, error: &dyn std::fmt::Display| Error::Corrupt(format!("entry {seq}: {error}"));
        let changes: Result<Vec<(u64, KeyChange)>, Error> = entries
            .iter()
            .map(|entry| Ok((entry.seq, entry.body.to().map_err(|error| damaged(entry.seq, &error))?)))
            .collect();
        let changes = changes?;
        let chain = KeyChain::following(changes.iter().map(|(seq, change)| (*seq, change)), &self.signer()?.verifier());
        chain.map_err(|(seq, error)| damaged(seq, &error))
    }

    /// The entries that changed the key, or cut one off.
    pub(crate) fn key_changes(&self) -> Result<Vec<u64>, Error> {
        Ok(self.entries(&key_changes())?.iter().map(|entry| entry.seq).collect())
    }

    /// Makes a new key the ledger's. Old and new sign the change; the next checkpoint is signed by both, and the old key's
    /// file is gone. `draft` says who and why; its kind and body are the ledger's. A crash leaves the old key, or a
    /// change that the next [`Ledger::open`] finishes; so does [`Error::ChangeUnfinished`].
    pub fn rotate_key(&self, draft: Draft) -> Result<KeyChanged, Error> {
        self.change_key(kind::KEY_ROTATED, None, draft)
    }

    /// Says that a key of this log fell into wrong hands, and that what it alone signed of a log with more than `since`
    /// entries counts for nothing. If it is the present key, a new one takes its place as in [`Ledger::rotate_key`].
    pub fn declare_compromised(&self, compromised: &Verifier, since: u64, draft: Draft) -> Result<KeyChanged, Error> {
        let size = self.size()?;
        if since > size {
            return Err(Error::Invalid(format!("there is no entry {since} yet; the log has {size}")));
        }
        if *compromised == self.signer()?.verifier() {
            return self.change_key(kind::KEY_COMPROMISED, Some(since), draft);
        }
        if self.keys()?.find(compromised).is_none() {
            return Err(Error::Invalid(format!("{compromised} is no key of this log")));
        }
        let present = self.signer()?;
        let after = present.verifier();
        let note = present.sign(&text(compromised, &after, Some(since)));
        let change = KeyChange { before: compromised.to_string(), after: after.to_string(), since: Some(since), note };
        let still = Condition::SignWith { before: Box::new(after.clone()), after: Box::new(after.clone()) };
        let entry = self.append_change(kind::KEY_COMPROMISED, &change, still, draft)?;
        self.publish().map_err(|error| error.after_a_change(entry))?;
        Ok(KeyChanged { entry, before: compromised.clone(), after })
    }

    fn change_key(&self, kind: &str, since: Option<u64>, draft: Draft) -> Result<KeyChanged, Error> {
        let held = self.lock_keys()?;
        let old = self.settle(&held)?;
        let next = key::next(&self.shared.key);
        let new = key::stage(&next, old.verifier().name())?;
        let (before, after) = (old.verifier(), new.verifier());
        let note = sign_both(&text(&before, &after, since), &old, &new);
        let change = KeyChange { before: before.to_string(), after: after.to_string(), since, note };
        let sign_with = Condition::SignWith { before: Box::new(before.clone()), after: Box::new(after.clone()) };
        let entry = self.append_change(kind, &change, sign_with, draft)?;
        // The change holds from here on, whatever comes: an error must not say that nothing was written.
        let settled = self.settle(&held).map_err(|error| error.after_a_change(entry))?;
        self.hold(settled);
        Ok(KeyChanged { entry, before, after })
    }

    fn append_change(
        &self,
        kind: &str,
        change: &KeyChange,
        condition: Condition,
        mut draft: Draft,
    ) -> Result<u64, Error> {
        draft.kind = kind.to_owned();
        draft.body = Json::from(change).map_err(|error| Error::Invalid(error.to_string()))?;
        Ok(self.append(Batch { drafts: vec![draft], conditions: vec![condition] })?.seqs.start)
    }

    /// The key that signs now: another process may have changed it.
    pub(super) fn signer(&self) -> Result<Arc<Signer>, Error> {
        let held = Arc::clone(&self.shared.signer.read().unwrap_or_else(PoisonError::into_inner));
        let present = self.read(Reader::verifier)?;
        if held.verifier().to_string() == present {
            return Ok(held);
        }
        let changed = self.settle(&self.lock_keys()?)?;
        Ok(self.hold(changed))
    }

    fn hold(&self, signer: Signer) -> Arc<Signer> {
        let signer = Arc::new(signer);
        *self.shared.signer.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&signer);
        signer
    }

    fn lock_keys(&self) -> Result<Held, Error> {
        lock(&self.shared.folder)
    }

    fn settle(&self, held: &Held) -> Result<Signer, Error> {
        let settled = self.read(|reader| settle(held, &self.shared.folder, &self.shared.key, reader));
        settled.inspect_err(|error| {
            if error.poisons() {
                self.shared.writer.poison(error);
            }
        })
    }
}

fn key_changes() -> Filter {
    Filter { kinds: vec![kind::KEY_ROTATED.to_owned(), kind::KEY_COMPROMISED.to_owned()], ..Filter::default() }
}

/// No other process changes keys while this is held.
pub(super) struct Held {
    _file: File,
}

/// Waits until no other process changes keys.
pub(super) fn lock(state: &Path) -> Result<Held, Error> {
    let path = state.join("rotation.lock");
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(|error| Error::io("open", &path, &error))?;
    file.lock().map_err(|error| Error::io("lock", &path, &error))?;
    Ok(Held { _file: file })
}

/// The key that the database says signs. If a change of keys was interrupted after its entry became durable, finishes it:
/// a checkpoint by both keys, the new key's verifier beside the log, and the new key in the old one's place.
pub(super) fn settle(_held: &Held, state: &Path, path: &Path, reader: &Reader) -> Result<Signer, Error> {
    let present = reader.verifier()?;
    let old = key::read(path)?;
    if old.verifier().to_string() == present {
        return Ok(old);
    }
    let foreign = || {
        let problem = format!("it is not the key of this ledger, {present}");
        Error::Key { path: path.to_owned(), problem }
    };
    let next = key::next(path);
    if !next.exists() {
        return Err(foreign());
    }
    let new = key::read(&next)?;
    if new.verifier().to_string() != present {
        return Err(foreign());
    }
    // In this order: until the last step, both keys are there to do it again.
    publish::hand_over(state, reader, &old, &new)?;
    fs::rename(&next, path).map_err(|error| Error::io("rename", &next, &error))?;
    durable::sync_folder(&key::folder_of(path))?;
    Ok(new)
}
