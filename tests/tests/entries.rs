//! Every entry that belay writes is as docs/entry.schema.json and docs/ledger.md say, and logs of released versions stay
//! readable and verifiable.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use belay_ledger::Entry;
use belay_tests::people::People;
use belay_tests::workspace::{ROLLBACK, Shop};
use belay_tests::{repository, stage};
use jsonschema::Validator;
use serde_json::Value;

fn read(path: &str) -> String {
    fs::read_to_string(repository::root().join(path)).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&read("docs/entry.schema.json")).unwrap()
}

fn fits(validator: &Validator, entry: &Value) {
    let problems: Vec<_> =
        validator.iter_errors(entry).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{entry}\n{problems:#?}");
}

fn all_fit(shop: &Shop) -> BTreeSet<String> {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let log = shop.log();
    log.iter().for_each(|entry| fits(&validator, entry));
    log.iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_runs_write_fits_the_schema() {
    let shop = Shop::released();
    shop.roll_back("plan", &[]).ends(0);
    shop.roll_back("run", &["--incident", "INC-1"]).ends(0);
    shop.belay(["undo", "r-1", "--env", "demo"]);
    shop.belay(["gate", "checkout-ranker", "--env", "demo"]);
    shop.belay(["audit", "heartbeat", "--every", "10m", "--once"]).ends(0);
    shop.belay(["audit", "export", "--run", "r-1", "-o", &shop.folder().join("r-1.evidence").display().to_string()])
        .ends(0);
    let kinds = all_fit(&shop);
    for kind in
        ["intent", "outcome", "plugin.call", "run.sealed", "ledger.heartbeat", "evidence.exported", "plan.shown"]
    {
        assert!(kinds.contains(kind), "{kind} is not in {kinds:?}");
    }
}

#[test]
fn what_people_sign_fits_the_schema() {
    let shop = Shop::released();
    let people = People::of(&shop);
    let words = ["--env", "prod", "--incident", "INC-1", "--key", &people.key_of("ana")];
    shop.belay([&["run"], &ROLLBACK[..], &words].concat()).ends(4);
    people.approves(&shop, "cleo", "r-1").ends(0);
    shop.belay(["resume", "r-1"]).ends(0);
    let kinds = all_fit(&shop);
    assert!(kinds.contains("approval") && kinds.contains("request.signed"), "{kinds:?}");
}

#[track_caller]
fn has(kinds: &BTreeSet<String>, wanted: &[&str]) {
    let missing: Vec<_> = wanted.iter().filter(|kind| !kinds.contains(**kind)).collect();
    assert!(missing.is_empty(), "{missing:?} are not in {kinds:?}");
}

#[test]
fn what_is_taken_away_held_and_changed_fits_the_schema() {
    let shop = Shop::released();
    let people = People::of(&shop);
    shop.roll_back("run", &[]).ends(0);
    let (pia, cleo) = (people.key_of("pia"), people.key_of("cleo"));
    let log = shop.log();
    let call = log.iter().find(|entry| entry["kind"] == "plugin.call" && entry["run"] == "r-1").unwrap();
    let call = call["seq"].to_string();
    let ask = ["audit", "redact", "ask", &call, "--authority", "GDPR Art. 17", "--reason", "asked", "--key", &pia];
    let asked = shop.belay([&ask[..], &["--json"]].concat()).answer("redaction")["asked"].to_string();
    shop.belay(["audit", "redact", "approve", &asked, "--key", &cleo]).ends(0);
    shop.belay(["audit", "hold", "set", "--run", "r-1", "--reason", "LEGAL-12", "--key", &pia]).ends(0);
    let hold = shop.belay(["audit", "hold", "list", "--json"]).answer("holds")[0]["entry"].to_string();
    shop.belay(["audit", "hold", "lift", &hold, "--reason", "over", "--key", &cleo]).ends(0);
    shop.belay(["quarantine", "lift", "dataset", "--env", "demo", "--reason", "the reader was at fault"]).ends(0);
    shop.belay(["keys", "rotate", "--reason", "yearly"]).ends(0);
    shop.belay(["keys", "compromised", "--since", "3", "--reason", "an open backup"]).ends(0);
    has(
        &all_fit(&shop),
        &[
            "redaction.asked",
            "redaction",
            "hold.set",
            "hold.lifted",
            "quarantine.set",
            "quarantine.lifted",
            "key.rotated",
            "key.compromised",
        ],
    );
}

#[test]
fn what_governs_and_what_follows_a_failure_fits_the_schema() {
    let shop = Shop::released();
    shop.hires();
    shop.accepts_its_governance();
    has(&all_fit(&shop), &["governance.proposed", "governance.accepted"]);

    let shop = Shop::released();
    let name = "name = \"standard-rollback\"";
    shop.edit("runbooks/standard-rollback.toml", name, &format!("{name}\non_failure = \"undo\""));
    shop.goes_down("lake");
    shop.roll_back("run", &[]).ends(1);
    shop.comes_back("lake");
    shop.ramps_down("0s");
    shop.belay(["run", "ramp-down", "checkout-ranker", "--env", "demo"]).ends(0);
    shop.belay(["incident", "attach", "r-2", "INC-1"]).ends(0);
    has(&all_fit(&shop), &["run.fell_back", "incident.attached", "step.confirmed"]);
}

#[test]
fn what_is_no_entry_does_not_fit() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let shop = Shop::released();
    shop.roll_back("run", &[]).ends(0);
    let log = shop.log();
    let intent = log.iter().find(|entry| entry["kind"] == "intent").unwrap();
    let changes: [fn(&mut Value); 5] = [
        |entry| entry["kind"] = Value::from("no.kind"),
        |entry| entry["schema"] = Value::from(2),
        |entry| entry["more"] = Value::from(1),
        |entry| entry["body"]["plan"] = Value::from("short"),
        |entry| drop(entry["body"].as_object_mut().unwrap().remove("act_by")),
    ];
    for change in changes {
        let mut changed = intent.clone();
        change(&mut changed);
        assert!(!validator.is_valid(&changed), "{changed}");
    }
}

#[test]
fn schema_and_page_name_the_same_kinds() {
    let schema = schema();
    let named =
        |value: &Value| value.as_array().unwrap().iter().map(|kind| kind.as_str().unwrap().to_owned()).collect();
    let in_schema: BTreeSet<String> = named(&schema["properties"]["kind"]["enum"]);
    let page = read("docs/ledger.md");
    let kinds = page.split("## Kinds").nth(1).unwrap().split("## What is durable when").next().unwrap();
    let first_cells = kinds.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let in_page: BTreeSet<String> =
        first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    assert_eq!(in_page, in_schema);
}

/// Makes the log of this version that is kept: before a release, and never again.
#[test]
#[ignore = "writes tests/logs; see CONTRIBUTING.md"]
fn keep_the_log_of_this_version() {
    let shop = Shop::released();
    let people = People::of(&shop);
    let words = ["--env", "prod", "--incident", "INC-1", "--key", &people.key_of("ana")];
    shop.belay([&["run"], &ROLLBACK[..], &words].concat()).ends(4);
    people.approves(&shop, "cleo", "r-1").ends(0);
    shop.belay(["resume", "r-1"]).ends(0);
    shop.belay(["audit", "heartbeat", "--every", "10m", "--once"]).ends(0);
    shop.is_sound();
    let version: Vec<_> = env!("CARGO_PKG_VERSION").split('.').take(2).collect();
    let kept = repository::root().join("tests/logs").join(version.join("."));
    assert!(!kept.exists(), "{} is kept already; remove it only before its release", kept.display());
    fs::create_dir_all(&kept).unwrap();
    stage::copy(&shop.folder().join("state/log"), &kept, &|_| true).unwrap();
}

/// The published logs that are kept, one of each version.
fn kept() -> Vec<PathBuf> {
    let folder = repository::root().join("tests/logs");
    let mut logs: Vec<_> = fs::read_dir(folder).unwrap().map(|version| version.unwrap().path()).collect();
    logs.sort();
    assert!(!logs.is_empty());
    logs
}

/// The entries of a published log, as C2SP tlog-tiles lays them out.
fn entries(log: &Path) -> Vec<Vec<u8>> {
    let checkpoint = fs::read_to_string(log.join("checkpoint")).unwrap();
    let size: usize = checkpoint.lines().nth(1).unwrap().parse().unwrap();
    assert!(size < 256, "one bundle");
    let bundle = fs::read(log.join(format!("tile/entries/000.p/{size}"))).unwrap();
    let mut rest = bundle.as_slice();
    let mut entries = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
        entries.push(entry.to_vec());
        rest = after;
    }
    assert_eq!(entries.len(), size);
    entries
}

#[test]
fn logs_of_released_versions_are_verified_and_read() {
    let shop = Shop::bare();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for log in kept() {
        let said = shop.belay([Path::new("audit"), Path::new("verify"), &log, Path::new("--json")]);
        said.ends(0);
        assert_eq!(said.answer("verification")["sound"], true, "{said}");
        for (seq, bytes) in entries(&log).iter().enumerate() {
            let entry = Entry::parse(bytes).unwrap();
            assert_eq!(entry.seq, seq as u64);
            fits(&validator, &serde_json::from_slice(bytes).unwrap());
        }
        // And one that was changed is not: the verdict above says something.
        let copy = shop.folder().join("copy");
        stage::copy(&log, &copy, &|_| true).unwrap();
        let bundle = copy.join(format!("tile/entries/000.p/{}", entries(&log).len()));
        let mut bytes = fs::read(&bundle).unwrap();
        bytes[100] ^= 1;
        fs::write(&bundle, bytes).unwrap();
        shop.belay([Path::new("audit"), Path::new("verify"), &copy]).ends(1);
        fs::remove_dir_all(&copy).unwrap();
    }
}
