//! Feature sets, points and mandates.

use belay_domain::fallback::{Alternate, Fallback, UndoBounds};
use belay_domain::feature_set::{Consumer, FeatureSet, ResourceSpec, Tier, Unchecked};
use belay_domain::id::ResourceName;
use belay_domain::mandate::{Asks, Bounds, BreakGlass, Destination, LogHead, Mandate, Named, Purpose, Wanted};
use belay_domain::point::{Origin, PinnedResource, Point};
use belay_domain::skip::Skips;
use belay_domain::verdict::Quorum;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::plans::ramp;
use super::values::{address, count, desired, digest, json, millis, name, pin, reversibility, text};

fn tier() -> impl Strategy<Value = Tier> {
    prop::sample::select(vec![Tier::Experimental, Tier::Standard, Tier::Important, Tier::Critical])
}

/// Each resource is made from the ones before it.
pub(crate) fn feature_set() -> impl Strategy<Value = FeatureSet> {
    let consumers = vec((text(), tier()).prop_map(|(name, tier)| Consumer { name, tier }), 0..3);
    let resources = btree_map(name::<ResourceName>(), (name(), address(), json(), vec(name(), 0..2)), 1..4);
    (name(), text(), tier(), consumers, resources)
        .prop_map(|(name, owner, tier, consumers, resources)| {
            let mut upstream = Vec::new();
            let mut specs = Vec::new();
            for (name, (plugin, at, config, connections)) in resources {
                let upstream_of_it = upstream.clone();
                specs.push(ResourceSpec {
                    name: name.clone(),
                    plugin,
                    at,
                    config,
                    connections,
                    upstream: upstream_of_it,
                    quarantine: None,
                });
                upstream.push(name);
            }
            Unchecked { name, owner, tier, consumers, resources: specs }
        })
        .prop_filter_map("two resources are at one place", |set| set.try_into().ok())
}

pub(crate) fn point() -> impl Strategy<Value = Point> {
    let origin = prop_oneof![Just(Origin::Captured), name().prop_map(|run| Origin::Undo { run })];
    let pinned = (address(), name(), digest(), pin()).prop_map(|(at, plugin, component, pin)| PinnedResource {
        at,
        plugin,
        component,
        pin,
    });
    let words = (text(), option::of(text()), text());
    let rest = (btree_map(text(), text(), 0..3), option::of(digest()), btree_map(name(), pinned, 0..3));
    (name(), name(), origin, millis(), words, rest).prop_map(
        |(environment, feature_set, origin, captured_at, (captured_by, commit, message), (metrics, parent, pins))| {
            let schema = belay_domain::point::SCHEMA;
            Point {
                schema,
                environment,
                feature_set,
                origin,
                captured_at,
                captured_by,
                commit,
                message,
                metrics,
                parent,
                pins,
            }
        },
    )
}

fn named<N: std::fmt::Debug>(name: impl Strategy<Value = N>) -> impl Strategy<Value = Named<N>> {
    (name, digest()).prop_map(|(name, digest)| Named { name, digest })
}

fn destination() -> impl Strategy<Value = Destination> {
    prop_oneof![
        (name(), digest(), millis()).prop_map(|(id, digest, captured_at)| Destination::Point {
            id,
            digest,
            captured_at
        }),
        millis().prop_map(|at| Destination::Before { at }),
        btree_map(name(), text(), 0..3).prop_map(|versions| Destination::Versions { versions }),
        (digest(), name()).prop_map(|(digest, run)| Destination::UndoPoint { digest, run }),
    ]
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (name(), option::of(reversibility()), 0..=100_u32, count(), btree_map(name(), count(), 0..3)).prop_map(
        |(stage, worst, highest_risk, most_touches, most_rows_set_aside)| Bounds {
            stage,
            worst,
            highest_risk,
            most_touches,
            most_rows_set_aside,
        },
    )
}

fn asks() -> impl Strategy<Value = Asks> {
    let quorum = (1..3_u32, text(), text()).prop_map(|(approvals, role, because)| Quorum { approvals, role, because });
    (name(), vec(quorum, 1..3)).prop_map(|(stage, quorums)| Asks { stage, quorums })
}

pub(crate) fn mandate() -> impl Strategy<Value = Mandate> {
    let purpose = prop_oneof![Just(Purpose::Rollback), name().prop_map(|run| Purpose::Undo { run })];
    let wanted =
        prop_oneof![desired().prop_map(|desired| Wanted::of(&desired).unwrap()), ramp().prop_map(Wanted::Ramp)];
    let head = (text(), count(), digest()).prop_map(|(origin, size, root)| LogHead { origin, size, root });
    let who = (name(), purpose, name(), text(), option::of(name()));
    let what = (named(name()), named(name()), destination(), btree_map(text(), json(), 0..3));
    let skips = btree_map(name(), btree_set(name(), 0..2), 0..2).prop_map(Skips::from_iter);
    let undo = (reversibility(), 0_u32..101)
        .prop_map(|(worst, highest_risk)| Fallback::Undo(UndoBounds { worst, highest_risk }));
    let on_failure = prop_oneof![Just(Fallback::Halt), undo, alternate().prop_map(Fallback::Runbook)];
    let rules = (vec(bounds(), 0..3), digest(), btree_map(name(), digest(), 0..3), skips, on_failure);
    let people = (text(), vec(asks(), 0..3), option::of(text().prop_map(|reason| BreakGlass { reason })));
    let how = (btree_map(name(), wanted, 0..3), rules, people);
    let when = (head, millis(), millis(), "[0-9a-f]{32}");
    (who, what, how, when).prop_map(|(who, what, how, when)| {
        let (run, purpose, environment, requester, incident) = who;
        let (runbook, feature_set, destination, parameters) = what;
        let (desired, (stages, governance, components, may_skip, on_failure), people) = how;
        let (team, approvals, break_glass) = people;
        let (ledger, issued_at, expires_at, nonce) = when;
        Mandate {
            schema: belay_domain::mandate::SCHEMA,
            run,
            purpose,
            environment,
            requester,
            incident,
            runbook,
            feature_set,
            team,
            destination,
            parameters,
            desired,
            may_skip,
            stages,
            approvals,
            break_glass,
            on_failure,
            governance,
            components,
            ledger,
            issued_at,
            expires_at,
            nonce,
        }
    })
}

fn alternate() -> impl Strategy<Value = Box<Alternate>> {
    let wanted = desired().prop_map(|desired| Wanted::of(&desired).unwrap());
    let parts = (named(name()), btree_map(text(), json(), 0..2), btree_map(name(), wanted, 0..2), vec(bounds(), 0..2));
    parts.prop_map(|(runbook, parameters, desired, stages)| {
        Box::new(Alternate { runbook, parameters, desired, may_skip: Skips::NONE, stages })
    })
}
