//! A reviewer finds entries by what they are about, follows the log, and takes it away as lines and tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use belay_tests::workspace::Shop;
use serde_json::Value;

/// A shop that was rolled back in `demo`, for an incident.
fn rolled_back() -> Shop {
    let shop = Shop::released();
    shop.roll_back("run", &["--incident", "INC-4211"]).ends(0);
    shop
}

/// The entries that `audit log` finds with these words.
fn found(shop: &Shop, words: &[&str]) -> Vec<Value> {
    let said = shop.belay([&["audit", "log", "--jsonl", "--limit", "10000"], words].concat());
    said.ends(0);
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn kinds(entries: &[Value]) -> BTreeSet<&str> {
    entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect()
}

fn seqs(entries: &[Value]) -> Vec<u64> {
    entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

#[test]
fn entries_are_found_by_what_they_are_about() {
    let shop = rolled_back();
    let all = shop.log();
    let of_run: Vec<_> = all.iter().filter(|entry| entry["run"] == "r-1").cloned().collect();

    // By resource: its steps, not those of another one, in its name and its address.
    let flag = found(&shop, &["--resource", "flag", "--run", "r-1"]);
    let steps = |entries: &[Value]| {
        entries.iter().filter(|entry| entry["body"]["step"].is_object()).cloned().collect::<Vec<_>>()
    };
    assert_eq!(steps(&flag), steps(&found(&shop, &["--resource", "flags/ranker-v9"])));
    let stages: BTreeSet<_> = flag.iter().filter_map(|entry| entry["body"]["step"]["stage"].as_u64()).collect();
    assert_eq!(stages, BTreeSet::from([0]), "only the stage with the flag");
    assert!(kinds(&flag).is_superset(&["intent", "outcome", "step.confirmed", "mandate"].into()), "{:?}", kinds(&flag));

    // By plugin: what it ever decided, and which of its components was pinned.
    let guardrail = found(&shop, &["--plugin", "blast-radius"]);
    assert!(kinds(&guardrail).is_superset(&["plugin.added", "plugin.call", "stage.planned"].into()));
    let others = guardrail.iter().filter(|entry| entry["kind"] == "plugin.call");
    assert!(others.into_iter().all(|entry| entry["body"]["plugin"] == "blast-radius"));
    let digest = guardrail.iter().find(|entry| entry["kind"] == "plugin.added").unwrap()["body"]["digest"].clone();
    let by_digest = found(&shop, &["--plugin", digest.as_str().unwrap(), "--kind", "plugin.call"]);
    assert_eq!(by_digest, found(&shop, &["--plugin", "blast-radius", "--kind", "plugin.call"]));
    assert!(!by_digest.is_empty());

    // By team and feature set: everything of the run, and what is about them beside it.
    let team = found(&shop, &["--team", "ranking"]);
    let known = seqs(&team);
    assert!(of_run.iter().all(|entry| known.contains(&entry["seq"].as_u64().unwrap())));
    assert!(kinds(&team).contains("configuration.changed"));
    assert_eq!(found(&shop, &["--team", "payments"]), Vec::<Value>::new());
    let set = found(&shop, &["--feature-set", "checkout-ranker", "--kind", "point.captured"]);
    assert_eq!(set.len(), 2, "one in each environment");
    assert_eq!(
        found(&shop, &["--feature-set", "checkout-ranker", "--env", "prod", "--kind", "point.captured"]).len(),
        1
    );

    // By words: beginnings of all of them.
    let text = found(&shop, &["--text", "sealed done"]);
    assert_eq!(kinds(&text), BTreeSet::from(["run.sealed"]));
    shop.belay(["audit", "log", "--text", "--!"]).ends(2);
    shop.belay(["audit", "log", "--text", "\"*"]).ends(2).says("no word to look for");

    // By person and by time.
    let account = all[0]["actor"]["name"].as_str().unwrap();
    assert_eq!(found(&shop, &["--person", account]).len(), all.len());
    assert_eq!(found(&shop, &["--from", "2020-01-01"]).len(), all.len());
    assert_eq!(found(&shop, &["--to", "2020-01-01"]).len(), 0);
    shop.belay(["audit", "log", "--from", "2020-01-02", "--to", "2020-01-01"]).ends(2).says("--to is not after --from");
}

#[test]
fn the_index_follows_from_the_log() {
    let shop = rolled_back();
    let question = ["--team", "ranking", "--text", "flag"];
    let before = found(&shop, &question);
    assert!(!before.is_empty());
    let index = shop.folder().join("state/index.db");
    fs::remove_file(&index).unwrap();
    assert_eq!(found(&shop, &question), before);
    fs::write(&index, "no index at all, but long enough to be looked into by whoever opens it").unwrap();
    assert_eq!(found(&shop, &question), before);
    let size = shop.log().len();
    shop.belay(["audit", "reindex"]).ends(0).says(&format!("{size} entries can be searched"));
    assert_eq!(found(&shop, &question), before);
    // One that was made for another log is not believed.
    let other = Shop::good();
    found(&other, &question);
    fs::copy(&index, other.folder().join("state/index.db")).unwrap();
    let own = found(&other, &["--person", "nobody"]);
    assert_eq!(own, Vec::<Value>::new());
    assert!(
        seqs(&found(&other, &["--feature-set", "checkout-ranker"])).iter().all(|seq| *seq < other.log().len() as u64)
    );
    shop.is_sound();
}

#[test]
fn the_log_leaves_as_lines_and_as_a_table_without_formulas() {
    let shop = rolled_back();
    let lines = found(&shop, &[]);
    assert_eq!(lines, shop.log(), "as they are in the log");
    let csv = shop.belay(["audit", "log", "--csv", "--limit", "10000"]);
    csv.ends(0);
    let rows: Vec<_> = csv.out.split("\r\n").filter(|row| !row.is_empty()).collect();
    assert_eq!(rows.len(), lines.len() + 1, "a heading and a row for each");
    assert!(rows[0].starts_with("\"entry\",\"time\","));
    shop.belay(["audit", "log", "--csv", "--json"]).ends(2).says("give one of them");
    shop.belay(["audit", "log", "--csv", "--jsonl"]).ends(2);
}

#[test]
fn a_followed_log_shows_what_comes_and_ends_with_its_reader() {
    let shop = Shop::released();
    let mut command = shop.command(["audit", "log", "--follow", "--jsonl"]);
    let mut follower = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    shop.roll_back("run", &[]).ends(0);
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "run.sealed") {
        let entry: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        kinds.push(entry["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds.iter().filter(|kind| *kind == "run.sealed").count(), 1);
    assert!(kinds.len() > 1, "{kinds:?}");
    // With nobody to read, it ends by itself as soon as there is something to say.
    drop(lines);
    shop.belay(["point", "capture", "checkout-ranker", "--env", "demo", "-m", "back"]).ends(0);
    assert!(follower.wait().unwrap().success());
}
