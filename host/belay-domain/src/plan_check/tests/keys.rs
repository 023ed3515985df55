//! Keys, fields and prefixes.

use expect_test::expect;

use super::*;
use crate::connection::{ConnectionKind, Criticality};
use crate::digest::Digest;
use crate::operation::{Body, Expectation, Expiry, KeyvalueChange, KeyvalueWrite};

fn bytes(text: &str) -> Body {
    Body(text.as_bytes().to_vec())
}

fn set(key: &str) -> KeyvalueChange {
    KeyvalueChange::Set { key: bytes(key), value: bytes("8"), expiry: Expiry::Kept }
}

fn delete_prefix(prefix: &str, most: u64) -> KeyvalueChange {
    KeyvalueChange::DeletePrefix { prefix: bytes(prefix), most }
}

fn holding() -> Expectation {
    Expectation::Bytes(Digest::of(b"9"))
}

/// The sample's restoration, its two steps writing keys of the connection `cache`.
fn stage(first: (KeyvalueChange, Expectation), second: (KeyvalueChange, Expectation)) -> StagePlan {
    let mut plan = sample::restore();
    for (step, (change, expect)) in [first, second].into_iter().enumerate() {
        operation(&mut plan, step).write =
            Write::Keyvalue(KeyvalueWrite { connection: "cache".parse().unwrap(), change, expect });
        if let crate::plan::Subject::Resource(target) = &mut plan.steps[step].subject {
            target.connections.push("cache".parse().unwrap());
        }
    }
    plan
}

fn connections(lines: &[(&str, bool)]) -> BTreeMap<ConnectionName, ConnectionRules> {
    let writes = lines.iter().map(|(line, repeatable)| WriteRule { repeatable: *repeatable, ..sample::rule(line) });
    let cache = ConnectionRules {
        name: "cache".parse().unwrap(),
        kind: ConnectionKind::Redis,
        criticality: Criticality::Medium,
        writes: writes.collect(),
        settle_ms: 1_000,
    };
    sample::connections().into_iter().chain([(cache.name.clone(), cache)]).collect()
}

fn everything() -> BTreeMap<ConnectionName, ConnectionRules> {
    connections(&[("SET *", false), ("DEL *", false), ("HSET *", false), ("HDEL *", false), ("UNLINK *", true)])
}

/// What the checker says of the first of two writes; the second is beside the point.
fn alone(change: KeyvalueChange, expect: Expectation) -> String {
    verdict(&stage((change, expect), (set("other"), holding())), &everything())
}

#[test]
fn a_key_and_what_contains_it_are_not_written_side_by_side() {
    let field = |name: &str| KeyvalueChange::DeleteField { key: bytes("k"), field: bytes(name) };
    let blind = |prefix: &str| (delete_prefix(prefix, 9), Expectation::Anything);
    for (first, second, clash) in [
        ((set("k"), holding()), (set("k"), holding()), true),
        ((set("k"), holding()), (set("k2"), holding()), false),
        ((set("k"), holding()), (field("a"), holding()), true),
        ((field("a"), holding()), (KeyvalueChange::Delete { key: bytes("k") }, holding()), true),
        ((field("a"), holding()), (field("b"), holding()), false),
        ((field("a"), holding()), (field("a"), holding()), true),
        (blind("k"), (set("k:1"), holding()), true),
        ((field("a"), holding()), blind("k"), true),
        (blind("k:"), (set("k"), holding()), false),
        (blind("k:"), blind("k"), true),
        (blind("k:"), blind("j"), false),
        // A star in a key is no prefix.
        ((set("k*"), holding()), (set("k:1"), holding()), false),
    ] {
        let plan = stage(first, second);
        assert_eq!(verdict(&plan, &everything()).contains("their order is not fixed"), clash, "{plan:?}");
    }
}

#[test]
fn what_makes_no_sense_of_keys_is_refused() {
    let found = [
        alone(set(""), holding()),
        alone(set(&"k".repeat(1_025)), holding()).replace(&"k".repeat(200), "k…"),
        alone(set("k"), Expectation::Anything),
        alone(KeyvalueChange::Delete { key: bytes("k") }, Expectation::Absent),
        alone(delete_prefix("", 9), Expectation::Anything),
        alone(delete_prefix("k", 0), Expectation::Anything),
        alone(delete_prefix("k", 1_000_001), Expectation::Anything),
        alone(delete_prefix("k", 9), holding()),
    ];
    expect![[r#"
        dataset, write 1: the key `` is empty; an empty prefix would be every key
        dataset, write 1: the key `k…` is longer than 1,024 bytes
        dataset, write 1: nothing is expected of what is there now, so a change in between would be lost; expect `absent` or the present bytes, or mark the connection's line `repeatable`
        dataset, write 1: deletes what it expects to be absent
        dataset, write 1: the key `` is empty; an empty prefix would be every key
        dataset, write 1: allows itself 0 keys; a deletion by prefix takes 1 to 1,000,000
        dataset, write 1: allows itself 1,000,001 keys; a deletion by prefix takes 1 to 1,000,000
        dataset, write 1: expects something of a prefix, which holds no bytes; the plugin must expect `anything`"#]].assert_eq(&found.join("\n"));
}

#[test]
fn a_prefix_needs_a_line_that_says_it_is_harmless() {
    let plan = stage((delete_prefix("k", 9), Expectation::Anything), (set("other"), holding()));
    let found = verdict(&plan, &connections(&[("UNLINK k*", false), ("SET *", false)]));
    expect!["dataset, write 1: deletes whatever starts with the prefix when its turn comes, which nothing compares; mark the connection's line `repeatable` if every such key can be made again"].assert_eq(&found);
    let found = verdict(&plan, &connections(&[("SET *", false)]));
    expect![[r#"dataset, write 1: `UNLINK k*` is not among the writes that `cache` allows; to allow it, add to its `writes` in belay.toml: { match = "UNLINK k*", at_best = "recoverable", repeatable = true }"#]].assert_eq(&found);
}

#[test]
fn the_host_counts_a_prefix_by_its_bound_and_lets_nobody_call_it_reversible() {
    let mut plan = stage((delete_prefix("k", 900), Expectation::Anything), (set("other"), holding()));
    operation(&mut plan, 0).touches = 3;
    let examined = examine(&plan, &everything()).unwrap();
    let seen = examined.operations.iter().map(|found| {
        (found.object.as_str(), found.touches, found.reversibility, found.repeat_is_safe, found.unguarded_by_system)
    });
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            ("cache/k*", 900, Reversibility::Recoverable, true, true),
            ("cache/other", 1, Reversibility::Reversible, true, false),
        ]
    );
}

#[test]
fn the_line_that_is_offered_for_keys_allows_them() {
    for (change, expect) in [(delete_prefix("v9:[a]", 9), Expectation::Anything), (set("a b*"), Expectation::Absent)] {
        let line = change.line();
        let offered = super::super::violation::rule_for(&line, Reversibility::Recoverable);
        let pattern = offered.split('"').nth(1).unwrap();
        assert!(sample::rule(pattern).pattern.matches(&line), "{offered}");
        assert_eq!(offered.contains("repeatable"), expect == Expectation::Anything);
    }
}
