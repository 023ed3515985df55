//! The authors' kit as authors type it: belay's own plugins pass the suite, recorded cases are judged again, and a
//! guardrail that fails is not taken for a policy that spoke. What compiles something is in `kit_new.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use belay_tests::repository;
use belay_tests::workspace::{Said, Shop, files};
use serde_json::{Value, json};

/// `belay plugin test` of one of belay's own plugins.
fn tested(shop: &Shop, plugin: &str) -> Said {
    let component = repository::component(&plugin.replace('-', "_"));
    let fixtures = repository::root().join("plugins").join(plugin).join("fixtures");
    let words = ["plugin".into(), "test".into(), component, "--fixtures".into(), fixtures, "--json".into()];
    shop.belay(words)
}

#[test]
fn our_own_plugins_pass() {
    let shop = Shop::bare();
    for (plugin, fixtures, least) in
        [("blast-radius", 4, 200), ("change-window", 4, 200), ("json-probe", 3, 30), ("flagd-flag", 5, 60)]
    {
        let said = tested(&shop, plugin);
        let report = said.ends(0).answer("plugin.test");
        assert_eq!(report["passed"], true, "{said}");
        assert_eq!(report["fixtures"].as_array().unwrap().len(), fixtures, "{said}");
        assert!(report["figures"]["calls"].as_u64().unwrap() > least, "{plugin}: {}", report["figures"]);
        let left_out =
            report["suite"].as_array().unwrap().iter().filter(|check| check["outcome"] == "left_out").count();
        assert_eq!(left_out, 0, "{said}");
        for cost in ["fuel", "memory_bytes", "median_us"] {
            assert!(report["figures"][cost].as_u64().unwrap() > 0, "{plugin}: {cost}");
        }
    }
}

#[test]
fn a_fixture_that_does_not_hold_fails_and_says_why() {
    let shop = Shop::bare();
    shop.write("wrong/allowed.toml", "config = { max_consumers = 1 }\nexpect = { verdict = \"allow\" }\n");
    let component = repository::component("blast_radius");
    let words =
        |fixtures: &str| ["plugin".into(), "test".into(), component.clone(), "--fixtures".into(), shop.file(fixtures)];
    shop.belay(words("wrong")).ends(1).says("✘ allowed").says("allow was expected, it says deny: 2 consumers");
    shop.belay(words("none")).ends(2).says("is no folder");
    shop.write("broken/case.toml", "config = 1");
    shop.belay(words("broken")).ends(2).says("case.toml");
    shop.belay(["plugin", "test", "belay.toml"]).ends(2).says("not a WebAssembly component");
}

