//! Who may say yes: containment runs at once, restoration waits for others, and what they agreed to is what runs.
//! Keys are made and mandates signed by the real ssh-keygen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use belay_tests::people::People;
use belay_tests::repository;
use belay_tests::workspace::{ROLLBACK, Said, Shop};
use serde_json::Value;

/// A shop whose bad release is live in `prod`, with two teams and four people.
fn shop() -> (Shop, People) {
    let shop = Shop::released();
    let people = People::of(&shop);
    (shop, people)
}

fn roll_back(shop: &Shop, more: &[&str]) -> Said {
    shop.belay([&["run"], &ROLLBACK[..], &["--env", "prod", "--incident", "INC-4211"], more].concat())
}

/// Rolls back with ana's key.
fn ana_rolls_back(shop: &Shop, people: &People, more: &[&str]) -> Said {
    roll_back(shop, &[&["--key", &people.key_of("ana")], more].concat())
}

#[track_caller]
fn says(said: &Said, status: i32, words: &[&str]) {
    said.ends(status);
    let all = format!("{}{}", said.out, said.err);
    for word in words {
        assert!(all.contains(word), "it doesn't say `{word}`:\n{said}");
    }
}

/// Makes the operator hold these writes for irreversible, which is the most risk that a write can have.
fn harder_to_undo(shop: &Shop, writes: &str) {
    let line = |at_best: &str| format!("match = \"PUT {writes}\", at_best = \"{at_best}\"");
    shop.edit("belay.toml", &line("reversible"), &line("irreversible"));
}

fn kinds(shop: &Shop) -> Vec<String> {
    shop.log().iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

fn is_contained(shop: &Shop) -> bool {
    let flags = |folder: std::path::PathBuf| fs::read_to_string(folder.join("flags/shop.flagd.json")).unwrap();
    flags(shop.stage().systems("prod")) == flags(repository::root().join("runbooks/sample-data"))
}

fn table_version(shop: &Shop) -> usize {
    fs::read_dir(shop.stage().systems("prod").join("lake/clicks/_delta_log")).unwrap().count() - 1
}

/// Another writer of the table: one more row.
fn table_moves(shop: &Shop) {
    let log = shop.stage().systems("prod").join("lake/clicks/_delta_log");
    let next = fs::read_dir(&log).unwrap().filter_map(Result::ok).filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        name.strip_suffix(".json")?.parse::<u64>().ok()
    });
    let next = next.max().unwrap() + 1;
    let stats = r#"{\"numRecords\":1}"#;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let commit = format!(
        "{{\"commitInfo\":{{\"timestamp\":{now},\"operation\":\"WRITE\"}}}}\n{{\"add\":{{\"path\":\"moved-{next}.parquet\",\
         \"partitionValues\":{{\"day\":\"2026-11-22\"}},\"size\":10,\"modificationTime\":{now},\"dataChange\":true,\
         \"stats\":\"{stats}\"}}}}\n"
    );
    fs::write(log.join(format!("{next:020}.json")), commit).unwrap();
}

#[test]
fn containment_runs_at_once_and_restoration_waits_for_one_other_person() {
    let (shop, people) = shop();
    says(
        &ana_rolls_back(&shop, &people, &[]),
        4,
        &[
            "r-1 waits before the stage restore",
            "needs 1 approval (approver of ranking)",
            "cleo or dan could",
            "belay approve r-1",
        ],
    );
    assert!(is_contained(&shop), "containment waits for nobody");
    let before = table_version(&shop);

    // Nobody approves their own request, or another team's.
    says(&people.approves(&shop, "ana", "r-1"), 3, &["nobody approves their own request", "ask cleo or dan"]);
    says(&people.approves(&shop, "pia", "r-1"), 3, &["pia can't approve r-1"]);

    // The table goes on moving while people read.
    let moving = Arc::new(AtomicBool::new(true));
    thread::scope(|scope| {
        let (flag, table) = (Arc::clone(&moving), &shop);
        scope.spawn(move || {
            while flag.load(Ordering::Relaxed) {
                table_moves(table);
                thread::sleep(Duration::from_secs(2));
            }
        });
        thread::sleep(Duration::from_millis(2_500));
        says(&shop.belay(["resume", "r-1"]), 4, &["needs 1 approval (approver of ranking)"]);
        says(&people.approves(&shop, "cleo", "r-1"), 0, &["cleo approved r-1", "belay resume r-1"]);
        says(&people.approves(&shop, "cleo", "r-1"), 0, &["cleo had approved r-1"]);
        says(&shop.belay(["status", "r-1"]), 0, &["approved by cleo"]);
        thread::sleep(Duration::from_millis(2_500));
        moving.store(false, Ordering::Relaxed);
    });
    assert!(table_version(&shop) > before + 1, "the table moved");
    says(&shop.belay(["resume", "r-1"]), 0, &["✔ restored", "restore by cleo"]);
    let kinds = kinds(&shop);
    assert_eq!(kinds.iter().filter(|kind| *kind == "approval").count(), 1, "one approval was enough");
    assert!(kinds.iter().any(|kind| kind == "request.signed"));
    shop.is_sound();
}

