//! Operations and plans.

use belay_domain::id::StepId;
use belay_domain::operation::{
    Answer, Body, BodyTest, Change, Expectation, Expiry, HttpWrite, KeyvalueChange, KeyvalueWrite, Loss, ObjectWrite,
    Operation, RiskFactor, Write,
};
use belay_domain::plan::{BlindCause, StagePlan, StepPlan, Subject, Target, Work};
use belay_domain::ramp::{PlannedPart, Ramp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::values::{address, count, desired, digest, json, millis, name, reversibility, state, text};

pub(crate) fn operation() -> impl Strategy<Value = Operation> {
    (text(), write(), json(), reversibility(), count()).prop_map(|(summary, write, yields, reversibility, touches)| {
        Operation { summary, write, yields, reversibility, touches }
    })
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![http().prop_map(Write::Http), object().prop_map(Write::Object), keyvalue().prop_map(Write::Keyvalue)]
}

fn http() -> impl Strategy<Value = HttpWrite> {
    let answers = || vec(answer(), 0..3);
    let head = (name(), "PUT|POST|PATCH|DELETE", "/[a-z/?=%]{0,12}", vec((text(), text()), 0..3));
    (head, body(), answers(), answers()).prop_map(|((connection, method, path, headers), body, applied, refused)| {
        HttpWrite { connection, method, path, headers, body, applied, refused }
    })
}

/// Any bytes: some are text, some are not.
fn body() -> impl Strategy<Value = Body> {
    prop_oneof![text().prop_map(String::into_bytes), vec(any::<u8>(), 0..12)].prop_map(Body)
}

fn answer() -> impl Strategy<Value = Answer> {
    let test =
        prop_oneof![Just(BodyTest::Present), json().prop_map(BodyTest::Equals), text().prop_map(BodyTest::Contains),];
    (any::<u16>(), option::of((text(), test))).prop_map(|(status, body)| Answer { status, body })
}

fn object() -> impl Strategy<Value = ObjectWrite> {
    (name(), text(), option::of(body()), expectation()).prop_map(|(connection, key, content, expect)| ObjectWrite {
        connection,
        key,
        content,
        expect,
    })
}

fn expectation() -> impl Strategy<Value = Expectation> {
    prop_oneof![Just(Expectation::Anything), Just(Expectation::Absent), digest().prop_map(Expectation::Bytes)]
}

fn keyvalue() -> impl Strategy<Value = KeyvalueWrite> {
    let expiry = prop_oneof![Just(Expiry::Kept), Just(Expiry::Never), millis().prop_map(Expiry::At)];
    let set = (body(), body(), expiry).prop_map(|(key, value, expiry)| KeyvalueChange::Set { key, value, expiry });
    let set_field =
        (body(), body(), body()).prop_map(|(key, field, value)| KeyvalueChange::SetField { key, field, value });
    let change = prop_oneof![
        set,
        set_field,
        body().prop_map(|key| KeyvalueChange::Delete { key }),
        (body(), body()).prop_map(|(key, field)| KeyvalueChange::DeleteField { key, field }),
        (body(), count()).prop_map(|(prefix, most)| KeyvalueChange::DeletePrefix { prefix, most }),
    ];
    (name(), change, expectation()).prop_map(|(connection, change, expect)| KeyvalueWrite {
        connection,
        change,
        expect,
    })
}

fn change() -> impl Strategy<Value = Change> {
    let factor = (text(), 0..=100_u32).prop_map(|(cause, score)| RiskFactor { cause, score });
    let loss = (millis(), count(), option::of(count()));
    let loss = option::of(loss.prop_map(|(since, changes, rows)| Loss { since, changes, rows }));
    (vec(operation(), 0..3), vec(factor, 0..2), loss, vec(text(), 0..2))
        .prop_map(|(operations, factors, loss, notes)| Change { operations, factors, loss, notes })
}

fn target() -> impl Strategy<Value = Target> {
    let place = (name(), address(), json(), name(), digest());
    let around = (vec(name(), 0..2), vec(name(), 0..2));
    (place, around, desired(), option::of(ramp())).prop_map(
        |((resource, at, config, plugin, component), (connections, upstream), desired, ramp)| Target {
            resource,
            at,
            config,
            plugin,
            component,
            connections,
            upstream,
            desired,
            ramp,
        },
    )
}

pub(crate) fn ramp() -> impl Strategy<Value = Ramp> {
    (text(), vec(json(), 1..4), count(), any::<bool>()).prop_map(|(attribute, through, hold_ms, checks)| Ramp {
        attribute,
        through,
        hold_ms,
        checks,
    })
}

fn step_plan() -> impl Strategy<Value = StepPlan> {
    let subject = prop_oneof![
        target().prop_map(|target| Subject::Resource(Box::new(target))),
        text().prop_map(|instruction| Subject::Manual { instruction }),
    ];
    let work = prop_oneof![
        (state(), change()).prop_map(|(observed, change)| Work::Change { observed, change }),
        (text(), prop_oneof![Just(BlindCause::SystemDown), Just(BlindCause::Other)])
            .prop_map(|(reason, cause)| Work::Blind { reason, cause }),
        Just(Work::Person),
    ];
    let part = (any::<u32>(), any::<u32>()).prop_map(|(part, operations)| PlannedPart { part, operations });
    (any::<u32>(), any::<u32>(), subject, work, vec(part, 0..3))
        .prop_map(|(stage, step, subject, work, parts)| StepPlan { id: StepId { stage, step }, subject, work, parts })
}

pub(crate) fn stage_plan() -> impl Strategy<Value = StagePlan> {
    (name(), any::<u32>(), name(), vec(step_plan(), 0..3)).prop_map(|(environment, index, stage, steps)| StagePlan {
        environment,
        index,
        stage,
        steps,
    })
}
