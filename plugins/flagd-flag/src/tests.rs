//! The plugin as belay calls it, over a file like those that people write.

use belay_sdk::{Change, Context, Desired, Expectation, Fault, Pin, Reference, Resource, Reverter, State, Write, fake};
use serde_json::{Value, json};

use super::*;

const FILE: &str = "{\n  \"$schema\": \"https://flagd.dev/schema/v0/flags.json\",\n  \"flags\": {\n    \
                    \"ranker-v9\": {\n      \"state\": \"ENABLED\",\n      \"variants\": { \"on\": true, \"off\": false },\n      \
                    \"defaultVariant\": \"on\"\n    },\n    \"banner\" : {\"state\":\"ENABLED\",\"variants\":{\"half\":0.50,\
                    \"none\":0},\"defaultVariant\":\"half\"}\n  }\n}\n";

fn of(id: &str) -> Resource<Config> {
    Resource { connection: "flags".into(), id: id.into(), config: Config { file: "shop.flagd.json".into() } }
}

fn reads(text: &str) -> fake::Reads {
    fake::Reads::default().object("flags", "shop.flagd.json", text)
}

fn observed(text: &str, id: &str) -> State {
    FlagdFlag::observe(&reads(text), &of(id)).unwrap()
}

fn set(attributes: Value) -> Desired<Attributes> {
    Desired::Attributes(serde_json::from_value(attributes).unwrap())
}

fn back_to(state: &State) -> Desired<Attributes> {
    Desired::Pinned(Pin::without_proof(state.clone()))
}

fn plan(text: &str, id: &str, path: Vec<Desired<Attributes>>) -> Result<Vec<Change>, Fault> {
    let moment = Context { now: 0, key: String::new() };
    FlagdFlag::plan(&reads(text), &moment, &of(id), observed(text, id), path)
}

/// Performs one change on the text as the host would, and holds the operation to what it says.
fn performed(text: &str, id: &str, change: &Change) -> String {
    let [operation] = change.operations.as_slice() else { panic!("one operation: {change:?}") };
    let Write::Object(write) = &operation.write else { panic!("an object") };
    assert_eq!(write.expect, Expectation::Bytes(fake::sha256(text.as_bytes())));
    let after = String::from_utf8(write.content.clone().unwrap()).unwrap();
    assert!(belay_sdk::json::same(&observed(&after, id).content, &operation.yields));
    after
}

fn after(text: &str, id: &str, desired: Desired<Attributes>) -> String {
    let changes = plan(text, id, vec![desired]).unwrap();
    performed(text, id, &changes[0])
}

#[test]
fn a_flag_is_observed_with_its_own_text() {
    let state = observed(FILE, "ranker-v9");
    let content: Value = state.content().unwrap();
    assert_eq!(state.version, "on, 100 %");
    assert_eq!(state.revision, format!("\"{}\"", fake::sha256(FILE.as_bytes())));
    assert_eq!(content["enabled"], true);
    assert_eq!(content["rollout"], 100);
    assert_eq!(content["default_variant"], "on");
    assert!(FILE.contains(content["source"].as_str().unwrap()));
    assert_eq!(observed(FILE, "banner").content::<Value>().unwrap()["variants"], json!({"half": "0.5", "none": 0}));
}

#[test]
fn turning_a_flag_off_changes_one_word_of_the_file() {
    let off = after(FILE, "ranker-v9", set(json!({"enabled": false})));
    assert_eq!(off, FILE.replacen("ENABLED", "DISABLED", 1));
    assert_eq!(observed(&off, "ranker-v9").version, "off");
    let changes = plan(FILE, "ranker-v9", vec![set(json!({"enabled": false}))]).unwrap();
    assert_eq!(changes[0].operations[0].summary, "flag ranker-v9: on, 100 % → off");
    assert_eq!(changes[0].notes.len(), 1);
}

#[test]
fn what_is_as_wanted_is_left_alone() {
    for attributes in [json!({}), json!({"enabled": true, "rollout": 100, "default_variant": "on"})] {
        assert_eq!(plan(FILE, "ranker-v9", vec![set(attributes)]), Ok(vec![Change::nothing()]));
    }
    let now = observed(FILE, "ranker-v9");
    assert_eq!(plan(FILE, "ranker-v9", vec![back_to(&now)]), Ok(vec![Change::nothing()]));
}

#[test]
fn every_edit_is_taken_back_byte_for_byte() {
    let before = observed(FILE, "ranker-v9");
    for attributes in [
        json!({"enabled": false}),
        json!({"default_variant": "off"}),
        json!({"rollout": 0}),
        json!({"rollout": 25}),
        json!({"enabled": false, "rollout": 7}),
    ] {
        let edited = after(FILE, "ranker-v9", set(attributes.clone()));
        assert_ne!(edited, FILE);
        assert_eq!(after(&edited, "ranker-v9", back_to(&before)), FILE, "{attributes}");
    }
    let half = observed(FILE, "banner");
    let none = after(FILE, "banner", set(json!({"default_variant": "none"})));
    assert_eq!(after(&none, "banner", back_to(&half)), FILE);
}

