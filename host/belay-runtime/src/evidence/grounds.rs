//! What chosen entries rest on: the rules and plugins in force, the point that a run went back to, who accepted the rules,
//! and what changed from outside meanwhile. Never more than that.

use std::collections::{BTreeMap, BTreeSet};

use belay_domain::digest::Digest;
use belay_domain::mandate::{Destination, Mandate};
use belay_ledger::kind::{KEY_COMPROMISED, KEY_ROTATED, REDACTION, REDACTION_ASKED, RETENTION};
use belay_ledger::redaction::Redactions;
use belay_ledger::{Entry, Filter, Ledger};
use serde_json::Value;

use super::choose::found;
use super::words::digest;
use crate::api::Error;

/// How many entries of a kind are looked at together, from the newest back.
const LOOK: u64 = 256;

/// Adds the grounds of all mandates among the chosen. Gives the components that they name, and the sizes of the log at
/// which they were made.
pub(super) fn add(
    store: &Ledger,
    chosen: &mut BTreeMap<u64, Entry>,
) -> Result<(BTreeSet<Digest>, BTreeSet<u64>), Error> {
    let mut wanted = Wanted::default();
    let mut heads = BTreeSet::new();
    for entry in chosen.values() {
        let Some(mandate) = mandate(store, entry) else { continue };
        heads.insert(mandate.ledger.size);
        wanted.add(&mandate);
    }
    let components = wanted.components.clone();
    // What holds for one holds for all: one look back over each kind serves every mandate.
    look(store, chosen, "governance.accepted", |entry| wanted.take_governance(entry))?;
    look(store, chosen, "configuration.changed", |entry| wanted.take_configuration(entry))?;
    look(store, chosen, "plugin.added", |entry| wanted.take_component(entry))?;
    look(store, chosen, "point.captured", |entry| wanted.take_point(entry))?;
    accepted_by(store, chosen)?;
    always(store, chosen)?;
    changed_outside(store, chosen)?;
    if let Some(begun) = store.entry(0).ok().flatten() {
        chosen.insert(0, begun);
    }
    let added = chosen.values().filter(|entry| entry.kind == "plugin.added");
    Ok((components.into_iter().chain(added.flat_map(|entry| entry.objects.clone())).collect(), heads))
}

/// The mandate that an entry records.
pub(crate) fn mandate(store: &dyn super::Records, entry: &Entry) -> Option<Mandate> {
    if entry.kind != "mandate" {
        return None;
    }
    serde_json::from_slice(&store.object(&digest(entry.body.value(), "mandate")?)?).ok()
}

/// What mandates name and no entry was found for yet.
#[derive(Default)]
struct Wanted {
    governances: BTreeSet<Digest>,
    configurations: BTreeSet<Digest>,
    components: BTreeSet<Digest>,
    points: BTreeSet<Digest>,
}

/// Whether an entry is one that was looked for, and whether there is more to look for.
struct Taken {
    taken: bool,
    done: bool,
}

impl Wanted {
    fn add(&mut self, mandate: &Mandate) {
        self.governances.insert(mandate.governance);
        self.configurations.extend([mandate.governance, mandate.runbook.digest, mandate.feature_set.digest]);
        self.components.extend(mandate.components.values());
        if let Destination::Point { digest, .. } = &mandate.destination {
            self.points.insert(*digest);
        }
    }

    fn take_governance(&mut self, entry: &Entry) -> Taken {
        take(&mut self.governances, entry, "governance")
    }

    fn take_configuration(&mut self, entry: &Entry) -> Taken {
        take(&mut self.configurations, entry, "digest")
    }

    fn take_component(&mut self, entry: &Entry) -> Taken {
        take(&mut self.components, entry, "digest")
    }

    fn take_point(&mut self, entry: &Entry) -> Taken {
        take(&mut self.points, entry, "digest")
    }
}

fn take(wanted: &mut BTreeSet<Digest>, entry: &Entry, name: &str) -> Taken {
    let taken = digest(entry.body.value(), name).is_some_and(|digest| wanted.remove(&digest));
    Taken { taken, done: wanted.is_empty() }
}