#[test]
fn containment_waits_for_no_key_and_restoration_does() {
    let (shop, people) = shop();
    let unsigned =
        ["needs 1 approval (approver of ranking) and the signature of its request", "belay resume r-1 --key"];
    says(&roll_back(&shop, &[]), 4, &unsigned);
    assert!(is_contained(&shop), "containment waits for nobody");
    // An approval alone is not enough, and nobody signs in ana's place.
    says(&people.approves(&shop, "cleo", "r-1"), 0, &["cleo approved r-1"]);
    says(&shop.belay(["resume", "r-1"]), 4, &["the signature of its request", "by ana"]);
    let dan = people.key_of("dan");
    says(&shop.belay(["resume", "r-1", "--key", &dan]), 3, &["r-1 was asked for by ana: dan can't sign for them"]);
    assert!(!kinds(&shop).iter().any(|kind| kind == "request.signed"));
    let ana = people.key_of("ana");
    says(&shop.belay(["resume", "r-1", "--key", &ana]), 0, &["✔ restored", "restore by cleo"]);
    shop.is_sound();
}

#[test]
fn a_request_that_people_must_approve_first_is_signed_at_once() {
    let (shop, people) = shop();
    let only = ["--only", "restore"];
    says(&roll_back(&shop, &only), 3, &["its request must be signed", "--key ~/.ssh/id_ed25519"]);
    says(&roll_back(&shop, &["--key", &people.key_of("pia")]), 3, &["pia may not ask for this"]);
    says(&roll_back(&shop, &["--only", "contain"]), 0, &["✔ restored"]);
}

#[test]
fn belay_signs_for_whoever_types_the_digest() {
    let (shop, people) = shop();
    ana_rolls_back(&shop, &people, &[]).ends(4);
    let cleo = people.key_of("cleo");
    says(&shop.belay(["approve", "r-1", "--key", &cleo]), 2, &["belay approve r-1 --show"]);
    says(
        &shop.belay(["approve", "r-1", "--key", &cleo, "--digest", "00000000"]),
        3,
        &["`00000000` is not the mandate of r-1"],
    );
    let shown = shop.belay(["approve", "r-1", "--show", "--json"]);
    let short = shown.answer("mandate")["short"].as_str().unwrap().to_owned();
    assert!(shown.answer("mandate")["text"].as_str().unwrap().contains(&format!("Mandate    {short}")));
    says(&shop.belay(["approve", "r-1", "--key", &cleo, "--digest", &short]), 0, &["cleo approved r-1"]);
    let status: Value = shop.belay(["status", "r-1", "--json"]).answer("run.status").clone();
    let needs = &status["view"]["status"]["waiting"]["needs"][0];
    assert_eq!(needs["given"][0], "cleo", "{needs}");
    says(&shop.belay(["resume", "r-1"]), 0, &["✔ restored"]);
}

