//! Recorded plugin calls come out again as they were, from the ledger alone; what does not is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use belay_domain::digest::Commitment;
use belay_domain::json::Json;
use belay_ledger::{Batch, Blob, Draft, Entry, Filter, FoundBlob, Ledger};
use belay_tests::workspace::{Said, Shop};
use serde_json::Value;

/// A shop after a rollback, with its systems and the plugins' files gone: nothing but the ledger is left to replay from.
fn only_the_ledger() -> Shop {
    let shop = Shop::released();
    shop.roll_back("run", &[]).ends(0);
    fs::remove_dir_all(shop.folder().join("systems")).unwrap();
    fs::remove_dir_all(shop.file("plugins")).unwrap();
    fs::remove_dir_all(shop.folder().join("state/compiled")).unwrap();
    shop
}

fn ledger(shop: &Shop) -> Ledger {
    let text = fs::read_to_string(shop.file("belay.toml")).unwrap();
    let key = text.lines().find_map(|line| line.strip_prefix("key = \"")?.split('"').next()).unwrap();
    Ledger::open(&shop.folder().join("state"), &shop.file(key)).unwrap()
}

fn calls(shop: &Shop) -> Vec<Value> {
    shop.log().into_iter().filter(|entry| entry["kind"] == "plugin.call").collect()
}

fn count(said: &Said, name: &str) -> u64 {
    said.answer("replay")[name].as_u64().unwrap()
}

#[test]
fn every_call_comes_out_again_with_nothing_but_the_ledger() {
    let shop = only_the_ledger();
    let recorded = calls(&shop);
    let all = shop.belay(["audit", "replay", "--all", "--json"]);
    all.ends(0);
    assert_eq!(count(&all, "calls"), recorded.len() as u64, "{all}");
    assert_eq!(count(&all, "same"), recorded.len() as u64, "{all}");
    let of_run = shop.belay(["audit", "replay", "--run", "r-1", "--json"]);
    of_run.ends(0);
    let within = recorded.iter().filter(|entry| entry["run"] == "r-1").count() as u64;
    assert!(within > 5, "a rollback calls its plugins");
    assert_eq!((count(&of_run, "calls"), count(&of_run, "same")), (within, within), "{of_run}");
    let reading = recorded.iter().find(|entry| entry["body"]["call"]["reads"] != 0).unwrap();
    let one = shop.belay(["audit", "replay", &reading["seq"].to_string()]);
    one.ends(0).says("✔ the same").says("the same\n").says(reading["body"]["call"]["plugin"].as_str().unwrap());
}

#[test]
fn a_plugin_that_was_pinned_on_another_host_is_kept_before_its_first_call() {
    let shop = Shop::good();
    // The pins came with git; the ledger is this host's own.
    fs::remove_dir_all(shop.folder().join("state")).unwrap();
    fs::remove_dir_all(shop.folder().join("key")).unwrap();
    shop.belay(["init"]).ends(0);
    let capture =
        ["point", "capture", "checkout-ranker", "--env", "demo", "-m", "v8", "--good-if", "standard-rollback"];
    shop.belay(capture).ends(0);
    shop.belay(["audit", "replay", "--all"]).ends(0).says("✔ as recorded");
    let log = shop.log();
    let kept = |entry: &&Value| entry["kind"] == "component.kept";
    let first = |kind: &str| log.iter().position(|entry| entry["kind"] == kind).unwrap();
    assert!(first("component.kept") < first("plugin.call"));
    let count = log.iter().filter(kept).count();
    fs::remove_dir_all(shop.file("plugins")).unwrap();
    shop.belay(["audit", "replay", "--all"]).ends(0).says("✔ as recorded");
    assert_eq!(shop.log().iter().filter(kept).count(), count, "each is kept once");
}

#[test]
fn what_records_no_call_is_refused_in_words() {
    let shop = Shop::good();
    shop.belay(["audit", "replay", "0"]).ends(2).says("`ledger.begun`: it records no call").says("--kind plugin.call");
    shop.belay(["audit", "replay", "99999"]).ends(2).says("there is no entry 99999");
    shop.belay(["audit", "replay"]).ends(2);
    shop.belay(["audit", "replay", "1", "--all"]).ends(2);
}

/// Appends a copy of a recorded call whose parts and summary somebody changed.
fn forge(ledger: &Ledger, original: &Entry, change: impl Fn(&mut Value, &mut Value)) -> u64 {
    let mut body = original.body.value().clone();
    let commitment = original.blobs.first().unwrap();
    let (name, bytes) = read(ledger, original, commitment);
    let mut part: Value = serde_json::from_slice(&bytes).unwrap();
    change(&mut body, &mut part);
    let blob = Blob::seal(name.clone(), Json::new(part).unwrap().canonical()).unwrap();
    body["parts"][&name] = Value::String(blob.commitment().to_string());
    let mut draft = Draft::new(original.at, "plugin.call", original.actor.clone(), Json::new(body).unwrap());
    draft.blobs.push(blob);
    ledger.append(draft).unwrap().seqs.start
}

