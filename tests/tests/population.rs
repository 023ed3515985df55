//! The auditor's population: every run and every exception of a time, and by what a stranger can check that none is missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use belay_domain::digest::Digest;
use belay_ledger::tree;
use belay_tests::people::People;
use belay_tests::stage;
use belay_tests::workspace::{ROLLBACK, Shop};
use serde_json::Value;

fn report(shop: &Shop, words: &[&str]) -> Value {
    let said = shop.belay([&["audit", "report", "--json"], words].concat());
    said.ends(0);
    said.answer("report").clone()
}

fn exceptions<'r>(report: &'r Value, kind: &str) -> Vec<&'r Value> {
    report["exceptions"].as_array().unwrap().iter().filter(|row| row["kind"] == kind).collect()
}

/// A shop with people, and a run that one of them asked for and another approved.
fn quarter() -> (Shop, People) {
    let shop = Shop::released();
    let people = People::of(&shop);
    let words = ["--env", "prod", "--incident", "INC-1", "--key", &people.key_of("ana")];
    shop.belay([&["run"], &ROLLBACK[..], &words].concat()).ends(4);
    people.approves(&shop, "cleo", "r-1").ends(0);
    shop.belay(["resume", "r-1"]).ends(0);
    (shop, people)
}

#[test]
fn every_run_and_exception_is_told_with_the_entry_that_shows_it() {
    let (shop, _people) = quarter();
    let told = report(&shop, &[]);
    let runs = told["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1, "{told}");
    let run = &runs[0];
    assert_eq!(run["run"], "r-1");
    assert_eq!((&run["requester"], &run["signed"]), (&Value::from("ana"), &Value::from(true)));
    assert_eq!(run["approvers"], serde_json::json!(["cleo"]));
    assert_eq!((&run["team"], &run["incident"]), (&Value::from("ranking"), &Value::from("INC-1")));
    assert_eq!(run["outcome"], "done");
    assert_eq!(run["kept"], true, "{run}");
    assert!(run["risk"].as_u64().unwrap() > 0 && run["writes"].as_u64().unwrap() >= 3, "{run}");
    assert_eq!(exceptions(&told, "without_approval").len(), 0, "somebody approved");

    let roles = told["roles"].as_array().unwrap();
    let holds = |person: &str, role: &str| roles.iter().any(|row| row["person"] == person && row["role"] == role);
    assert!(holds("cleo", "approver") && holds("pia", "auditor") && !holds("ana", "approver"), "{roles:?}");
    let changes = told["changes"].as_array().unwrap();
    let kinds: Vec<_> = changes.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"plugin.added") && kinds.contains(&"configuration.changed"), "{kinds:?}");
}

#[test]
fn what_is_out_of_the_ordinary_is_an_exception() {
    let shop = Shop::released();
    shop.roll_back("run", &["--except", "model"]).ends(7);
    let told = report(&shop, &[]);
    assert_eq!(exceptions(&told, "partial").len(), 1, "{told}");
    assert_eq!(exceptions(&told, "without_approval").len(), 1);
    let left = exceptions(&told, "skipped_resource");
    assert!(left.iter().any(|row| row["what"].as_str().unwrap().contains("model")), "{told}");
    for row in told["exceptions"].as_array().unwrap() {
        let entry = &shop.log()[row["entry"].as_u64().unwrap() as usize];
        assert_eq!(entry["seq"], row["entry"]);
    }
    assert_eq!(report(&shop, &["--env", "prod"])["runs"], serde_json::json!([]));
    assert_eq!(report(&shop, &["--team", "ranking"])["runs"].as_array().unwrap().len(), 1);
    assert_eq!(report(&shop, &["--to", "2020-01-01"])["runs"], serde_json::json!([]));
    shop.belay(["audit", "report", "--team", "payments"]).ends(2).says("nothing on what a team `payments` owns");
}

#[test]
fn a_denial_that_only_watched_is_told_with_its_reason() {
    let shop = Shop::released();
    shop.edit("belay.toml", "plugin = \"blast-radius\"", "plugin = \"blast-radius\"\nmode = \"monitor\"");
    shop.edit("belay.toml", "max_consumers = 20", "max_consumers = 0");
    shop.roll_back("run", &[]).ends(0);
    let told = report(&shop, &[]);
    let denied = exceptions(&told, "denial_passed");
    assert!(!denied.is_empty(), "{told}");
    let what = denied[0]["what"].as_str().unwrap();
    assert!(what.contains("blast-radius (monitor)"), "{what}");
}