#[test]
fn a_no_ends_the_run() {
    let (shop, people) = shop();
    ana_rolls_back(&shop, &people, &[]).ends(4);
    let no = ["reject", "r-1", "--reason", "the data is fine"];
    says(&shop.belay([&no[..], &["--key", &people.key_of("pia")]].concat()), 3, &["pia can't approve r-1"]);
    says(&shop.belay([&no[..], &["--key", &people.key_of("dan")]].concat()), 0, &["refused"]);
    says(&shop.belay(["status", "r-1"]), 0, &["dan rejected it: the data is fine"]);
    says(&people.approves(&shop, "cleo", "r-1"), 2, &["r-1 has ended already"]);
    shop.is_sound();
}

#[test]
fn what_people_agreed_to_must_still_be_there() {
    let (shop, people) = shop();
    ana_rolls_back(&shop, &people, &[]).ends(4);
    people.approves(&shop, "cleo", "r-1").ends(0);
    let changes: [(&str, &str, &str, &str); 4] = [
        (
            "runbooks/standard-rollback.toml",
            "restored_within = \"5m\"",
            "restored_within = \"6m\"",
            "the runbook `standard-rollback` is",
        ),
        (
            "features/checkout-ranker.toml",
            "\"cart-upsell\"",
            "\"cart-down\"",
            "the target, the feature set `checkout-ranker` is",
        ),
        ("belay.toml", "headroom = 2", "headroom = 3", "the governance changed"),
        ("belay.toml", "max_consumers = 20", "max_consumers = 90", "the governance changed"),
    ];
    for (file, from, to, expected) in changes {
        shop.edit(file, from, to);
        says(
            &shop.belay(["resume", "r-1"]),
            5,
            &["r-1 is outside its mandate", expected, "put it back as it was, or ask anew"],
        );
        shop.edit(file, to, from);
    }
    let lock = fs::read_to_string(shop.file("belay.lock")).unwrap();
    let component = fs::read(shop.file("plugins/delta_table.wasm")).unwrap();
    let mut other = component.clone();
    // A custom section of no bytes, named `x`: another component that does the same.
    other.extend_from_slice(&[0, 2, 1, b'x']);
    shop.write("plugins/delta_table.wasm", &other);
    shop.belay(["plugin", "add", "plugins/delta_table.wasm"]).ends(0);
    says(&shop.belay(["resume", "r-1"]), 5, &["the plugin `delta-table` is"]);
    shop.write("plugins/delta_table.wasm", &component);
    shop.write("belay.lock", lock);
    says(&shop.belay(["resume", "r-1"]), 0, &["✔ restored"]);
}

#[test]
fn more_risk_needs_two_people_and_too_much_is_refused_but_for_two_who_break_the_glass() {
    let (shop, people) = shop();
    harder_to_undo(&shop, "**/_delta_log/*.json");
    says(&ana_rolls_back(&shop, &people, &[]), 4, &["needs 2 approvals (approver of ranking)"]);
    says(&people.approves(&shop, "cleo", "r-1"), 0, &["still needs 1 × approver of ranking; dan could"]);
    says(
        &shop.belay(["resume", "r-1"]),
        4,
        &["needs 1 approval (approver of ranking)", "approved by cleo", "dan could"],
    );
    people.approves(&shop, "dan", "r-1").ends(0);
    says(&shop.belay(["status", "r-1"]), 0, &["approved by cleo and dan"]);
    shop.belay(["abort", "r-1", "--reason", "again, with more risk"]).ends(0);

    harder_to_undo(&shop, "*.flagd.json");
    let more =
        "\"cart-upsell\", \"checkout\", \"mail\", \"ads\", \"reports\", \"coupons\", \"home\", \"push\", \"sms\"";
    shop.edit("features/checkout-ranker.toml", "\"cart-upsell\"", more);
    shop.edit("belay.toml", "criticality = \"high\"", "criticality = \"critical\"");
    let restore = ["--only", "restore"];
    says(&ana_rolls_back(&shop, &people, &restore), 3, &["is above every band: 85 is the highest"]);
    let glass = ["--only", "restore", "--break-glass", "--reason", "nobody answers"];
    says(
        &ana_rolls_back(&shop, &people, &glass),
        4,
        &["needs 1 approval (break-glass of ranking)", "dan could", "belay approve r-2 --break-glass"],
    );
    let text = shop.belay(["approve", "r-2", "--show"]).out;
    assert!(text.contains("BREAKS     THE GLASS: overrides bands and denials, because \"nobody answers\""), "{text}");
    let mandate_only = people.sign("dan", "mandate@belay", &text);
    let glass_signed =
        |file: &std::path::Path| shop.belay(["approve", "r-2", "--break-glass", "--signature", file.to_str().unwrap()]);
    says(&glass_signed(&mandate_only), 3, &["break-glass@belay"]);
    says(&glass_signed(&people.sign("cleo", "break-glass@belay", &text)), 3, &["cleo can't approve r-2"]);
    glass_signed(&people.sign("dan", "break-glass@belay", &text)).ends(0);
    says(&shop.belay(["resume", "r-2"]), 0, &["✔ restored"]);
    says(&shop.belay(["review", "list"]), 0, &["r-2", "open", "ana and dan"]);
    says(&shop.belay(["review", "show", "r-2"]), 0, &["nobody answers", "is above every band", "Skipped", "cleo"]);

    // While it is open neither of the two breaks the glass again.
    says(&ana_rolls_back(&shop, &people, &glass), 3, &["its review is open", "belay review close r-2"]);
    let close =
        |name: &str| shop.belay(["review", "close", "r-2", "--reason", "it was right", "--key", &people.key_of(name)]);
    says(&close("dan"), 3, &["dan can't close the review of r-2", "cleo"]);
    says(&close("pia"), 0, &["Closed by", "pia"]);
    says(&shop.belay(["review", "list"]), 0, &["closed by pia"]);
    shop.is_sound();
}

