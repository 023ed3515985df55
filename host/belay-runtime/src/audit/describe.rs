//! Under what an entry is to be found: who, which plugin, which resource. Says no more than the entry and what it names.

use std::collections::BTreeMap;

use belay_domain::digest::Digest;
use belay_domain::json::Json;
use belay_domain::mandate::Mandate;
use belay_ledger::index::Described;
use belay_ledger::{Entry, Error, Filter, Ledger};
use serde_json::Value;

use super::steps::Steps;
use crate::log_line;

/// The version of these rules: an index that was made by others is made again.
pub(super) const VERSION: u32 = 1;

pub(super) const RUN: &str = "run";
pub(super) const INCIDENT: &str = "incident";
pub(super) const ENVIRONMENT: &str = "environment";
pub(super) const KIND: &str = "kind";
pub(super) const PERSON: &str = "person";
pub(super) const TEAM: &str = "team";
pub(super) const PLUGIN: &str = "plugin";
pub(super) const RESOURCE: &str = "resource";
pub(super) const FEATURE_SET: &str = "feature_set";

/// Members of a body that name people, wherever they stand in it.
const NAMES_PEOPLE: [&str; 12] = [
    "by",
    "person",
    "requester",
    "author",
    "second",
    "skipped",
    "approvals",
    "asked_by",
    "approved_by",
    "on_behalf_of",
    "who",
    "people",
];

/// Describes entries in their order.
pub(super) struct Describer<'l> {
    ledger: &'l Ledger,
    steps: Steps<'l>,
    /// The team that owns a feature set, as last recorded.
    owners: BTreeMap<String, Option<String>>,
}

impl<'l> Describer<'l> {
    pub(super) fn of(ledger: &'l Ledger) -> Self {
        Self { ledger, steps: Steps::of(ledger), owners: BTreeMap::new() }
    }

    /// Everything that an entry is to be found under.
    pub(super) fn describe(&mut self, entry: &Entry) -> Result<Described, Error> {
        let body = entry.body.value();
        let mut terms = heading(entry);
        let mut add = |field, value: &str| terms.push((field, value.to_owned()));
        people(body, &mut |name| add(PERSON, name));
        plugins(body, &mut |name| add(PLUGIN, name));
        let set = feature_set(body);
        if let Some(set) = &set {
            add(FEATURE_SET, set);
        }
        resources(body, &mut |name| add(RESOURCE, name));
        for name in self.steps.resources(entry)? {
            add(RESOURCE, &name);
        }
        if entry.kind == "mandate"
            && let Some(mandate) = self.object::<Mandate>(entry)?
        {
            add(PERSON, &mandate.requester);
            add(TEAM, &mandate.team);
            add(FEATURE_SET, mandate.feature_set.name.as_str());
            mandate.desired.keys().for_each(|resource| add(RESOURCE, resource.as_str()));
            for (plugin, digest) in &mandate.components {
                add(PLUGIN, plugin.as_str());
                add(PLUGIN, &digest.to_string());
            }
        }
        if let Some(team) = self.owner(entry, set.as_deref())? {
            terms.push((TEAM, team));
        }
        terms.retain(|(_, value)| !value.is_empty());
        Ok(Described { terms, text: text(entry) })
    }

    /// The team that owns the feature set that an entry is about.
    fn owner(&mut self, entry: &Entry, set: Option<&str>) -> Result<Option<String>, Error> {
        if let Some(set) = configured(entry) {
            let owner = self.object::<Value>(entry)?.and_then(|set| owner(&set));
            self.owners.insert(set.to_owned(), owner.clone());
            return Ok(owner);
        }
        let Some(set) = set else { return Ok(None) };
        if let Some(known) = self.owners.get(set) {
            return Ok(known.clone());
        }
        let filter = Filter {
            kinds: vec!["configuration.changed".to_owned()],
            before: Some(entry.seq),
            newest_first: true,
            ..Filter::default()
        };
        let earlier = self.ledger.entries(&filter)?;
        let told = earlier.iter().find(|earlier| configured(earlier) == Some(set));
        let found = told.map(|told| self.object::<Value>(told)).transpose()?.flatten().and_then(|set| owner(&set));
        self.owners.insert(set.to_owned(), found.clone());
        Ok(found)
    }