#[test]
fn a_rollout_goes_up_and_down() {
    let quarter = after(FILE, "ranker-v9", set(json!({"rollout": 25})));
    assert_eq!(observed(&quarter, "ranker-v9").version, "on, 25 %");
    let none = after(&quarter, "ranker-v9", set(json!({"rollout": 0})));
    assert_eq!(observed(&none, "ranker-v9").version, "on, 0 %");
    assert!(none.contains(r#"{"fractional": [["on", 0], ["off", 100]]}"#));
}

#[test]
fn a_path_is_planned_step_by_step() {
    let steps = vec![set(json!({"rollout": 50})), set(json!({"rollout": 10})), set(json!({"enabled": false}))];
    let mut text = FILE.to_owned();
    for change in &plan(FILE, "ranker-v9", steps).unwrap() {
        text = performed(&text, "ranker-v9", change);
    }
    assert_eq!(observed(&text, "ranker-v9").version, "off");
    assert_eq!(observed(&text, "ranker-v9").content::<Value>().unwrap()["rollout"], 10);
}

#[test]
fn a_flag_is_taken_out_with_its_comma_and_put_back() {
    let absent = observed(FILE, "other");
    assert!(absent.is_absent());
    for id in ["ranker-v9", "banner"] {
        let there = observed(FILE, id);
        let gone = after(FILE, id, back_to(&absent));
        assert!(serde_json::from_str::<Value>(&gone).is_ok(), "{gone}");
        assert!(observed(&gone, id).is_absent());
        let back = after(&gone, id, back_to(&there));
        assert_eq!(observed(&back, id).content, there.content);
        assert_eq!(serde_json::from_str::<Value>(&back).unwrap(), serde_json::from_str::<Value>(FILE).unwrap());
    }
}

#[test]
fn an_absent_file_is_an_absent_flag_and_is_not_made_up() {
    let nothing = fake::Reads::default();
    let state = FlagdFlag::observe(&nothing, &of("ranker-v9")).unwrap();
    assert!(state.is_absent());
    let moment = Context { now: 0, key: String::new() };
    let plan = |desired| FlagdFlag::plan(&nothing, &moment, &of("ranker-v9"), state.clone(), vec![desired]);
    assert!(matches!(plan(back_to(&observed(FILE, "ranker-v9"))), Err(Fault::Missing(_))));
    assert!(matches!(plan(set(json!({"enabled": false}))), Err(Fault::Missing(_))));
    assert_eq!(plan(back_to(&state)), Ok(vec![Change::nothing()]));
}

#[test]
fn what_can_not_be_set_is_said() {
    let fault = |id, attributes| plan(FILE, id, vec![set(attributes)]).unwrap_err();
    assert!(
        matches!(fault("ranker-v9", json!({"default_variant": "blue"})), Fault::Missing(text) if text.contains("on"))
    );
    assert!(matches!(fault("ranker-v9", json!({"rollout": 101})), Fault::Invalid(_)));
    assert!(matches!(fault("ranker-v9", json!({"rollout": 0, "default_variant": "on"})), Fault::Invalid(_)));
    assert!(matches!(fault("banner", json!({"rollout": 10})), Fault::Unsupported(_)));
    assert!(matches!(fault("other", json!({"enabled": false})), Fault::Missing(_)));
}

#[test]
fn files_that_can_not_be_understood_are_refused() {
    for (text, why) in [
        ("<html>", "expected value"),
        ("{}", "no `flags`"),
        ("{\"flags\": []}", "object"),
        ("{\"flags\": {\"ranker-v9\": {}, \"ranker-v9\": {}}}", "twice"),
        ("{\"flags\": {\"ranker-v9\": {\"state\": \"ENABLED\", \"state\": \"DISABLED\"}}}", "twice"),
        ("{\"flags\": {\"ranker-v9\": 7}}", "ranker-v9"),
    ] {
        let fault = FlagdFlag::observe(&reads(text), &of("ranker-v9")).unwrap_err();
        assert!(matches!(&fault, Fault::Unexpected(text) if text.contains(why)), "{text}: {fault:?}");
    }
}

#[test]
fn a_flag_that_moved_or_a_pin_that_lies_is_not_planned() {
    let off = FILE.replacen("ENABLED", "DISABLED", 1);
    let moment = Context { now: 0, key: String::new() };
    let stale = observed(&off, "ranker-v9");
    let path = vec![set(json!({"enabled": false}))];
    let fault = FlagdFlag::plan(&reads(FILE), &moment, &of("ranker-v9"), stale.clone(), path).unwrap_err();
    assert!(matches!(fault, Fault::Unavailable(_)));
    let lie = State { content: stale.content.replace("\"enabled\":false", "\"enabled\":true"), ..stale };
    assert!(matches!(plan(FILE, "ranker-v9", vec![back_to(&lie)]), Err(Fault::Invalid(_))));
}

#[test]
fn there_is_no_history_but_the_present_can_be_pinned() {
    let at = |reference| FlagdFlag::locate(&reads(FILE), &of("ranker-v9"), reference);
    assert_eq!(at(Reference::Present).unwrap().state, observed(FILE, "ranker-v9"));
    assert!(matches!(at(Reference::Version("3".into())), Err(Fault::Unsupported(_))));
    assert!(matches!(at(Reference::At(0)), Err(Fault::Unsupported(_))));
}
