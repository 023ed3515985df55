//! The plugin as belay calls it, over keys in memory.

use belay_sdk::{Change, Context, Desired, Fault, Pin, Reference, Resource, Reverter, State, Write, fake, json};
use serde_json::{Value, json};

use super::*;

fn of(id: &str, config: &Value) -> Resource<Config> {
    let config = serde_json::from_value(config.clone()).unwrap();
    Resource { connection: "cache".into(), id: id.into(), config }
}

fn pointer() -> Resource<Config> {
    of("features:generation", &json!({ "kind": "generation", "values": "features:{generation}:" }))
}

fn prefix() -> Resource<Config> {
    of("features:9:", &json!({ "kind": "prefix", "at_most": 3 }))
}

fn reads() -> fake::Reads {
    fake::Reads::default()
        .key("cache", "features:generation", "9")
        .key("cache", "features:8:ana", "x")
        .key("cache", "features:9:ana", "x")
        .key("cache", "features:9:bea", "x")
}

fn set(attributes: Value) -> Desired<Attributes> {
    Desired::Attributes(serde_json::from_value(attributes).unwrap())
}

fn back_to(state: &State) -> Desired<Attributes> {
    Desired::Pinned(Pin::without_proof(state.clone()))
}

fn plan(reads: &fake::Reads, of: &Resource<Config>, path: Vec<Desired<Attributes>>) -> Result<Vec<Change>, Fault> {
    let observed = RedisCache::observe(reads, of).unwrap();
    RedisCache::plan(reads, &Context { now: 0, key: String::new() }, of, observed, path)
}

/// Performs a change as the host would, and holds each operation to what it says.
fn perform(reads: &mut fake::Reads, of: &Resource<Config>, change: &Change) {
    for operation in &change.operations {
        let Write::Keyvalue(write) = &operation.write else { panic!("{operation:?}") };
        reads.perform(write).unwrap();
        let after = RedisCache::observe(reads, of).unwrap();
        assert!(json::same(&after.content, &operation.yields), "{after:?}");
    }
}

/// Plans, performs, and finds nothing more to do.
fn restore(reads: &mut fake::Reads, of: &Resource<Config>, desired: Desired<Attributes>) -> Change {
    let change = plan(reads, of, vec![desired.clone()]).unwrap().remove(0);
    perform(reads, of, &change);
    assert_eq!(plan(reads, of, vec![desired]), Ok(vec![Change::nothing()]));
    change
}

