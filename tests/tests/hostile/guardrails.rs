//! Guardrails: whatever such a one does, it has denied, and it is said that the plugin is at fault and not the policy.

use belay_tests::workspace::Shop;

use crate::{invite, is_tame, statuses};

const NAME: &str = "hostile-guardrail";

/// The shop after a bad release, with a guardrail that does this harm.
fn guarded(harm: &str, mode: &str) -> Shop {
    let shop = Shop::released();
    invite(&shop, NAME);
    let before = "[[guardrail]]\nplugin = \"blast-radius\"";
    let guardrail =
        format!("[[guardrail]]\nplugin = \"{NAME}\"\nmode = \"{mode}\"\nconfig = {{ harm = \"{harm}\" }}\n\n");
    shop.edit("belay.toml", before, &format!("{guardrail}{before}"));
    shop
}

#[test]
fn each_harm_denies_and_is_named() {
    for (harm, status, why) in [
        ("loops", "out_of_fuel", "the plugin used up its fuel"),
        ("recurses", "trap", "the plugin crashed: wasm trap: "),
        ("hoards", "over_limit", "the plugin went over its limit: memory"),
        ("giant-reason", "over_limit", "the plugin went over its limit: what it hands over at once"),
        ("many-reasons", "over_limit", "the plugin went over its limit: what it hands over at once"),
        ("chatters", "over_limit", "the plugin went over its limit: calls of the host"),
        ("crashes", "trap", "the plugin crashed: wasm trap: wasm `unreachable` instruction executed"),
        ("asks-nobody", "nonsense", "the plugin's answer makes no sense: the verdict: it asks for 0 approvals"),
        ("exaggerates", "nonsense", "the plugin's answer makes no sense: "),
    ] {
        let shop = guarded(harm, "enforce");
        let before = shop.systems();
        let said = shop.roll_back("run", &[]);
        said.ends(3).says(why);
        assert!(said.err.contains(NAME), "{harm}: whose fault it is\n{said}");
        is_tame(&said);
        assert!(shop.systems() == before, "{harm}: something was written");
        assert_eq!(statuses(&shop, NAME), [status], "{harm}");
        assert_eq!(statuses(&shop, "blast-radius"), ["answered"], "{harm}: who stands beside it is served");
        shop.is_sound();
    }
}

#[test]
fn what_it_forges_is_shown_as_what_it_is() {
    let shop = guarded("forges", "enforce");
    for verb in ["plan", "run"] {
        let said = shop.roll_back(verb, &[]);
        said.ends(3).says("fine\\u{1b}[2J");
        is_tame(&said);
    }
    let log = shop.belay(["audit", "log", "--limit", "1000"]);
    log.ends(0);
    is_tame(&log);
    shop.is_sound();
}

#[test]
fn nothing_is_left_of_an_earlier_question() {
    let shop = guarded("remembers", "enforce");
    shop.roll_back("run", &[]).ends(0);
    assert_eq!(statuses(&shop, NAME), ["answered"]);
    shop.stage().is_rolled_back().unwrap();
}

#[test]
fn one_that_only_watches_stops_nobody() {
    for harm in ["hoards", "crashes", "forges"] {
        let shop = guarded(harm, "monitor");
        let said = shop.roll_back("run", &[]);
        said.ends(0);
        is_tame(&said);
        shop.stage().is_rolled_back().unwrap();
        shop.is_sound();
    }
}