#[test]
fn refusals_changes_from_outside_and_what_waits_are_told() {
    let shop = Shop::released();
    let people = People::of(&shop);
    let ana = people.key_of("ana");
    let run = || shop.belay([&["run"], &ROLLBACK[..], &["--env", "prod", "--key", &ana]].concat());
    shop.edit("belay.toml", "max_consumers = 20", "max_consumers = 0");
    run().ends(3);
    shop.edit("belay.toml", "max_consumers = 0", "max_consumers = 20");
    run().ends(4);
    let told = report(&shop, &[]);
    let refused = exceptions(&told, "refused");
    assert_eq!(refused.len(), 1, "{told}");
    assert!(refused[0]["what"].as_str().unwrap().contains("2 consumers"), "{told}");
    let open = exceptions(&told, "open");
    assert_eq!((open.len(), &open[0]["run"]), (1, &Value::from("r-1")), "{told}");
    // The release itself was nobody's run: what it changed was seen when the run first looked.
    let outside = exceptions(&told, "changed_outside");
    assert!(outside.iter().any(|row| row["what"].as_str().unwrap().contains("flag")), "{told}");

    shop.belay(["reject", "r-1", "--reason", "the data is fine", "--key", &people.key_of("dan")]).ends(0);
    let told = report(&shop, &[]);
    assert!(exceptions(&told, "open").is_empty(), "{told}");
    let not_done = exceptions(&told, "not_done");
    assert!(not_done.iter().any(|row| row["what"].as_str().unwrap().contains("the data is fine")), "{told}");
}

#[test]
fn a_broken_glass_and_a_broken_promise_are_told() {
    let shop = Shop::released();
    let people = People::of(&shop);
    shop.edit("belay.toml", "  { up_to = 60, approvals = 1 },\n  { up_to = 85, approvals = 2 },\n", "");
    shop.edit("runbooks/standard-rollback.toml", "restored_within = \"5m\"", "restored_within = \"1ms\"");
    let ana = people.key_of("ana");
    let words = ["--env", "prod", "--incident", "INC-1", "--key", &ana, "--break-glass", "--reason", "nobody answers"];
    shop.belay([&["run"], &ROLLBACK[..], &words].concat()).ends(4);
    let text = shop.belay(["approve", "r-1", "--show"]).out;
    let signed = people.sign("dan", "break-glass@belay", &text);
    shop.belay(["approve", "r-1", "--break-glass", "--signature", signed.to_str().unwrap()]).ends(0);
    shop.belay(["resume", "r-1"]).ends(0);
    let told = report(&shop, &[]);
    let glass = exceptions(&told, "break_glass");
    assert_eq!(glass.len(), 1, "{told}");
    let what = glass[0]["what"].as_str().unwrap();
    assert!(what.contains("dan") && what.contains("ana") && what.contains("nobody answers"), "{what}");
    assert!(exceptions(&told, "without_approval").is_empty(), "two people stood for it: {told}");
    let missed = exceptions(&told, "service_level_missed");
    assert!(missed.len() == 1 && missed[0]["what"].as_str().unwrap().starts_with("promised 0.0 s, took"), "{told}");
}

#[test]
fn the_statement_of_completeness_can_be_checked() {
    let (shop, _people) = quarter();
    let told = report(&shop, &["--from", "2020-01-01"]);
    let complete = &told["completeness"];
    assert_eq!(complete["sound"], true, "{complete}");
    assert_eq!(complete["clock_steps"], 0, "entries that were made side by side are no clock that stepped back");
    let log = shop.log();
    let leaves: Vec<Digest> = log
        .iter()
        .map(|entry| tree::leaf(belay_domain::json::Json::new(entry.clone()).unwrap().canonical().as_bytes()))
        .collect();
    let root = |size: usize| tree_of(&leaves[..size]).to_string();
    assert_eq!(complete["after"]["size"], log.len(), "all of it");
    assert_eq!(complete["after"]["root"], root(log.len()));
    assert_eq!((&complete["before"]["size"], &complete["before"]["root"]), (&Value::from(0), &Value::from(root(0))));
    assert!(complete["checkpoint"].as_str().unwrap().starts_with("belay/shop-ml\n"));
    // A log that was changed is said to be so, and the report is made all the same.
    let file = fs::read_dir(shop.folder().join("state/log/tile/entries")).unwrap().next().unwrap().unwrap().path();
    let file = if file.is_dir() { fs::read_dir(file).unwrap().next().unwrap().unwrap().path() } else { file };
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let page = shop.folder().join("q4.html");
    shop.belay([Path::new("audit"), Path::new("report"), Path::new("-o"), &page]).ends(1);
    assert!(fs::read_to_string(&page).unwrap().contains("NOT sound"));
}

