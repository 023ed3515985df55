//! Quarantine: contents that a rollback left, because a release with them turned out badly. Kept for each environment,
//! told by the ledger. Never says that a content is bad: only that nobody has said yet that it is not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{FeatureSetName, ResourceAddress, ResourceName, RunId};

/// A content that a rollback left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quarantined {
    /// The set's name.
    pub feature_set: FeatureSetName,
    /// The resource's name in the set.
    pub name: ResourceName,
    /// Where the resource lives.
    pub resource: ResourceAddress,
    /// What people called it.
    pub version: String,
    /// The content.
    pub content: Digest,
    /// The run that left it.
    pub run: RunId,
}

/// What is quarantined in an environment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Quarantine(BTreeMap<(ResourceAddress, Digest), Quarantined>);

/// Fewer hex digits of a digest than this name no content.
const SHORTEST_DIGEST: usize = 8;

impl Quarantine {
    /// Adds a content. One that is there already keeps the run that left it first.
    pub fn set(&mut self, left: Quarantined) {
        self.0.entry((left.resource.clone(), left.content)).or_insert(left);
    }

    /// Takes a content out.
    pub fn lift(&mut self, resource: &ResourceAddress, content: &Digest) {
        self.0.remove(&(resource.clone(), *content));
    }

    /// The word on a content, where it is quarantined.
    pub fn holds(&self, resource: &ResourceAddress, content: &Digest) -> Option<&Quarantined> {
        self.0.get(&(resource.clone(), *content))
    }

    /// Everything, by resource.
    pub fn all(&self) -> impl Iterator<Item = &Quarantined> {
        self.0.values()
    }

    /// What a word names: a resource's address or name, or a content by the first digits of its digest.
    pub fn named(&self, word: &str) -> Vec<&Quarantined> {
        let is_digest = word.len() >= SHORTEST_DIGEST && word.chars().all(|c| c.is_ascii_hexdigit());
        let fits = |left: &&Quarantined| {
            left.resource.to_string() == word
                || left.name.as_str() == word
                || (is_digest && left.content.to_string().starts_with(&word.to_ascii_lowercase()))
        };
        self.all().filter(fits).collect()
    }

    /// What a run left.
    pub fn left_by<'q>(&'q self, run: &'q RunId) -> impl Iterator<Item = &'q Quarantined> {
        self.all().filter(move |left| left.run == *run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(resource: &str, content: &[u8], run: &str) -> Quarantined {
        Quarantined {
            feature_set: "checkout-ranker".parse().unwrap(),
            name: resource.split_once('/').unwrap().1.parse().unwrap(),
            resource: resource.parse().unwrap(),
            version: "v5".to_owned(),
            content: Digest::of(content),
            run: run.parse().unwrap(),
        }
    }

    #[test]
    fn a_content_is_held_until_it_is_lifted() {
        let mut quarantine = Quarantine::default();
        quarantine.set(left("lake/clicks", b"bad", "r-1"));
        quarantine.set(left("lake/clicks", b"bad", "r-2"));
        let (resource, bad) = ("lake/clicks".parse().unwrap(), Digest::of(b"bad"));
        assert_eq!(quarantine.holds(&resource, &bad).unwrap().run.as_str(), "r-1");
        assert_eq!(quarantine.holds(&resource, &Digest::of(b"good")), None);
        assert_eq!(quarantine.holds(&"lake/views".parse().unwrap(), &bad), None);
        quarantine.lift(&resource, &bad);
        assert_eq!(quarantine, Quarantine::default());
    }

    #[test]
    fn a_word_names_a_resource_or_a_content() {
        let mut quarantine = Quarantine::default();
        quarantine.set(left("lake/clicks", b"bad", "r-1"));
        quarantine.set(left("lake/clicks", b"worse", "r-2"));
        let digest = Digest::of(b"bad").to_string();
        let named = |word: &str| quarantine.named(word).len();
        assert_eq!([named("lake/clicks"), named("clicks"), named(&digest), named(&digest[..12])], [2, 2, 1, 1]);
        assert_eq!([named("lake"), named(""), named(&digest[..7])], [0, 0, 0]);
        assert_eq!(quarantine.left_by(&"r-2".parse().unwrap()).count(), 1);
    }
}