#[test]
fn an_undo_that_no_band_allows_is_for_two_who_break_the_glass() {
    let (shop, people) = shop();
    ana_rolls_back(&shop, &people, &["--only", "contain"]).ends(0);
    harder_to_undo(&shop, "*.flagd.json");
    shop.edit("belay.toml", "  { up_to = 60, approvals = 1 },\n  { up_to = 85, approvals = 2 },\n", "");
    let ana = people.key_of("ana");
    let undo = |more: &[&str]| shop.belay([&["undo", "r-1", "--key", &ana], more].concat());
    says(&undo(&[]), 3, &["is above every band: 25 is the highest", "belay undo r-1 --plan shows each reason"]);
    says(&undo(&["--break-glass"]), 2, &["--reason"]);
    says(
        &undo(&["--break-glass", "--reason", "sales stop"]),
        4,
        &["needs 1 approval (break-glass of ranking)", "dan could", "belay approve r-2 --break-glass"],
    );
    let text = shop.belay(["approve", "r-2", "--show"]).out;
    let signed = people.sign("dan", "break-glass@belay", &text);
    shop.belay(["approve", "r-2", "--break-glass", "--signature", signed.to_str().unwrap()]).ends(0);
    says(&shop.belay(["resume", "r-2"]), 0, &["✔ restored"]);
    assert!(!is_contained(&shop), "the flag is on again");
    says(&shop.belay(["review", "show", "r-2"]), 0, &["sales stop", "is above every band"]);
    shop.is_sound();
}

#[test]
fn the_glass_is_broken_in_an_incident_only() {
    let shop = Shop::released();
    shop.roll_back("run", &[]).ends(0);
    let undo = ["undo", "r-1", "--break-glass", "--reason", "sales stop"];
    says(&shop.belay(undo), 2, &["the glass is broken in an incident, and r-1 names none", "--incident"]);
}

#[test]
fn a_package_is_approved_before_it_runs() {
    let (shop, people) = shop();
    let ana = people.key_of("ana");
    let words = [&["plan"], &ROLLBACK[..], &["--env", "prod", "-o", "ranker.belay"]].concat();
    says(&shop.belay(words.clone()), 3, &["its request must be signed"]);
    says(&shop.belay([&words[..], &["--key", &ana]].concat()), 0, &["belay run ranker.belay"]);
    let made = shop.log().into_iter().rfind(|entry| entry["kind"] == "package.made").unwrap();
    let run = made["body"]["run"].as_str().unwrap().to_owned();
    says(&people.approves(&shop, "dan", &run), 0, &["dan approved"]);
    says(&shop.belay(["run", "ranker.belay"]), 0, &["✔ restored", "restore by dan"]);
    shop.is_sound();
}
