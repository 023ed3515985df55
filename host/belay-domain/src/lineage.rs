//! Lineage across the feature sets of a workspace: what is made from what, and who uses it. Two resources at one address
//! are one thing, whatever sets they are in; a consumer that is a feature set of its own leads on to what that has.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::feature_set::{FeatureSet, Tier};
use crate::id::{FeatureSetName, ResourceAddress, ResourceName};

/// A resource of a feature set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Node {
    /// The set.
    pub feature_set: FeatureSetName,
    /// The resource's name there.
    pub resource: ResourceName,
    /// Where it lives.
    pub at: ResourceAddress,
}

/// Somebody who uses a feature set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct User {
    /// Who.
    pub name: String,
    /// How much rests on them.
    pub tier: Tier,
    /// What they use.
    pub feature_set: FeatureSetName,
}

/// What hangs together with a resource, a consumer or a feature set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Impact {
    /// The resources that were meant.
    pub of: Vec<Node>,
    /// What they are made from.
    pub upstream: Vec<Node>,
    /// What is made from them.
    pub downstream: Vec<Node>,
    /// Who uses a set of which one of them, or something made from them, is a part.
    pub consumers: Vec<User>,
}

/// Every feature set of a workspace.
#[derive(Clone, Copy, Debug)]
pub struct Catalog<'c>(pub &'c BTreeMap<FeatureSetName, FeatureSet>);

impl Catalog<'_> {
    /// What hangs together with what a word names: a resource's address or name, a consumer, or a feature set. None
    /// where it names nothing.
    pub fn impact(&self, word: &str) -> Option<Impact> {
        let meant = self.meant(word);
        let of = self.same(if meant.is_empty() { self.used_by(word) } else { meant });
        if of.is_empty() {
            return None;
        }
        let downstream = self.closure(&of, |set, name| set.downstream_of(name), true);
        let upstream = self.closure(&of, |set, name| set.upstream_of(name), false);
        let touched: BTreeSet<_> = of.iter().chain(&downstream).map(|node| &node.feature_set).collect();
        let users = touched.into_iter().filter_map(|name| self.0.get(name)).flat_map(users).collect();
        Some(Impact {
            of: of.into_iter().collect(),
            upstream: upstream.into_iter().collect(),
            downstream: downstream.into_iter().collect(),
            consumers: sorted(users),
        })
    }

    /// Resources of other sets that are made from what lives at these addresses and that are not there themselves.
    pub fn downstream_elsewhere(&self, set: &FeatureSetName, written: &BTreeSet<&ResourceAddress>) -> Vec<Node> {
        let begin = self.nodes().filter(|node| node.feature_set != *set && written.contains(&node.at)).collect();
        let found = self.closure(&begin, |set, name| set.downstream_of(name), false);
        found.into_iter().filter(|node| node.feature_set != *set && !written.contains(&node.at)).collect()
    }

    fn nodes(&self) -> impl Iterator<Item = Node> {
        self.0.values().flat_map(nodes)
    }

    fn meant(&self, word: &str) -> BTreeSet<Node> {
        let named = |node: &Node| {
            node.at.to_string() == word || node.resource.as_str() == word || node.feature_set.as_str() == word
        };
        self.nodes().filter(named).collect()
    }

    fn used_by(&self, consumer: &str) -> BTreeSet<Node> {
        let uses = |set: &&FeatureSet| set.consumers().iter().any(|found| found.name == consumer);
        self.0.values().filter(uses).flat_map(nodes).collect()
    }

    /// The same things as other sets know them.
    fn same(&self, nodes: BTreeSet<Node>) -> BTreeSet<Node> {
        let places: BTreeSet<_> = nodes.iter().map(|node| node.at.clone()).collect();
        self.nodes().filter(|node| places.contains(&node.at)).chain(nodes.iter().cloned()).collect()
    }

    /// Everything that follows from some nodes, without them. `through_users`: also by way of consumers that are sets.
    fn closure(
        &self,
        begin: &BTreeSet<Node>,
        next: impl for<'s> Fn(&'s FeatureSet, &ResourceName) -> BTreeSet<&'s ResourceName>,
        through_users: bool,
    ) -> BTreeSet<Node> {
        let mut found = begin.clone();
        let mut open: Vec<Node> = begin.iter().cloned().collect();
        while let Some(node) = open.pop() {
            let Some(set) = self.0.get(&node.feature_set) else { continue };
            let names = next(set, &node.resource);
            let own = nodes(set).filter(|other| names.contains(&other.resource));
            let users = set.consumers().iter().filter(|_| through_users);
            let used = users.filter_map(|user| self.0.get(&user.name.parse().ok()?)).flat_map(nodes);
            let reached = self.same(own.chain(used).collect());
            open.extend(reached.into_iter().filter(|node| found.insert(node.clone())));
        }
        found.difference(begin).cloned().collect()
    }
}