#[test]
fn a_record_that_does_not_come_out_again_is_named_with_its_first_difference() {
    let shop = only_the_ledger();
    let ledger = ledger(&shop);
    let filter = Filter { kinds: vec!["plugin.call".to_owned()], ..Filter::default() };
    let entries = ledger.entries(&filter).unwrap();
    let judged = |entry: &&Entry| entry.body.value()["call"]["function"] == "judge" && entry.blobs.len() == 1;
    let observed = |entry: &&Entry| entry.body.value()["call"]["function"] == "observe" && entry.blobs.len() == 1;
    let judged = entries.iter().find(judged).unwrap();
    let observed = entries.iter().find(observed).unwrap();

    let output = forge(&ledger, judged, |_, part| part["output"]["answer"]["verdict"] = Value::from("deny"));
    let fuel = forge(&ledger, judged, |body, _| body["call"]["fuel_used"] = Value::from(1));
    let reads = forge(&ledger, observed, |_, part| {
        part["exchanges"].as_array_mut().unwrap().clear();
    });
    let elsewhere = forge(&ledger, judged, |body, _| {
        body["call"]["engine"]["wasmtime"] = Value::from("47.0.0");
        body["call"]["fuel_used"] = Value::from(1);
    });
    let unknown = forge(&ledger, judged, |body, _| body["call"]["plugin"] = Value::from("00".repeat(32)));
    let ended = forge(&ledger, judged, |body, _| body["call"]["status"] = Value::from("timed_out"));
    let unnamed = forge(&ledger, judged, |body, _| body["call"]["world"] = Value::from("no_world"));
    drop(ledger);

    let one = |seq: u64| shop.belay(["audit", "replay", &seq.to_string()]);
    one(output).ends(1).says("✘ differs").says("output /answer/verdict").says("\"deny\"");
    one(fuel).ends(1).says("✘ differs").says("fuel");
    one(reads).ends(1).says("✘ differs").says("read 0");
    one(elsewhere).ends(0).says("✔ the same output").says("recorded on 47.0.0").says("not compared");
    one(unknown).ends(1).says("✘ no component").says("neither the ledger nor [plugin]");
    one(ended).ends(0).says("not reproducible");
    one(unnamed).ends(1).says("✘ unreadable");
    let all = shop.belay(["audit", "replay", "--all", "--json"]);
    all.ends(1);
    let counted = ["differ", "other_engine", "not_made", "not_reproducible"].map(|name| count(&all, name));
    assert_eq!(counted, [3, 1, 2, 1], "{all}");
}

#[test]
fn ten_thousand_calls_are_made_again_on_all_cores() {
    const CALLS: u64 = 10_000;
    let shop = only_the_ledger();
    let ledger = ledger(&shop);
    let filter = Filter { kinds: vec!["plugin.call".to_owned()], ..Filter::default() };
    let entries = ledger.entries(&filter).unwrap();
    let parts: Vec<_> = entries.iter().map(|entry| parts(&ledger, entry)).collect();
    let more = usize::try_from(CALLS).unwrap() - entries.len();
    let copies: Vec<_> = entries.iter().zip(&parts).cycle().take(more).collect();
    for copies in copies.chunks(500) {
        let drafts = copies.iter().map(|(entry, parts)| again(entry, parts)).collect();
        ledger.append(Batch { drafts, conditions: Vec::new() }).unwrap();
    }
    drop(ledger);
    let all = shop.belay(["audit", "replay", "--all", "--json"]);
    all.ends(0);
    println!("{CALLS} calls in {} ms", count(&all, "took_ms"));
    assert_eq!((count(&all, "calls"), count(&all, "same")), (CALLS, CALLS), "{all}");
    assert!(all.answer("replay")["shown"].as_array().unwrap().is_empty(), "what is as it was is only counted");
}

fn parts(ledger: &Ledger, entry: &Entry) -> Vec<(String, Vec<u8>)> {
    entry.blobs.iter().map(|blob| read(ledger, entry, blob)).collect()
}

fn read(ledger: &Ledger, entry: &Entry, blob: &Commitment) -> (String, Vec<u8>) {
    match ledger.blob(entry, blob).unwrap() {
        FoundBlob::Present(blob) => (blob.name, blob.bytes),
        gone @ (FoundBlob::Redacted { .. } | FoundBlob::Missing { .. }) => panic!("{gone:?}"),
    }
}

/// The same call, recorded once more.
fn again(entry: &Entry, parts: &[(String, Vec<u8>)]) -> Draft {
    let blobs: Vec<_> = parts.iter().map(|(name, bytes)| Blob::seal(name.clone(), bytes.clone()).unwrap()).collect();
    let mut body = entry.body.value().clone();
    for ((name, _), blob) in parts.iter().zip(&blobs) {
        body["parts"][name] = Value::String(blob.commitment().to_string());
    }
    let mut draft = Draft::new(entry.at, "plugin.call", entry.actor.clone(), Json::new(body).unwrap());
    draft.blobs = blobs;
    draft
}
