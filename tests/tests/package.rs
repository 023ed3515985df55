//! The rollback package: all that a run needs in one file, good once, here, for a while, and as it was made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use belay_tests::workspace::{Said, Shop};
use expect_test::{Expect, expect};

const FILE: &str = "ranker.belay";

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

fn packed() -> Shop {
    let shop = Shop::released();
    shop.roll_back("plan", &["-o", FILE]).ends(0).says("belay run ranker.belay");
    shop
}

/// Runs the package, which must be refused and change nothing.
#[track_caller]
fn refused(shop: &Shop) -> Said {
    let before = shop.systems();
    let said = shop.belay(["run", FILE]);
    assert!(!matches!(said.status, Some(0) | None), "{said}");
    assert!(shop.systems() == before, "a refused package changes nothing:\n{said}");
    said
}

#[test]
fn it_runs_once() {
    let shop = packed();
    shop.belay(["run", FILE]).ends(0);
    shop.stage().is_rolled_back().unwrap();
    check(
        &refused(&shop),
        &expect![[r#"
        $ belay run ranker.belay
        error: this package was used already, by r-1
        changed: nothing was changed
        help: belay status r-1
        [3]
    "#]],
    );
    shop.is_sound();
}

#[test]
fn every_changed_byte_is_noticed() {
    let shop = packed();
    let file = fs::read(shop.file(FILE)).unwrap();
    let places = (0..32).map(|n| n * (file.len() - 1) / 31).chain([20, 90, 200, 500]);
    for place in places {
        let mut changed = file.clone();
        changed[place] ^= 1;
        shop.write(FILE, changed);
        let said = refused(&shop);
        said.ends(3).says("the package was changed: ").says("changed: nothing was changed").says("help: ");
    }
    shop.write(FILE, &file[..file.len() - 1]);
    check(
        &refused(&shop),
        &expect![[r#"
        $ belay run ranker.belay
        error: the package was changed: it ends before its part components/json-probe.wasm does
        changed: nothing was changed
        help: make it again: belay plan … -o FILE
        [3]
    "#]],
    );
    shop.write(FILE, b"");
    check(
        &refused(&shop),
        &expect![[r#"
        $ belay run ranker.belay
        error: the package was changed: it is no rollback package of this version: its first line is not `belay-package 1`
        changed: nothing was changed
        help: make it again: belay plan … -o FILE
        [3]
    "#]],
    );
    let last = file.len() - 1;
    let mut changed = file.clone();
    changed[last] ^= 1;
    shop.write(FILE, changed);
    check(
        &refused(&shop),
        &expect![[r#"
        $ belay run ranker.belay
        error: the package was changed: its part components/json-probe.wasm was changed
        changed: nothing was changed
        help: make it again: belay plan … -o FILE
        [3]
    "#]],
    );
    shop.write(FILE, file);
    shop.belay(["run", FILE]).ends(0);
}

#[test]
fn it_is_good_with_its_own_ledger_only() {
    let made = packed();
    let elsewhere = Shop::released();
    elsewhere.write(FILE, fs::read(made.file(FILE)).unwrap());
    check(
        &refused(&elsewhere),
        &expect![[r#"
        $ belay run ranker.belay
        error: the package was not made with this ledger
        changed: nothing was changed
        help: run it on the host where it was made, or plan here: belay plan …
        [3]
    "#]],
    );
}

#[test]
fn it_is_good_under_its_own_rules_only() {
    let shop = packed();
    shop.edit("belay.toml", "max_consumers = 20", "max_consumers = 1");
    check(
        &refused(&shop),
        &expect![[r#"
            $ belay run ranker.belay
            error: the package is outside its mandate: the governance changed: guardrails: - {"config":{"max_consumers":20,"max_resources":5},"enforced":true,"plugin":"blast-radius"}, guardrails: + {"config":{"max_consumers":1,"max_resources":5},"enforced":true,"plugin":"blast-radius"}
            changed: nothing was changed by this command
            help: put it back as it was, or ask anew: belay run standard-rollback checkout-ranker --env demo --to rp-0001 --parameter rollout_to=0
            [5]
        "#]],
    );
}

#[test]
fn it_is_good_with_its_own_plugins_only() {
    let shop = packed();
    let mut component = fs::read(shop.file("plugins/delta_table.wasm")).unwrap();
    *component.last_mut().unwrap() ^= 1;
    shop.write("plugins/delta_table.wasm", component);
    let said = shop.belay(["run", FILE]);
    assert!(!matches!(said.status, Some(0) | None), "{said}");
    assert!(!shop.systems().contains_key("lake/clicks/_delta_log/00000000000000000006.json"), "{said}");
}

#[test]
fn it_expires() {
    let shop = Shop::released();
    shop.edit("belay.toml", "mandate_ttl = \"4h\"", "mandate_ttl = \"100ms\"");
    shop.roll_back("plan", &["-o", FILE]).ends(0);
    std::thread::sleep(std::time::Duration::from_millis(150));
    check(
        &refused(&shop),
        &expect![[r#"
        $ belay run ranker.belay
        error: the package expired [ago]
        changed: nothing was changed
        help: belay plan standard-rollback checkout-ranker … -o FILE
        [3]
    "#]],
    );
}

#[test]
fn what_it_found_must_still_be_there() {
    let shop = packed();
    // Somebody moved the table on: what the package was to set aside is more now than it says.
    fs::remove_dir_all(shop.system("lake/clicks")).unwrap();
    let said = shop.belay(["run", FILE]);
    assert!(!matches!(said.status, Some(0) | None) && !said.err.contains("panicked"), "{said}");
    assert!(!shop.system("lake/clicks").exists(), "{said}");
    shop.is_sound();
}

#[test]
fn a_plan_that_can_not_be_written_makes_no_package() {
    let shop = Shop::released();
    let said = shop.roll_back("plan", &["-o", "no/such/folder/ranker.belay"]);
    said.ends(1).says("no/such/folder/ranker.belay");
}
