//! Runbooks.

use belay_domain::check::{Check, DecimalText, Inconclusive, Threshold};
use belay_domain::json::Json;
use belay_domain::limits::{Said, Terms};
use belay_domain::runbook::{
    Left, OnFailure, Parameter, ParameterKind, RampRecipe, Runbook, ServiceLevel, Setting, Stage, Step,
};
use belay_domain::skip::{IfUnreachable, IfUpstreamSkipped, WhenDown};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::values::{count, json, name, text};

fn step() -> impl Strategy<Value = Step> {
    let setting = prop_oneof![json().prop_map(Setting::Value), text().prop_map(Setting::Parameter)];
    let set = option::of(btree_map(text(), setting.clone(), 0..3));
    let ramp = (text(), vec(setting, 1..3), count(), any::<bool>())
        .prop_map(|(attribute, through, hold_ms, checks)| RampRecipe { attribute, through, hold_ms, checks });
    prop_oneof![
        (name(), set, vec(name(), 0..2), option::of(ramp), when_down()).prop_map(
            |(resource, set, connections, ramp, when_down)| Step::Resource {
                resource,
                set,
                connections,
                ramp,
                when_down
            }
        ),
        text().prop_map(|instruction| Step::Manual { instruction }),
    ]
}

fn when_down() -> impl Strategy<Value = WhenDown> {
    (any::<bool>(), any::<bool>()).prop_map(|(skip, restore)| WhenDown {
        if_unreachable: if skip { IfUnreachable::Skip } else { IfUnreachable::Halt },
        if_upstream_skipped: if restore { IfUpstreamSkipped::Restore } else { IfUpstreamSkipped::Skip },
    })
}

/// A default fits its kind, so it is never `null`, which would read as no default.
fn parameter() -> impl Strategy<Value = Parameter> {
    let fitting = prop_oneof![
        any::<i32>().prop_map(|number| (ParameterKind::Integer, Json::new(number.into()).unwrap())),
        text().prop_map(|text| (ParameterKind::String, Json::new(text.into()).unwrap())),
        any::<bool>().prop_map(|truth| (ParameterKind::Boolean, Json::new(truth.into()).unwrap())),
    ];
    (text(), fitting, any::<bool>()).prop_map(|(name, (kind, default), has_default)| Parameter {
        name,
        kind,
        default: has_default.then_some(default),
    })
}

fn threshold() -> impl Strategy<Value = Threshold> {
    let number = "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,8})?".prop_map(|text| DecimalText::try_from(text).unwrap());
    let kinds = [Threshold::Below, Threshold::Above, Threshold::AtMost, Threshold::AtLeast, Threshold::Equal];
    (number, 0..kinds.len()).prop_map(move |(number, kind)| kinds[kind](number))
}

fn check() -> impl Strategy<Value = Check> {
    let inconclusive = prop::sample::select(vec![Inconclusive::Wait, Inconclusive::Fail]);
    let what = (name(), vec(name(), 0..2), option::of(name()), json(), text(), threshold());
    (what, count(), count(), inconclusive).prop_map(|(what, within_ms, hold_ms, inconclusive)| {
        let (probe, connections, resource, config, measurement, must) = what;
        Check { probe, connections, resource, config, measurement, must, within_ms, hold_ms, inconclusive }
    })
}

pub(crate) fn runbook() -> impl Strategy<Value = Runbook> {
    let words = (name(), text(), text(), text(), text(), vec(text(), 0..3));
    let stages = vec((name(), vec(step(), 0..3)).prop_map(|(name, steps)| Stage { name, steps }), 0..3);
    let level = (option::of(count()), option::of(count()))
        .prop_map(|(restored_within_ms, may_lose_ms)| ServiceLevel { restored_within_ms, may_lose_ms });
    let on_failure = prop_oneof![Just(OnFailure::Halt), Just(OnFailure::Undo), name().prop_map(OnFailure::Runbook)];
    let left = (name(), text()).prop_map(|(resource, because)| Left { resource, because });
    (
        words,
        vec(parameter(), 0..3),
        stages,
        vec(check(), 0..3),
        (level, on_failure, option::of(count()), vec(left, 0..2)),
    )
        .prop_map(|((name, summary, when, when_not, escalate_to, tags), parameters, stages, checks, last)| {
            Runbook {
                name,
                summary,
                when,
                when_not,
                escalate_to,
                tags,
                parameters,
                stages,
                checks,
                service_level: last.0,
                on_failure: last.1,
                may_touch: belay_domain::people::Scope::default(),
                limits: Terms { mandate_ttl_ms: last.2.map(Said::from), ..Terms::default() },
                leaves: last.3,
            }
        })
}
