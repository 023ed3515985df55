//! The small values that others are made of.

use belay_domain::digest::Digest;
use belay_domain::id::{Millis, ResourceAddress};
use belay_domain::json::{Json, MAX_INTEGER};
use belay_domain::operation::Reversibility;
use belay_domain::state::{Desired, Pin, State};
use proptest::prelude::*;

/// Any name: they all have one rule.
pub(crate) fn name<N: TryFrom<String, Error: std::fmt::Debug> + std::fmt::Debug>() -> impl Strategy<Value = N> {
    "[a-zA-Z0-9][a-zA-Z0-9._-]{0,8}".prop_map(|text| N::try_from(text).unwrap())
}

/// Any text, with what JSON must escape.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z ]{0,12}", "\\PC{0,6}", Just("\"\\\u{0}\n\u{2028}😀\u{fb33}".to_owned())]
}

pub(crate) fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0..1_000_u64, Just(MAX_INTEGER.unsigned_abs())]
}

pub(crate) fn millis() -> impl Strategy<Value = Millis> {
    count().prop_map(Millis)
}

pub(crate) fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

pub(crate) fn reversibility() -> impl Strategy<Value = Reversibility> {
    prop::sample::select(vec![Reversibility::Reversible, Reversibility::Recoverable, Reversibility::Irreversible])
}

pub(crate) fn address() -> impl Strategy<Value = ResourceAddress> {
    (name(), "[a-z@./ é]{1,10}").prop_map(|(connection, id)| ResourceAddress { connection, id })
}

pub(crate) fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (-MAX_INTEGER..=MAX_INTEGER).prop_map(Into::into),
        text().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
    .prop_map(|value| Json::new(value).unwrap())
}

pub(crate) fn state() -> impl Strategy<Value = State> {
    (text(), json(), json()).prop_map(|(version, content, revision)| State { version, content, revision })
}

pub(crate) fn pin() -> impl Strategy<Value = Pin> {
    (state(), json()).prop_map(|(state, proof)| Pin { state, proof })
}

pub(crate) fn desired() -> impl Strategy<Value = Desired> {
    prop_oneof![pin().prop_map(Desired::Pinned), json().prop_map(Desired::Attributes)]
}
