//! Gradual steps as a responder meets them: a flag taken down by parts, held and checked between them, killed, paused,
//! cut short, left where it is, and moved by others meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use belay_tests::workspace::{Said, Shop};
use expect_test::{Expect, expect};
use serde_json::Value;

const FLAGS: &str = "flags/shop.flagd.json";

/// A shop whose release is live at 100 %, with a runbook that takes it down through 50 and 25.
fn shop(hold: &str) -> Shop {
    let shop = Shop::released();
    shop.reports("0.004");
    shop.write("runbooks/ramp-down.toml", RUNBOOK.replace("HOLD", hold));
    shop
}

const RUNBOOK: &str = r#"
[runbook]
name = "ramp-down"
summary = "Take the release down by parts, so that caches stay warm"

[parameter.rollout_to]
type = "integer"
default = 0

[[stage]]
name = "contain"

[[stage.step]]
resource = "flag"
ramp = { attribute = "rollout", through = [50, 25, { parameter = "rollout_to" }], hold = "HOLD" }

[[check]]
probe = "json-probe"
connections = ["metrics"]
config = { path = "ranker.json", pointer = "/error_ratio" }
measurement = "value"
must = { below = "0.02" }
within = "20s"

[service_level]
restored_within = "5m"
"#;

const WORDS: [&str; 5] = ["ramp-down", "checkout-ranker", "--env", "demo", "--incident=INC-7"];

fn type_(shop: &Shop, verb: &str, more: &[&str]) -> Said {
    shop.belay([&[verb], &WORDS[..], more].concat())
}