fn nodes(set: &FeatureSet) -> impl Iterator<Item = Node> {
    set.resources().iter().map(|spec| Node {
        feature_set: set.name().clone(),
        resource: spec.name.clone(),
        at: spec.at.clone(),
    })
}

fn users(set: &FeatureSet) -> impl Iterator<Item = User> {
    let name = set.name();
    set.consumers().iter().map(|user| User { name: user.name.clone(), tier: user.tier, feature_set: name.clone() })
}

/// The most critical first.
fn sorted(mut users: Vec<User>) -> Vec<User> {
    users.sort_by(|a, b| b.tier.cmp(&a.tier).then_with(|| a.cmp(b)));
    users
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature_set::{Consumer, ResourceSpec, Unchecked};
    use crate::json::Json;

    /// Resources as `name at upstream…`.
    fn set(name: &str, consumers: &[&str], resources: &[&str]) -> (FeatureSetName, FeatureSet) {
        let resource = |line: &&str| {
            let words: Vec<_> = line.split(' ').collect();
            ResourceSpec {
                name: words[0].parse().unwrap(),
                plugin: "p".parse().unwrap(),
                at: words[1].parse().unwrap(),
                config: Json::parse("{}").unwrap(),
                connections: vec![],
                upstream: words[2..].iter().map(|name| name.parse().unwrap()).collect(),
                quarantine: None,
            }
        };
        let consumer = |name: &&str| Consumer { name: (*name).to_owned(), tier: Tier::Standard };
        let set = Unchecked {
            name: name.parse().unwrap(),
            owner: "team".to_owned(),
            tier: Tier::Standard,
            consumers: consumers.iter().map(consumer).collect(),
            resources: resources.iter().map(resource).collect(),
        };
        (name.parse().unwrap(), set.try_into().unwrap())
    }

    /// Two sets share a table; what the one makes is used by a third.
    fn catalog() -> BTreeMap<FeatureSetName, FeatureSet> {
        [
            set("ranker", &["search-page", "cart"], &["clicks lake/clicks", "model registry/ranker clicks"]),
            set("views", &["dashboard"], &["table lake/clicks", "hourly lake/hourly table"]),
            set("cart", &["checkout-page"], &["score registry/cart"]),
        ]
        .into()
    }

    fn impact(word: &str) -> String {
        let catalog = catalog();
        let Some(impact) = Catalog(&catalog).impact(word) else { return "nothing".to_owned() };
        let nodes = |nodes: &[Node]| {
            let names: Vec<_> = nodes.iter().map(|node| format!("{}.{}", node.feature_set, node.resource)).collect();
            names.join(" ")
        };
        let users: Vec<_> = impact.consumers.iter().map(|user| user.name.as_str()).collect();
        let (up, down) = (nodes(&impact.upstream), nodes(&impact.downstream));
        format!("{} | {up} | {down} | {}", nodes(&impact.of), users.join(" "))
    }

    #[test]
    fn one_address_is_one_thing_in_every_set() {
        let all = "cart.score ranker.model views.hourly | cart checkout-page dashboard search-page";
        assert_eq!(impact("lake/clicks"), format!("ranker.clicks views.table |  | {all}"));
        assert_eq!(impact("clicks"), impact("lake/clicks"));
        assert_eq!(impact("hourly"), "views.hourly | ranker.clicks views.table |  | dashboard");
    }

    #[test]
    fn a_consumer_leads_to_what_it_uses() {
        assert_eq!(impact("checkout-page"), "cart.score |  |  | checkout-page");
        assert!(impact("dashboard").starts_with("ranker.clicks views.hourly views.table |"));
        assert_eq!(impact("nobody"), "nothing");
    }

    #[test]
    fn what_others_make_from_what_is_written_is_found() {
        let (catalog, clicks) = (catalog(), "lake/clicks".parse().unwrap());
        let found = Catalog(&catalog).downstream_elsewhere(&"ranker".parse().unwrap(), &BTreeSet::from([&clicks]));
        assert_eq!(found.iter().map(|node| node.resource.as_str()).collect::<Vec<_>>(), ["hourly"]);
    }
}
