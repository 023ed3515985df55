//! The keys that sign the log: shown, changed, declared compromised. Never shows a secret.

use std::path::{Path, PathBuf};

use belay_ledger::keys::{KeyChain, KeyPeriod};
use belay_ledger::note::Verifier;
use belay_ledger::{Draft, KeyChanged};
use serde_json::json;

use super::Runtime;
use crate::api::{CompromisedRequest, Error, KeyChangedAnswer, KeyCut, KeysAnswer, LogKey};
use crate::ledger;
use crate::record::Cause;

impl Runtime {
    /// Every key that the log has had.
    pub fn keys(&self) -> Result<KeysAnswer, Error> {
        let chain = self.host.ledger.keys().map_err(|error| ledger::error(&error))?;
        let secret = self.host.ledger.key_path().to_owned();
        Ok(KeysAnswer {
            origin: chain.present().name().to_owned(),
            keys: chain.all().map(shown).collect(),
            verifier: self.host.ledger.log_folder().join("ledger.vkey"),
            warnings: warning(&secret).into_iter().collect(),
            secret,
        })
    }

    /// Makes a new key the log's; the old one signs that and is gone.
    pub fn rotate_key(&self, reason: Option<String>) -> Result<KeyChangedAnswer, Error> {
        let changed = self.host.ledger.rotate_key(self.key_draft(reason)?);
        self.changed(changed.map_err(|error| refused(&error))?)
    }

    /// Says that a key fell into wrong hands, and from where on it counts for nothing. The present key is replaced.
    pub fn key_compromised(&self, request: CompromisedRequest) -> Result<KeyChangedAnswer, Error> {
        let key = self.meant(request.key.as_deref())?;
        let draft = self.key_draft(Some(request.reason))?;
        let changed = self.host.ledger.declare_compromised(&key, request.since, draft);
        self.changed(changed.map_err(|error| refused(&error))?)
    }

    /// The ledger gives it its kind and body.
    fn key_draft(&self, reason: Option<String>) -> Result<Draft, Error> {
        let mut cause = Cause::of(&self.host.requester);
        cause.reason = reason;
        cause.draft("key", json!({}))
    }

    fn meant(&self, key: Option<&str>) -> Result<Verifier, Error> {
        let chain = self.host.ledger.keys().map_err(|error| ledger::error(&error))?;
        let Some(word) = key else { return Ok(chain.present().clone()) };
        let meant = chain.all().find(|period| period.key.id() == word || period.key.to_string() == word);
        meant
            .map(|period| period.key.clone())
            .ok_or_else(|| Error::usage(format!("the log has had no key `{word}`")).next("belay keys show"))
    }

    fn changed(&self, changed: KeyChanged) -> Result<KeyChangedAnswer, Error> {
        let chain = self.host.ledger.keys().map_err(|error| ledger::error(&error))?;
        let key = |chain: &KeyChain, key: &Verifier| {
            let missing =
                || Error::failed(format!("the log does not tell of its key {key}")).next("belay audit verify");
            chain.find(key).map(shown).ok_or_else(missing)
        };
        Ok(KeyChangedAnswer {
            entry: changed.entry,
            before: key(&chain, &changed.before)?,
            after: key(&chain, &changed.after)?,
            keys: self.keys()?,
        })
    }
}

fn shown(period: &KeyPeriod) -> LogKey {
    LogKey {
        id: period.key.id(),
        verifier: period.key.to_string(),
        from: period.from,
        until: period.until,
        compromised: period.compromised.map(|cut| KeyCut { entry: cut.entry, since: cut.since }),
    }
}

fn refused(error: &belay_ledger::Error) -> Error {
    if let belay_ledger::Error::Invalid(what) = error {
        return Error::usage(what.clone()).changed("no key was changed").next("belay keys show");
    }
    ledger::error(error)
}

/// That a secret lies where git may publish it.
pub(crate) fn warning(secret: &Path) -> Option<String> {
    let tree = git_tree(secret)?;
    Some(format!(
        "the log's secret key {} lies in the git tree {}: a commit would publish it; set [workspace] key to another place",
        secret.display(),
        tree.display()
    ))
}

fn git_tree(path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    real.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_git_tree_is_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("a/b/log.key");
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        assert_eq!(warning(&secret), None);
        std::fs::create_dir(folder.path().join("a/.git")).unwrap();
        assert!(warning(&secret).unwrap().contains("a commit would publish it"));
        assert_eq!(warning(&folder.path().join("log.key")), None);
    }
}
