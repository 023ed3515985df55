//! What is told of a difference, and that none is left out.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;

use super::{Change, InForce, Proposal, changes};
use crate::digest::Digest;
use crate::json::Json;

fn check(before: &str, after: &str, expected: &Expect) {
    let changes = changes(&Json::parse(before).unwrap(), &Json::parse(after).unwrap());
    expected.assert_eq(&changes.iter().map(Change::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_value_that_changed_is_told_with_its_place() {
    check(
        r#"{"environments":{"prod":{"risk":{"headroom":2}}},"a":1}"#,
        r#"{"environments":{"prod":{"risk":{"headroom":3}}},"a":1}"#,
        &expect!["environments.prod.risk.headroom: 2 -> 3"],
    );
}

#[test]
fn items_come_and_go() {
    check(
        r#"{"bands":[{"up_to":25},{"up_to":60}],"approvers":["ana","ben"]}"#,
        r#"{"bands":[{"up_to":25},{"up_to":90}],"approvers":["eve","ana"]}"#,
        &expect![[r#"
            approvers: - "ben"
            approvers: + "eve"
            bands: - {"up_to":60}
            bands: + {"up_to":90}"#]],
    );
    check(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, &expect!["a (order): [1,2] -> [2,1]"]);
    check(r#"{"a":[1,1]}"#, r#"{"a":[1]}"#, &expect!["a: - 1"]);
}

#[test]
fn what_is_new_is_told_by_its_parts() {
    check(
        "{}",
        r#"{"people":{"admins":["ada"],"teams":{}},"x.y":null}"#,
        &expect![[r#"
            people.admins: + "ada"
            people.teams: + {}
            "x.y": + null"#]],
    );
    check(r#"{"a":{"b":1}}"#, r#"{"a":null}"#, &expect![[r#"a: {"b":1} -> null"#]]);
}

#[test]
fn no_name_forges_a_line() {
    check(
        "{}",
        "{\"a\\nb: 1 -> 2\":\"\u{202e}\u{1f600}\\u001b[2J\"}",
        &expect![[r#""a\nb: 1 -> 2": + "\u202e\ud83d\ude00\u001b[2J""#]],
    );
}

#[test]
fn the_text_names_all_that_is_signed() {
    let proposal = Proposal {
        origin: "belay/shop".to_owned(),
        in_force: Some(InForce { digest: Digest::of(b"old"), entry: 12 }),
        proposed: Digest::of(b"new"),
        author: "ben".parse().unwrap(),
        accept: 2,
        changes: changes(&Json::parse(r#"{"a":1}"#).unwrap(), &Json::parse(r#"{"a":2}"#).unwrap()),
    };
    expect![[r#"
        belay governance 1
        log          belay/shop
        in force     sha256 cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4, accepted in entry 12
        proposed     sha256 11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437
        proposed by  ben
        accepted by  2 admins, ben not among them

        a: 1 -> 2
    "#]]
    .assert_eq(&proposal.to_string());
    let mut later = proposal.clone();
    later.in_force = Some(InForce { digest: Digest::of(b"old"), entry: 40 });
    assert_ne!(later.digest(), proposal.digest(), "a signature could be used again");
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c.\n]{0,2}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_difference_is_told_and_nothing_else(before in json(), after in json()) {
        let (before, after) = (Json::new(before).unwrap(), Json::new(after).unwrap());
        prop_assert_eq!(changes(&before, &after).is_empty(), before == after);
        for change in changes(&before, &after) {
            prop_assert!(change.before != change.after, "{}", change);
            prop_assert!(change.to_string().chars().all(|c| c.is_ascii_graphic() || c == ' '), "{:?}", change);
        }
    }
}