/// The run as another process, whose words nobody reads.
fn begin(shop: &Shop) -> Child {
    let mut command = shop.command([&["run"], &WORDS[..]].concat());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn step(shop: &Shop) -> Value {
    let said = shop.belay(["status", "r-1", "--json"]);
    if said.status != Some(0) {
        return Value::Null;
    }
    said.answer("run.status")["view"]["stages"][0]["steps"][0].clone()
}

/// Waits until the run holds its so-manieth part.
fn held(shop: &Shop, part: u64) {
    let patience = Instant::now() + Duration::from_secs(60);
    while Instant::now() < patience {
        let step = step(shop);
        if step["display"]["kind"] == "holding" && step["ramp"]["reached"] == part {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("part {part} is not held: {}", step(shop));
}

/// The flag as the file says it.
fn rollout(shop: &Shop) -> u64 {
    let file: Value = serde_json::from_str(&shop.reads(FLAGS)).unwrap();
    let flag = &file["flags"]["ranker-v9"];
    match flag["targeting"]["fractional"].as_array() {
        Some(buckets) => buckets.iter().find(|bucket| bucket[0] == "on").unwrap()[1].as_u64().unwrap(),
        None if flag["defaultVariant"] == "on" => 100,
        None => 0,
    }
}

/// Each moment, in milliseconds, at which an entry of this kind and for this part was made.
fn moments(shop: &Shop, kind: &str, part: Option<u64>) -> Vec<u64> {
    let log = shop.log();
    let found = log.iter().filter(|entry| entry["kind"] == kind && entry["run"] == "r-1");
    let found = found.filter(|entry| part.is_none() || entry["body"]["part"].as_u64() == part);
    found.map(|entry| entry["at"].as_u64().unwrap()).collect()
}

/// Somebody else writes the file.
fn write(shop: &Shop, text: &str) {
    std::fs::write(shop.system(FLAGS), text).unwrap();
}

fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

#[test]
fn a_ramp_is_planned_as_one_way_and_gone_by_parts() {
    let shop = shop("300ms");
    shop.belay(["lint"]).ends(0);
    check(
        &type_(&shop, "plan", &[]),
        &expect![[r#"
        $ belay plan ramp-down checkout-ranker --env demo --incident=INC-7
        demo · ramp-down · checkout-ranker → the settings of the runbook

          contain risk 22 runs at once
            ~ flag flags/ranker-v9 on, 100 % → 50 → 25 → 0, held 300ms each reversible
                     callers without a targeting key get the default variant

          Risk of contain 22 = writes 11 + 2 consumers 6 + critical tier 5
          Guardrails blast-radius allow · change-window allow
          Not in this runbook search-page consumes this set · cart-upsell consumes this set
          Next belay run ramp-down checkout-ranker --env demo --incident INC-7
        [0]
    "#]],
    );
    assert_eq!(rollout(&shop), 100, "a plan changes nothing");
    check(
        &type_(&shop, "run", &[]),
        &expect![[r#"
        $ belay run ramp-down checkout-ranker --env demo --incident=INC-7
        r-1: ● working
        r-1 contain: ● planning
        r-1 contain/flag: ● writing to 50 (1 of 3)
        r-1 contain/flag: ● confirming on, 100 %
        r-1 contain/flag: ◐ holding on, 50 % (1 of 3)
        r-1 contain/flag: ◐ checking on, 50 % (1 of 3), the checks measure
        r-1 contain/flag: ● confirming on, 50 %
        r-1 contain/flag: ● writing to 25 (2 of 3)
        r-1 contain/flag: ● confirming on, 50 %
        r-1 contain/flag: ◐ holding on, 25 % (2 of 3)
        r-1 contain/flag: ◐ checking on, 25 % (2 of 3), the checks measure
        r-1 contain/flag: ● confirming on, 25 %
        r-1 contain/flag: ● writing to 0 (3 of 3)
        r-1 contain/flag: ● confirming on, 25 %
        r-1 contain/flag: ✔ restored on, 0 %
        r-1: ● restored, checks measure
        r-1 json-probe: ✔ passed value below 0.02: 0.004
        r-1: ✔ restored

          flag flags/ranker-v9 on, 100 % → on, 0 % restored [span] entries [numbers]

          Ramp of flag 50 after [span], held [span] · 25 after [span], held [span] · 0 after [span]
          Check ✔ passed json-probe value below 0.02: 0.004
          Service level ✔ met: restored in [span] of 5m
          Verified by a check, apart from the resources' own plugins
          Still affected search-page consumes this set · cart-upsell consumes this set
          Undo belay undo r-1
          Record belay audit log --run r-1
        [0]
    "#]],
    );
    assert_eq!(rollout(&shop), 0);
    let (reached, intents) = (moments(&shop, "step.confirmed", Some(0)), moments(&shop, "intent", None));
    assert!(intents[1] >= reached[0] + 300, "held too short: {reached:?} {intents:?}");
    type_(&shop, "run", &[]).ends(0).says("nothing to do");
    shop.belay(["undo", "r-1"]).ends(0);
    assert_eq!(rollout(&shop), 100, "it goes back at once, to what was there before the first part");
    shop.is_sound();
}

#[test]
fn the_way_is_in_the_commands_and_in_the_runbook() {
    let shop = shop("90s");
    let commands = shop.belay([&["plan", "show"], &WORDS[..], &["--as-commands"]].concat());
    commands.ends(0).says("sleep 90").says("go on only if the runbook's checks hold");
    assert_eq!(commands.out.matches("sleep 90").count(), 2, "{commands}");
    shop.belay(["runbook", "show", "ramp-down"])
        .ends(0)
        .says("rollout through 50, 25, the parameter rollout_to, held 90s each");
}

#[test]
fn only_what_is_still_to_be_gone_is_gone() {
    let shop = shop("60s");
    let share = r#""targeting": {"fractional": [["on", 25], ["off", 75]]}, "defaultVariant": "on""#;
    write(&shop, &shop.reads(FLAGS).replacen(r#""defaultVariant": "on""#, share, 1));
    assert_eq!(rollout(&shop), 25);
    type_(&shop, "plan", &[]).ends(0).says("on, 25 % → 0");
    type_(&shop, "run", &[]).ends(0).says("50 passed already · 25 passed already · 0 after");
    assert_eq!(rollout(&shop), 0);
}

#[test]
fn killed_in_a_hold_it_goes_on_with_what_is_left_of_it() {
    let shop = shop("6s");
    let mut run = begin(&shop);
    held(&shop, 1);
    std::thread::sleep(Duration::from_secs(3));
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(rollout(&shop), 50);
    shop.belay(["status", "r-1"]).ends(0).says("on, 50 % (1 of 3)").says("left at part 1 of 3");
    shop.belay(["resume", "r-1"]).ends(0).says("holding").says("0 after");
    assert_eq!(rollout(&shop), 0);
    let (reached, intents) = (moments(&shop, "step.confirmed", Some(0)), moments(&shop, "intent", None));
    let held = intents[1] - reached[0];
    assert!((6_000..9_000).contains(&held), "held for {held} ms");
    shop.is_sound();
}

#[test]
fn paused_it_stays_where_it_is_until_somebody_continues() {
    let shop = shop("2s");
    let mut run = begin(&shop);
    held(&shop, 1);
    let said = shop.belay(["pause", "r-1", "--reason", "a call"]);
    said.ends(0).says("paused by").says("a call").says("on, 50 % (1 of 3)");
    assert_eq!(run.wait().unwrap().code(), Some(6), "in a pipe the process ends, and says that a person must go on");
    shop.belay(["pause", "r-1"]).ends(2).says("is paused already");
    shop.belay(["status"]).ends(0).says("paused by");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(rollout(&shop), 50, "no hold runs out in a pause");
    shop.belay(["continue", "r-1"]).ends(0).says("restored");
    assert_eq!(rollout(&shop), 0);
    shop.belay(["continue", "r-1"]).ends(2).says("has ended already");
    shop.is_sound();
}

#[test]
fn a_hold_is_cut_short_by_who_says_so() {
    let shop = shop("10m");
    let mut run = begin(&shop);
    for part in [1, 2] {
        held(&shop, part);
        shop.belay(["continue", "r-1"]).ends(0);
    }
    assert_eq!(run.wait().unwrap().code(), Some(0));
    assert_eq!(rollout(&shop), 0);
    let receipt = shop.belay(["status", "r-1"]);
    receipt.ends(0);
    assert_eq!(receipt.out.matches("cut short by").count(), 2, "{receipt}");
}

#[test]
fn aborted_it_is_left_where_it_is_and_says_so() {
    let shop = shop("10m");
    let mut run = begin(&shop);
    held(&shop, 1);
    shop.belay(["abort", "r-1", "--reason", "false alarm"]).ends(0);
    assert_eq!(run.wait().unwrap().code(), Some(1));
    assert_eq!(rollout(&shop), 50);
    shop.belay(["status", "r-1"]).ends(0).says("left at part 1 of 3").says("25 not reached").says("belay undo r-1");
    shop.belay(["undo", "r-1"]).ends(0);
    assert_eq!(rollout(&shop), 100);
    shop.is_sound();
}

#[test]
fn a_check_that_fails_stops_the_ramp_and_a_person_may_go_past() {
    let shop = shop("50ms");
    shop.reports("0.31");
    shop.edit("runbooks/ramp-down.toml", "within = \"20s\"", "within = \"300ms\"");
    check(
        &type_(&shop, "run", &[]),
        &expect![[r#"
        $ belay run ramp-down checkout-ranker --env demo --incident=INC-7
        r-1: ● working
        r-1 contain: ● planning
        r-1 contain/flag: ● writing to 50 (1 of 3)
        r-1 contain/flag: ● confirming on, 100 %
        r-1 contain/flag: ◐ holding on, 50 % (1 of 3)
        r-1 contain/flag: ◐ checking on, 50 % (1 of 3), the checks measure
        r-1 contain/flag: ✘ halted at part 1 of the ramp the check `json-probe value below 0.02` failed: 0.31 is not below 0.02
        r-1: ✘ halted

          flag flags/ranker-v9 on, 100 % → on, 50 % left at part 1 of 3 entry [number]

          Ramp of flag 50 after [span] · 25 not reached · 0 not reached
          Check ◌ not yet json-probe value below 0.02
          Service level not restored yet, promised within 5m
          Still affected search-page consumes this set · cart-upsell consumes this set
          Record belay audit log --run r-1
        error: r-1 halted: flag: at part 1 of the ramp the check `json-probe value below 0.02` failed: 0.31 is not below 0.02
        changed: flag left at part 1 of 3
        help: belay resume r-1 measures again; belay continue r-1 goes on all the same; belay abort r-1 leaves it there
        [1]
    "#]],
    );
    assert_eq!(rollout(&shop), 50);
    shop.belay(["continue", "r-1"]).ends(1).says("at part 2 of the ramp the check");
    assert_eq!(rollout(&shop), 25, "one check was gone past, not all that follow");
    shop.reports("0.004");
    shop.belay(["resume", "r-1"]).ends(0);
    assert_eq!(rollout(&shop), 0);
    shop.is_sound();
}

#[test]
fn others_who_write_meanwhile_lose_nothing_and_stop_nothing() {
    let shop = shop("2s");
    let mut run = begin(&shop);
    held(&shop, 1);
    // Another flag of the same file: the write that was planned before expects other bytes.
    let other = r#""flags": { "other": { "state": "ENABLED", "variants": { "a": 1 }, "defaultVariant": "a" },"#;
    write(&shop, &shop.reads(FLAGS).replacen("\"flags\": {", other, 1));
    held(&shop, 2);
    // And the flag itself, back up.
    let back = shop.reads(FLAGS);
    let from = back.find("\"fractional\"").unwrap();
    let back = back[..from].to_owned() + &back[from..].replacen("25", "90", 1).replacen("75", "10", 1);
    write(&shop, &back);
    assert_eq!(rollout(&shop), 90);
    assert_eq!(run.wait().unwrap().code(), Some(0));
    assert_eq!(rollout(&shop), 0);
    assert!(shop.reads(FLAGS).contains("\"other\""), "{}", shop.reads(FLAGS));
    let parts =
        shop.belay(["status", "r-1", "--json"]).answer("run.status")["receipt"]["stages"][0]["steps"][0]["acts"]
            .clone();
    let parts: Vec<_> = parts.as_array().unwrap().iter().map(|act| act["part"].as_u64().unwrap()).collect();
    assert_eq!(parts, [0, 1, 1, 2], "the part that was undone is gone again, the first is not");
    shop.is_sound();
}

#[test]
fn a_ramp_that_makes_no_sense_is_found_before_anybody_needs_it() {
    let shop = shop("30s");
    let ramp = "ramp = { attribute = \"rollout\", through = [50, 25, { parameter = \"rollout_to\" }], hold = \"30s\" }";
    for (wrong, why) in [
        ("ramp = { attribute = \"rollout\", through = [], hold = \"30s\" }", "`through` is empty"),
        ("ramp = { attribute = \"rollout\", through = [50, 50], hold = \"30s\" }", "twice in a row"),
        ("ramp = { attribute = \"rollout\", through = [50], hold = \"soon\" }", "ramp-down.toml"),
        ("ramp = { attribute = \"rollout\", through = [50] }", "hold"),
        ("ramp = { attribute = \"rollout\", through = [50, 0], hold = \"1h\" }", "`restored_within`"),
        ("ramp = { attribute = \"rollout\", through = [{ parameter = \"to\" }], hold = \"1s\" }", "no [parameter.to]"),
        ("set = { rollout = 1 }\nramp = { attribute = \"rollout\", through = [1], hold = \"1s\" }", "not both"),
        ("ramp = { attribute = \"share\", through = [50, 0], hold = \"30s\" }", "share"),
        ("ramp = { attribute = \"rollout\", through = [500, 0], hold = \"30s\" }", "500"),
    ] {
        let shop = shop.twin();
        shop.edit("runbooks/ramp-down.toml", ramp, wrong);
        let said = shop.belay(["lint"]);
        assert_ne!(said.status, Some(0), "{said}");
        said.says(why);
    }
}