    /// The first object that came with an entry; `None` where it is not there, or is something else.
    fn object<T: serde::de::DeserializeOwned>(&self, entry: &Entry) -> Result<Option<T>, Error> {
        let Some(digest) = entry.objects.first() else { return Ok(None) };
        let bytes = self.ledger.object(digest)?;
        Ok(bytes.and_then(|bytes| Json::parse_bytes(&bytes).ok()?.to().ok()))
    }
}

fn heading(entry: &Entry) -> Vec<(&'static str, String)> {
    let mut terms = vec![(KIND, entry.kind.clone()), (PERSON, entry.actor.name.clone())];
    terms.extend(entry.actor.on_behalf_of.iter().map(|name| (PERSON, name.clone())));
    terms.extend(entry.run.iter().map(|run| (RUN, run.to_string())));
    terms.extend(entry.incident.iter().map(|incident| (INCIDENT, incident.to_string())));
    terms.extend(entry.environment.iter().map(|environment| (ENVIRONMENT, environment.to_string())));
    terms
}

fn people(value: &Value, add: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            if NAMES_PEOPLE.contains(&name.as_str()) {
                texts(member, add);
            }
            people(member, add);
        }),
        Value::Array(items) => items.iter().for_each(|item| people(item, add)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A text, or each of a list.
fn texts(value: &Value, add: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => add(text),
        Value::Array(items) => items.iter().filter_map(Value::as_str).for_each(add),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
}

/// A plugin by its name and its component's digest: that was called, that judged, that was added.
fn plugins(body: &Value, add: &mut impl FnMut(&str)) {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    text("/plugin").into_iter().chain(text("/call/plugin")).for_each(&mut *add);
    if let Some(verdicts) = body.pointer("/finding/verdicts").and_then(Value::as_object) {
        verdicts.keys().for_each(|name| add(name));
    }
    // A component that was pinned or kept; a changed configuration has these two too, and says of what.
    if text("/digest").is_some() && text("/name").is_some() && text("/what").is_none() {
        text("/name").into_iter().chain(text("/digest")).for_each(add);
    }
}

fn feature_set(body: &Value) -> Option<String> {
    let found = body.get("feature_set")?;
    let name = found.as_str().or_else(|| found.get("name")?.as_str());
    name.map(str::to_owned)
}

fn resources(body: &Value, add: &mut impl FnMut(&str)) {
    let named = ["/resource", "/holder/resource"];
    named.iter().filter_map(|pointer| body.pointer(pointer)?.as_str()).for_each(add);
}

/// The feature set that an entry tells the ledger of.
fn configured(entry: &Entry) -> Option<&str> {
    let text = |name: &str| entry.body.value().get(name).and_then(Value::as_str);
    text("name").filter(|_| entry.kind == "configuration.changed" && text("what") == Some("feature_set"))
}

fn owner(set: &Value) -> Option<String> {
    set.get("owner")?.as_str().map(str::to_owned)
}

/// What people may look for: the entry's kind, people, reason, every text in its body, and its line as `audit log` shows
/// it. Salted commitments say nothing to anybody; they are left out.
fn text(entry: &Entry) -> String {
    let mut words = vec![entry.kind.clone(), entry.actor.name.clone(), log_line::summary(entry)];
    words.extend(entry.reason.clone());
    words.extend(entry.incident.iter().map(ToString::to_string));
    let commitments: Vec<_> = entry.blobs.iter().map(ToString::to_string).collect();
    every_text(entry.body.value(), &mut |text| {
        if !commitments.iter().any(|commitment| commitment == text) {
            words.push(text.to_owned());
        }
    });
    words.extend(entry.objects.iter().map(Digest::to_string));
    words.join("\n")
}

fn every_text(value: &Value, add: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => add(text),
        Value::Array(items) => items.iter().for_each(|item| every_text(item, add)),
        Value::Object(members) => members.values().for_each(|member| every_text(member, add)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