#[test]
fn what_a_guardrail_is_given_is_what_it_is_tried_on() {
    let shop = Shop::released();
    let plan =
        ["plan", "show", "standard-rollback", "checkout-ranker", "--env", "demo", "--to", "latest-good", "--facts"];
    let said = shop.belay(plan);
    let facts: Value = serde_json::from_str(&said.ends(0).out).unwrap();
    assert_eq!(facts.as_array().unwrap().len(), 2, "one document for each stage");
    assert_eq!(facts[1]["stage"]["name"], "restore");
    shop.write("facts.json", &said.out);
    shop.write("two.json", r#"{"max_consumers":2}"#);
    shop.write("one.json", r#"{"max_consumers":1}"#);
    let attempt = |config: &str| {
        shop.belay(["plugin", "try", "plugins/blast_radius.wasm", "--facts", "facts.json", "--config", config])
    };
    attempt("two.json").ends(0).says("stage contain").says("allow").says("fuel");
    attempt("one.json").ends(3).says("2 consumers, at most 1 are allowed");
    // A misspelt bound: no verdict, which is not the policy's.
    shop.write("misspelt.json", r#"{"max_consumer":1}"#);
    attempt("misspelt.json").ends(1).says("the policy or its configuration is wrong");
    shop.belay(["plugin", "try", "plugins/json_probe.wasm", "--facts", "facts.json"]).ends(2).says("not a guardrail");
    shop.belay(["plugin", "inspect", "--facts-schema"]).ends(0).says("\"title\": \"Facts\"");
}

#[test]
fn a_reverter_and_a_probe_are_asked_about_a_fixture() {
    let shop = Shop::bare();
    let attempt = |plugin: &str, fixture: &str| {
        let fixture = repository::root().join("plugins").join(plugin).join("fixtures").join(fixture);
        let component = repository::component(&plugin.replace('-', "_"));
        shop.belay(["plugin".into(), "try".into(), component, "--input".into(), fixture, "--json".into()])
    };
    let asked = attempt("flagd-flag", "turned-off.toml").ends(0).answer("plugin.asked");
    assert_eq!(asked[0]["what"], "observe");
    assert_eq!(asked[1]["what"], "plan");
    assert!(asked[1]["output"].to_string().contains("shop.flagd.json"), "{asked}");
    let asked = attempt("json-probe", "a-number.toml").ends(0).answer("plugin.asked");
    assert_eq!(asked[0]["output"]["answer"][0]["value"], "0.020");
    attempt("flagd-flag", "no-flag-file.toml").ends(1).says("unexpected");
}

#[test]
fn recorded_cases_are_judged_again() {
    let shop = Shop::released();
    shop.roll_back("run", &[]).ends(0);
    let backtest = |config: &str, more: &[&str]| {
        shop.write("config.json", config);
        let words = ["guard", "backtest", "plugins/blast_radius.wasm", "--config", "config.json"];
        shop.belay([&words[..], more].concat())
    };
    let answer = |config: &str| backtest(config, &["--json"]).ends(0).answer("guard.backtest");
    let same = answer(r#"{"max_consumers":20}"#);
    assert_eq!((&same["changed"], &same["deny"], &same["mode"]), (&json!([]), &json!(0), &json!("enforce")));
    let cases = same["cases"].as_u64().unwrap();
    assert!(cases >= 2, "a case for each stage at least: {same}");
    let stricter = answer(r#"{"max_consumers":1}"#);
    assert_eq!(stricter["deny"].as_u64(), Some(cases));
    let changed = stricter["changed"].as_array().unwrap();
    assert_eq!(changed.len() as u64, cases);
    assert!(changed.iter().all(|one| one["before"] == "allow" && one["after"] == "deny" && one["run"] == "r-1"));
    backtest(r#"{"max_consumers":1}"#, &[])
        .ends(0)
        .says("allow → deny")
        .says("2 consumers")
        .says("enforced in belay.toml");
    // A configuration that the plugin refuses has no verdict, and is told apart from a denial.
    assert_eq!(answer(r#"{"max":1}"#)["failed"].as_u64(), Some(cases));
    // What is in the workspace's belay.toml is used where nothing is given.
    let own = shop.belay(["guard", "backtest", "plugins/blast_radius.wasm", "--json"]).ends(0).answer("guard.backtest");
    assert_eq!(own["changed"], json!([]));

    let tried = |stage: &str| {
        let words = ["plugin", "try", "plugins/blast_radius.wasm", "--run", "r-1", "--config", "config.json"];
        shop.belay([&words[..], &["--stage", stage]].concat())
    };
    shop.write("config.json", r#"{"max_resources":1}"#);
    tried("contain").ends(0).says("r-1, stage contain").says("allow");
    tried("restore").ends(3).says("2 resources, at most 1 are allowed");
    tried("nowhere").ends(2).says("contain, restore");
    shop.belay(["plugin", "try", "plugins/blast_radius.wasm", "--run", "r-99"]).ends(2).says("no guardrail judged");
}

#[test]
fn a_verdict_says_that_the_plugin_failed_and_how() {
    let failed = |wrong: &dyn Fn(&Shop)| {
        let shop = Shop::released();
        wrong(&shop);
        let said = shop.roll_back("plan", &["--json"]);
        let plan = said.ends(3).answer("plan");
        let verdict = plan["stages"][0]["verdicts"][0].clone();
        assert_eq!(verdict["plugin"], "blast-radius", "{said}");
        let denied = verdict["judgement"]["verdict"]["deny"][0].as_str().unwrap().to_owned();
        assert!(denied.ends_with("doubt denies"), "{denied}");
        (verdict["failed"]["kind"].as_str().unwrap().to_owned(), denied)
    };
    let plugin = "plugins/blast_radius.wasm";
    let missing = failed(&|shop| fs::remove_file(shop.file(plugin)).unwrap());
    assert_eq!(missing.0, "missing");
    let other = failed(&|shop| shop.write(plugin, fs::read(repository::component("change_window")).unwrap()));
    assert_eq!(other.0, "other_digest");
    assert!(other.1.contains("is pinned as"), "{}", other.1);
    let declined = failed(&|shop| shop.edit("belay.toml", "max_consumers", "max_consumer"));
    assert_eq!(declined.0, "declined");
    let unpinned = failed(&|shop| {
        let lock = fs::read_to_string(shop.file("belay.lock")).unwrap();
        let (before, rest) = lock.split_once("[plugin.blast-radius]").unwrap();
        let after = rest.find("[plugin.").map_or("", |at| &rest[at..]);
        shop.write("belay.lock", format!("{before}{after}"));
    });
    assert_eq!(unpinned.0, "not_pinned");
}

#[test]
fn a_new_folder_has_all_that_it_needs_and_overwrites_nothing() {
    let shop = Shop::bare();
    for kind in ["guardrail", "reverter", "probe"] {
        let folder = format!("new-{kind}");
        shop.belay(["plugin", "new", kind, "my-own", "--folder", &folder]).ends(0).says("belay plugin test");
        let made = files(&shop.file(&folder));
        for file in ["Cargo.toml", "README.md", "src/lib.rs", "belay/wit/belay.wit", "belay/plugins/sdk/src/lib.rs"] {
            assert!(made.contains_key(file), "{kind}: {file}");
        }
        assert!(made.keys().any(|file| file.starts_with("fixtures/")));
        shop.belay(["plugin", "new", kind, "my-own", "--folder", &folder]).ends(2).says("is not empty");
        assert_eq!(files(&shop.file(&folder)), made);
    }
    shop.belay(["plugin", "new", "guardrail", "Not-A-Name"]).ends(2).says("lower-case letters");
    shop.belay(["plugin", "new", "probe", "x", "--language", "python"]).ends(2).says("no template");
    shop.belay(["plugin", "build", "runbooks"]).ends(1).says("no plugin here").says("belay plugin new");
}