/// Looks back over the entries of a kind until all that was wanted is found, or they end.
fn look(
    store: &Ledger,
    chosen: &mut BTreeMap<u64, Entry>,
    kind: &str,
    mut take: impl FnMut(&Entry) -> Taken,
) -> Result<(), Error> {
    let mut before = chosen.keys().next_back().map(|last| last.saturating_add(1));
    loop {
        let filter = Filter { before, limit: Some(LOOK), newest_first: true, ..of_kind(kind) };
        let stretch = found(store, &filter)?;
        let Some(oldest) = stretch.last().map(|entry| entry.seq) else { return Ok(()) };
        for entry in stretch {
            let Taken { taken, done } = take(&entry);
            if taken {
                chosen.insert(entry.seq, entry);
            }
            if done {
                return Ok(());
            }
        }
        before = Some(oldest);
    }
}

fn of_kind(kind: &str) -> Filter {
    Filter { kinds: vec![kind.to_owned()], ..Filter::default() }
}

/// The changes of the log's key, which lead whoever trusts an earlier one to the present one; and what was taken away of
/// what the entries name, on whose authority.
fn always(store: &Ledger, chosen: &mut BTreeMap<u64, Entry>) -> Result<(), Error> {
    let kinds =
        |kinds: &[&str]| Filter { kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(), ..Filter::default() };
    let keys = found(store, &kinds(&[KEY_ROTATED, KEY_COMPROMISED]))?;
    let taking = found(store, &kinds(&[REDACTION_ASKED, REDACTION, RETENTION]))?;
    let mut redactions = Redactions::default();
    for entry in &taking {
        // One that takes nothing away is found by the verification of the log.
        let _ = redactions.read(entry);
    }
    let named = chosen.values().flat_map(|entry| entry.blobs.iter().filter_map(|blob| redactions.of(entry, blob)));
    let mut wanted: BTreeSet<u64> = named.collect();
    let asked = taking.iter().filter(|entry| wanted.contains(&entry.seq));
    let asked: Vec<u64> = asked.filter_map(|entry| entry.body.value().get("asked")?.as_u64()).collect();
    wanted.extend(asked);
    let taking = taking.into_iter().filter(|entry| wanted.contains(&entry.seq));
    chosen.extend(keys.into_iter().chain(taking).map(|entry| (entry.seq, entry)));
    Ok(())
}

/// The proposals and signatures of the governances that were chosen.
fn accepted_by(store: &Ledger, chosen: &mut BTreeMap<u64, Entry>) -> Result<(), Error> {
    let accepted: Vec<Entry> = chosen.values().filter(|entry| entry.kind == "governance.accepted").cloned().collect();
    for entry in accepted {
        let Some(proposal) = entry.body.value().get("proposal").and_then(Value::as_u64) else { continue };
        let signed = Filter { after: Some(proposal), before: Some(entry.seq), ..of_kind("governance.signed") };
        let of_this = |found: &Entry| found.body.value().get("proposal").and_then(Value::as_u64) == Some(proposal);
        let signatures = found(store, &signed)?.into_iter().filter(of_this);
        let proposed = store.entry(proposal).ok().flatten();
        chosen.extend(signatures.chain(proposed).map(|entry| (entry.seq, entry)));
    }
    Ok(())
}

/// What changed with no run to explain it, between the first and the last entry, where they are.
fn changed_outside(store: &Ledger, chosen: &mut BTreeMap<u64, Entry>) -> Result<(), Error> {
    let (Some(first), Some(last)) = (chosen.keys().next().copied(), chosen.keys().next_back().copied()) else {
        return Ok(());
    };
    let environments: BTreeSet<_> = chosen.values().filter_map(|entry| entry.environment.clone()).collect();
    let filter = Filter { after: Some(first), before: Some(last), ..of_kind("resource.changed_outside") };
    let there = |entry: &Entry| entry.environment.as_ref().is_some_and(|name| environments.contains(name));
    chosen.extend(found(store, &filter)?.into_iter().filter(there).map(|entry| (entry.seq, entry)));
    Ok(())
}