#[test]
fn a_generation_goes_back_and_forth() {
    let (mut reads, of) = (reads(), pointer());
    let nine = RedisCache::observe(&reads, &of).unwrap();
    assert_eq!((nine.version.as_str(), nine.content.as_str()), ("9", r#"{"generation":"9"}"#));
    let change = restore(&mut reads, &of, set(json!({ "generation": "8" })));
    assert_eq!(change.operations[0].summary, "generation of features:generation: 9 → 8");
    assert_eq!(change.notes[1], "generation 8 still has 1 value, as old as it is");
    restore(&mut reads, &of, back_to(&nine));
    assert_eq!(RedisCache::observe(&reads, &of).unwrap(), nine);
}

#[test]
fn a_pointer_can_be_a_field_and_keeps_its_expiry() {
    let mut reads = fake::Reads::default().field("cache", "meta", "gen", "9").key("cache", "gen", "9");
    let field = of("meta", &json!({ "kind": "generation", "field": "gen" }));
    restore(&mut reads, &field, set(json!({ "generation": "8" })));
    let mut reads = reads.expiring("cache", "gen", 7);
    let key = of("gen", &json!({ "kind": "generation" }));
    restore(&mut reads, &key, set(json!({ "generation": "8" })));
    assert_eq!(Reads::key_meta(&reads, "cache", b"gen").unwrap().unwrap().expires, Some(7));
}

#[test]
fn an_absent_pointer_is_a_state_too() {
    let of = pointer();
    let mut none = fake::Reads::default();
    let absent = RedisCache::observe(&none, &of).unwrap();
    assert!(absent.is_absent());
    restore(&mut none, &of, set(json!({ "generation": "8" })));
    let change = restore(&mut none, &of, back_to(&absent));
    assert_eq!(change.operations[0].reversibility, belay_sdk::Reversibility::Recoverable);
}

#[test]
fn somebody_elses_flip_in_between_is_noticed() {
    let (mut reads, of) = (reads(), pointer());
    let change = plan(&reads, &of, vec![set(json!({ "generation": "8" }))]).unwrap().remove(0);
    let stale = RedisCache::observe(&reads, &of).unwrap();
    reads.set_key("cache", "features:generation", "10");
    let Write::Keyvalue(write) = &change.operations[0].write else { panic!("{change:?}") };
    assert_eq!(reads.perform(write), Err("holds other bytes".to_owned()));
    let path = vec![set(json!({ "generation": "8" }))];
    let fault = RedisCache::plan(&reads, &Context { now: 0, key: String::new() }, &of, stale, path).unwrap_err();
    assert!(matches!(fault, Fault::Unavailable(_)));
}

#[test]
fn a_generation_is_named_only_where_its_values_are() {
    let (reads, of) = (reads(), pointer());
    let at = |of: &Resource<Config>, label: &str| {
        RedisCache::locate(&reads, of, Reference::Version(label.to_owned())).map(|pin| pin.state.version)
    };
    assert_eq!(at(&of, "8").as_deref(), Ok("8"));
    assert!(matches!(at(&of, "7"), Err(Fault::Missing(text)) if text.contains("features:7:")));
    assert!(matches!(at(&of, ""), Err(Fault::Invalid(_))));
    let blind = super::tests::of("features:generation", &json!({ "kind": "generation" }));
    assert!(matches!(at(&blind, "8"), Err(Fault::Unsupported(text)) if text.contains("`values`")));
    let nowhere = super::tests::of("features:generation", &json!({ "kind": "generation", "values": "features:" }));
    assert!(matches!(at(&nowhere, "8"), Err(Fault::Invalid(_))));
    assert!(matches!(at(&prefix(), "8"), Err(Fault::Unsupported(_))));
    assert!(matches!(RedisCache::locate(&reads, &of, Reference::At(0)), Err(Fault::Unsupported(_))));
}

#[test]
fn the_reader_of_a_plan_learns_what_is_left_of_a_generation() {
    let (reads, of) = (reads(), pointer());
    let change = plan(&reads, &of, vec![set(json!({ "generation": "7" }))]).unwrap().remove(0);
    assert_eq!(change.notes[1], "generation 7 has no values left: readers make each again");
}

#[test]
fn a_prefix_is_emptied_once() {
    let (mut reads, of) = (reads(), prefix());
    assert_eq!(RedisCache::observe(&reads, &of).unwrap().version, "in use");
    let change = restore(&mut reads, &of, set(json!({ "empty": true })));
    assert_eq!(change.operations[0].summary, "delete 2 keys that start with features:9:");
    assert_eq!(change.operations[0].touches, 2);
    assert_eq!(RedisCache::observe(&reads, &of).unwrap().version, "empty");
    assert_eq!(reads.value("cache", b"features:8:ana"), Ok(Some(b"x".to_vec())));
}

#[test]
fn more_keys_than_may_go_are_refused_before_a_write() {
    let reads = reads().key("cache", "features:9:c", "x").key("cache", "features:9:d", "x");
    let fault = plan(&reads, &prefix(), vec![set(json!({ "empty": true }))]).unwrap_err();
    assert!(matches!(fault, Fault::Unsupported(text) if text.contains("more than 3 keys")));
}

#[test]
fn a_step_that_forgot_what_to_set_is_told_and_undo_is_not() {
    let (mut reads, of) = (reads(), prefix());
    let captured = RedisCache::locate(&reads, &of, Reference::Present).unwrap();
    let fault = plan(&reads, &of, vec![Desired::Pinned(captured)]).unwrap_err();
    assert!(matches!(fault, Fault::Unsupported(text) if text.contains("set = { empty = true }")));

    let used = RedisCache::observe(&reads, &of).unwrap();
    assert_eq!(plan(&reads, &of, vec![back_to(&used)]), Ok(vec![Change::nothing()]));
    restore(&mut reads, &of, set(json!({ "empty": true })));
    assert!(matches!(plan(&reads, &of, vec![back_to(&used)]), Err(Fault::Unsupported(_))));
    reads.set_key("cache", "features:9:new", "x");
    assert_eq!(plan(&reads, &of, vec![back_to(&used)]), Ok(vec![Change::nothing()]));
}

#[test]
fn what_can_not_be_set_or_understood_is_said() {
    let reads = reads().field("cache", "hash", "a", "1").key("cache", "bytes", [0xff]);
    let fault = |of: &Resource<Config>, set_to| plan(&reads, of, vec![set(set_to)]).unwrap_err();
    assert!(matches!(fault(&pointer(), json!({ "empty": true })), Fault::Invalid(_)));
    assert!(matches!(fault(&pointer(), json!({ "generation": "" })), Fault::Invalid(_)));
    assert!(matches!(fault(&prefix(), json!({ "generation": "8" })), Fault::Invalid(_)));
    assert!(matches!(fault(&prefix(), json!({ "empty": false })), Fault::Invalid(_)));
    for key in ["hash", "bytes"] {
        let fault = RedisCache::observe(&reads, &of(key, &json!({ "kind": "generation" }))).unwrap_err();
        assert!(matches!(fault, Fault::Unexpected(_)), "{fault:?}");
    }
    let down = fake::Reads::default().unreachable("cache");
    for of in [pointer(), prefix()] {
        assert!(matches!(RedisCache::observe(&down, &of), Err(Fault::Unavailable(_))));
    }
    for config in [json!({}), json!({ "kind": "prefix" }), json!({ "kind": "generation", "at_most": 1 })] {
        assert!(serde_json::from_value::<Config>(config).is_err());
    }
}