/// RFC 6962, as plainly as it is written there.
fn tree_of(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => *leaf,
        leaves => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let node = [&[1][..], tree_of(left).as_bytes(), tree_of(right).as_bytes()].concat();
            Digest::of(&node)
        }
    }
}

#[test]
fn a_report_is_a_page_a_table_or_json() {
    let (shop, _people) = quarter();
    let file = |name: &str| shop.folder().join(name).display().to_string();
    shop.belay(["audit", "report", "-o", &file("q4.html")]).ends(0).says("1 run, ");
    let page = fs::read_to_string(file("q4.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("cleo") && !page.contains("<script"), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing is loaded from anywhere");
    shop.belay(["audit", "report", "-o", &file("q4.csv")]).ends(0);
    let table = fs::read_to_string(file("q4.csv")).unwrap();
    let columns = |row: &str| row.matches("\",\"").count();
    assert!(table.split("\r\n").filter(|row| !row.is_empty()).all(|row| columns(row) == 23), "{table}");
    let json = shop.belay(["audit", "report", "--format", "json"]);
    json.ends(0);
    assert_eq!(json.answer("report")["runs"][0]["run"], "r-1");
    shop.belay(["audit", "report", "-o", &file("q4.pdf")]).ends(2).says("does not say how");
    shop.belay(["audit", "report", "--json", "--format", "csv"]).ends(2).says("give one of them");
    shop.belay(["audit", "report", "-o", "/no/such/folder/q4.html"]).ends(1).says("can't be written");
}

#[test]
fn silence_can_be_told_from_a_belay_that_was_away() {
    let shop = Shop::good();
    assert_eq!(report(&shop, &[])["completeness"]["silence"]["heartbeats"], 0);
    shop.belay(["audit", "verify"]).ends(0).says("nobody can tell whether belay could have recorded anything");
    shop.belay(["audit", "heartbeat", "--every", "1s", "--once"]).ends(0).says("✔ heartbeat");
    std::thread::sleep(Duration::from_millis(2_500));
    // Of a folder nobody knows when it was copied; of a workspace's own it can be said that nothing has come until now.
    shop.belay(["audit", "verify"]).ends(0).says("that entry is overdue by").says("can't record");
    let folder = shop.folder().join("state/log");
    let copied = shop.belay(["audit", "verify", folder.to_str().unwrap()]);
    copied.ends(0).says("and another was promised by");
    assert!(!copied.out.contains("overdue"), "{copied}");
    shop.belay(["audit", "heartbeat"]).ends(0);
    let silence = report(&shop, &[])["completeness"]["silence"].clone();
    assert_eq!(silence["heartbeats"], 2);
    assert_eq!(silence["broken"].as_array().unwrap().len(), 1, "{silence}");
    shop.belay(["audit", "report"]).ends(0).says("one was missing");
    shop.belay(["audit", "verify"]).ends(0).says("one was missing");
    // An entry that is gone is no silence: of a log that is not whole nothing is said.
    let doubtful = shop.folder().join("doubtful");
    stage::copy(&folder, &doubtful, &|_| true).unwrap();
    fs::write(doubtful.join("checkpoint"), "nothing").unwrap();
    let said = shop.belay(["audit", "verify", doubtful.to_str().unwrap()]);
    said.ends(1);
    assert!(!said.out.contains("nothing was recorded"), "{said}");
    shop.belay(["audit", "heartbeat", "--every", "often"]).ends(2);
    shop.belay(["audit", "heartbeat", "--once"]).ends(2);
    // The log's published head has it at once.
    let checkpoint = fs::read_to_string(shop.folder().join("state/log/checkpoint")).unwrap();
    assert_eq!(checkpoint.lines().nth(1).unwrap(), shop.log().len().to_string());
}

#[test]
fn a_heart_goes_on_beating_while_nothing_else_happens() {
    let shop = Shop::good();
    let before = shop.log().len();
    let mut heart = shop.command(["audit", "heartbeat", "--every", "1s"]).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(4_300));
    heart.kill().unwrap();
    heart.wait().unwrap();
    let beats = shop.log().split_off(before);
    assert!((3..=6).contains(&beats.len()), "{beats:?}");
    assert!(beats.iter().all(|entry| entry["kind"] == "ledger.heartbeat" && entry["body"]["every_ms"] == 1_000));
    shop.is_sound();
}
