//! The keys that sign the log, as an operator changes them and a reviewer follows them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use belay_tests::kill::{Fate, Side, kill_at};
use belay_tests::workspace::Shop;
use serde_json::Value;

fn keys(shop: &Shop) -> Value {
    let said = shop.belay(["keys", "show", "--json"]);
    said.ends(0);
    said.answer("keys")
}

fn ids(keys: &Value) -> Vec<String> {
    keys["keys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

fn log(shop: &Shop, file: &str) -> String {
    fs::read_to_string(shop.folder().join("state/log").join(file)).unwrap()
}

#[test]
fn a_rotation_is_recorded_and_the_log_stays_sound() {
    let shop = Shop::good();
    let before = keys(&shop);
    let [old] = <[String; 1]>::try_from(ids(&before)).unwrap();
    shop.belay(["keys", "rotate", "--reason", "yearly"]).ends(0).says("✔ rotated").says(&old);
    let after = keys(&shop);
    let [first, new] = <[String; 2]>::try_from(ids(&after)).unwrap();
    assert_eq!(first, old);
    assert_eq!(log(&shop, "ledger.vkey").trim_end(), after["keys"][1]["verifier"].as_str().unwrap());
    let signatures = log(&shop, "checkpoint").lines().filter(|line| line.starts_with('—')).count();
    assert_eq!(signatures, 2, "the checkpoint of the change has both signatures");
    shop.is_sound();

    let entry = shop.log().into_iter().find(|entry| entry["kind"] == "key.rotated").unwrap();
    assert_eq!((&entry["reason"], &entry["body"]["before"]), (&Value::from("yearly"), &before["keys"][0]["verifier"]));
    shop.belay(["audit", "log", "--kind", "key.rotated"]).ends(0).says(&format!("{old} → {new}"));

    // The log goes on with the new key.
    shop.roll_back("run", &[]).ends(0);
    shop.is_sound();
    let secret = PathBuf::from(after["secret"].as_str().unwrap());
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(secret).unwrap().contains(&new));
}

#[test]
fn a_compromised_key_is_replaced_and_cut_off() {
    let shop = Shop::good();
    let [old] = <[String; 1]>::try_from(ids(&keys(&shop))).unwrap();
    let declare = |more: &[&str]| shop.belay([&["keys", "compromised", "--reason", "an open backup"], more].concat());
    declare(&["--since", "100000"]).ends(2).says("there is no entry 100000 yet").says("no key was changed");
    declare(&["--since", "3", "--key", "00000000"]).ends(2).says("the log has had no key").says("belay keys show");
    declare(&[]).ends(2);
    assert_eq!(ids(&keys(&shop)), std::slice::from_ref(&old));

    declare(&["--since", "3"]).ends(0).says("✔ declared compromised").says("more than 3 entries counts for nothing");
    let after = keys(&shop);
    assert_eq!(after["keys"][0]["compromised"]["since"], 3);
    assert_eq!(ids(&after).len(), 2, "a new one signs");
    shop.is_sound();
    declare(&["--since", "2", "--key", &old]).ends(0);
    assert_eq!(keys(&shop)["keys"][0]["compromised"]["since"], 2);
    assert_eq!(ids(&keys(&shop)).len(), 2, "an earlier one needs no new key");
    shop.is_sound();
}

#[test]
fn a_secret_in_a_git_tree_is_warned_of() {
    let shop = Shop::good();
    let shown = shop.belay(["keys", "show"]);
    shown.ends(0);
    assert!(!shown.out.contains("warning"), "{shown}");
    fs::create_dir(shop.folder().join("key/.git")).unwrap();
    shop.belay(["keys", "show"]).ends(0).says("warning: the log's secret key").says("a commit would publish it");
    shop.belay(["lint"]).says("a commit would publish it");
}

/// The secret part of the signing key: `PRIVATE+KEY+<name>+<id>+<base64>`, and base64 has pluses of its own.
fn seed(shop: &Shop) -> String {
    let text = fs::read_to_string(keys(shop)["secret"].as_str().unwrap()).unwrap();
    text.trim_end().splitn(5, '+').nth(4).unwrap().to_owned()
}

#[test]
fn nothing_secret_is_shown_or_kept_beside_the_log() {
    let shop = Shop::good();
    let before = seed(&shop);
    let mut said = String::new();
    for words in [&["keys", "rotate"][..], &["keys", "show", "--json"], &["audit", "log", "--json"]] {
        let heard = shop.belay(words);
        heard.ends(0);
        said.push_str(&heard.to_string());
    }
    for secret in [before, seed(&shop)] {
        assert!(!said.contains(&secret));
        let found =
            Command::new("grep").args(["-r", "-l", "-F", &secret]).arg(shop.folder().join("state")).output().unwrap();
        assert!(found.stdout.is_empty(), "{}", String::from_utf8_lossy(&found.stdout));
    }
}

/// A change of keys that is killed at every write, before it and after it.
#[test]
fn a_rotation_that_is_killed_anywhere_happened_whole_or_not_at_all() {
    let base = Shop::good();
    let [old] = <[String; 1]>::try_from(ids(&keys(&base))).unwrap();
    let (mut kills, mut changed) = (0, 0);
    let stride = if std::env::var("BELAY_TESTS").is_ok_and(|tier| tier == "quick") { 7 } else { 1 };
    for nth in (0..).step_by(stride) {
        let mut ended = false;
        for side in [Side::Before, Side::After] {
            let shop = base.twin();
            let command = shop.command(["keys", "rotate"]);
            let told = match kill_at(&command, nth, side) {
                Fate::Ended { status, .. } => {
                    assert_eq!(status, 0);
                    ended = true;
                    break;
                }
                Fate::Killed(write) => format!("killed {side:?} write {nth}: {write:?}"),
            };
            kills += 1;
            for file in fs::read_dir(shop.folder().join("key")).unwrap() {
                let file = file.unwrap();
                assert_eq!(
                    file.metadata().unwrap().permissions().mode() & 0o077,
                    0,
                    "{told}: {}",
                    file.path().display()
                );
            }
            let said = shop.belay(["audit", "verify"]);
            assert_eq!(said.status, Some(0), "{told}:\n{said}");
            let now = ids(&keys(&shop));
            assert!(now.len() <= 2 && now[0] == old, "{told}: {now:?}");
            changed += usize::from(now.len() == 2);
            shop.belay(["keys", "rotate"]).ends(0);
            assert_eq!(ids(&keys(&shop)).len(), now.len() + 1, "{told}");
            shop.is_sound();
            let left: Vec<_> =
                fs::read_dir(shop.folder().join("key")).unwrap().map(|file| file.unwrap().file_name()).collect();
            assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".next")), "{told}: {left:?}");
        }
        if ended {
            break;
        }
    }
    println!("{kills} kills, the key was changed after {changed} of them");
    assert!(changed > 3 && changed < kills, "killed on both sides of the moment: {changed} of {kills}");
}
