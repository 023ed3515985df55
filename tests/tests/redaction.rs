//! What must go, goes: asked by one, approved by another, and gone from everywhere, while the log stays sound. What is on
//! hold stays, and what is old goes by the rule.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use belay_domain::id::Millis;
use belay_domain::json::Json;
use belay_ledger::{Actor, Blob, Draft, FoundBlob, Ledger};
use belay_tests::people::People;
use belay_tests::workspace::{Shop, files};
use serde_json::Value;

/// A shop after a rollback in `demo`, where nobody has to approve, with people.
fn rolled_back() -> (Shop, People) {
    let shop = Shop::released();
    let people = People::of(&shop);
    shop.roll_back("run", &[]).ends(0);
    (shop, people)
}

/// A call of a plugin within the run, which read something.
fn call(shop: &Shop) -> String {
    let reading =
        |entry: &&Value| entry["kind"] == "plugin.call" && entry["run"] == "r-1" && entry["body"]["call"]["reads"] != 0;
    shop.log().iter().find(reading).unwrap()["seq"].to_string()
}

const ASK: [&str; 4] = ["--authority", "GDPR Art. 17", "--reason", "a customer asked"];

/// Asks for a redaction; the number of the entry that records it.
fn asks(shop: &Shop, people: &People, who: &str, entry: &str) -> String {
    let key = people.key_of(who);
    let words = [&["audit", "redact", "ask", entry], &ASK[..], &["--key", &key, "--json"]].concat();
    let said = shop.belay(words);
    said.ends(0);
    said.answer("redaction")["asked"].to_string()
}

fn ledger(shop: &Shop) -> Ledger {
    Ledger::open(&shop.folder().join("state"), &shop.folder().join("key/shop-ml.key")).unwrap()
}

#[test]
fn one_asks_another_approves_and_the_log_stays_sound() {
    let (shop, people) = rolled_back();
    let entry = call(&shop);
    shop.belay(["audit", "replay", &entry]).ends(0);
    let asked = asks(&shop, &people, "pia", &entry);
    shop.belay(["audit", "redact", "list"]).ends(0).says("waits for approval").says("GDPR Art. 17");
    shop.belay(["audit", "replay", &entry]).ends(0);

    // Nobody who is no admin, and nobody whose own request it is.
    let approve =
        |who: &str, asked: &str| shop.belay(["audit", "redact", "approve", asked, "--key", &people.key_of(who)]);
    approve("ana", &asked).ends(3).says("ana may not approve this redaction").says("ask one who may: cleo");
    approve("pia", &asked).ends(3).says("pia may not approve");
    let own = asks(&shop, &people, "cleo", &entry);
    approve("cleo", &own).ends(3).says("cleo may not approve").says("nobody");

    // With plain ssh-keygen, as somebody who has no belay at hand.
    let text = shop.belay(["audit", "redact", "approve", &asked, "--show"]);
    text.ends(0).says("Authority  GDPR Art. 17").says("Asked by   pia");
    let signature = people.sign("cleo", "redaction@belay", &text.out);
    let signature = signature.to_str().unwrap();
    let before = fs::read(shop.folder().join("key/shop-ml.key.blobs")).unwrap();
    shop.belay(["audit", "redact", "approve", &asked, "--signature", signature]).ends(0).says("✔ redacted");
    assert_ne!(before, fs::read(shop.folder().join("key/shop-ml.key.blobs")).unwrap(), "its key is destroyed");
    approve("cleo", &asked).ends(2).says("cleo approved it already");

    shop.belay(["audit", "show", &entry]).ends(0).says("redacted").says("by entry");
    shop.belay(["audit", "replay", &entry]).says("redacted");
    shop.is_sound();
    // The rest of the run is as it was.
    shop.belay(["status", "r-1"]).ends(0).says("✔ restored");
    let all = shop.belay(["audit", "replay", "--run", "r-1", "--json"]);
    let answer = all.answer("replay");
    assert_eq!(
        (&answer["redacted"], &answer["differ"], &answer["not_made"]),
        (&1.into(), &0.into(), &0.into()),
        "{all}"
    );
}

#[test]
fn what_was_redacted_of_one_run_hides_no_other() {
    let (shop, people) = rolled_back();
    shop.belay(["undo", "r-1"]).ends(0);
    let planned = |entry: &&Value| entry["kind"] == "stage.planned" && entry["run"] == "r-1";
    let planned = shop.log().iter().find(planned).unwrap()["seq"].to_string();
    let asked = asks(&shop, &people, "pia", &planned);
    let cleo = people.key_of("cleo");
    shop.belay(["audit", "redact", "approve", &asked, "--key", &cleo]).ends(0);
    shop.belay(["status", "r-1"]).ends(3).says("(stage.planned) was redacted by entry");
    let listed = shop.belay(["status"]);
    listed.ends(0).says("r-2").says("of r-1 (stage.planned) was redacted by entry");
    assert_eq!(shop.belay(["status", "--json"]).answer("runs").as_array().unwrap().len(), 1, "{listed}");
    for words in [["runbook", "list"], ["point", "list"], ["audit", "log"], ["audit", "report"], ["audit", "verify"]] {
        shop.belay(words).ends(0);
    }
    // It hinders no rollback.
    shop.roll_back("plan", &[]).ends(0);
    shop.roll_back("run", &[]).ends(0);
    shop.is_sound();
}

#[test]
fn what_can_not_be_redacted_is_said_and_nothing_is_recorded() {
    let (shop, people) = rolled_back();
    let entry = call(&shop);
    let size = shop.log().len();
    let pia = people.key_of("pia");
    let ask = |words: &[&str]| shop.belay([&["audit", "redact", "ask"], words, &ASK[..], &["--key", &pia]].concat());
    ask(&[&entry, "--blob", "nothing"]).ends(2).says("has no blob `nothing`").says("it has: call");
    ask(&["99999"]).ends(2).says("there is no entry 99999");
    ask(&["0"]).ends(2).says("no blob that could be taken away");
    let ana = people.key_of("ana");
    let words = [&["audit", "redact", "ask", entry.as_str()], &ASK[..], &["--key", &ana]].concat();
    shop.belay(words).ends(3).says("ana may not ask for a redaction").says("cleo or pia");
    shop.belay(["audit", "redact", "approve", &entry, "--key", &pia]).ends(2).says("asks for no redaction");
    assert_eq!(shop.log().len(), size);
}

#[test]
fn a_run_under_way_keeps_what_it_is_told_from() {
    let shop = Shop::released();
    let people = People::of(&shop);
    let ana = people.key_of("ana");
    let words = ["run", "standard-rollback", "checkout-ranker", "--to", "latest-good", "--env", "prod", "--key", &ana];
    shop.belay(words).ends(4);
    let entry = call(&shop);
    let pia = people.key_of("pia");
    let ask = [&["audit", "redact", "ask", entry.as_str()], &ASK[..], &["--key", &pia]].concat();
    shop.belay(ask).ends(3).says("r-1 is not sealed yet").says("belay status r-1");
}

#[test]
fn a_hold_keeps_until_another_lifts_it() {
    let (shop, people) = rolled_back();
    let entry = call(&shop);
    let asked = asks(&shop, &people, "pia", &entry);
    let (pia, cleo) = (people.key_of("pia"), people.key_of("cleo"));
    let hold = |words: &[&str], key: &str| {
        shop.belay([&["audit", "hold"], words, &["--reason", "LEGAL-12", "--key", key]].concat())
    };
    hold(&["set", "--run", "r-1"], &people.key_of("ana")).ends(3).says("ana may not set a hold");
    hold(&["set", "--run", "r-1"], &pia).ends(0).says("the run r-1");
    let number = shop.belay(["audit", "hold", "list", "--json"]).answer("holds")[0]["entry"].to_string();

    let approve = || shop.belay(["audit", "redact", "approve", &asked, "--key", &cleo]);
    approve().ends(3).says("is on hold").says("belay audit hold list");
    shop.belay(["audit", "redact", "list"]).ends(0).says("on hold");
    hold(&["lift", &number], &pia).ends(3).says("pia may not lift this hold").says("ask one who may: cleo");
    hold(&["lift", &number], &cleo).ends(0).says("nothing is on hold");
    hold(&["lift", &number], &cleo).ends(2).says("holds nothing");
    approve().ends(0);
    shop.is_sound();
}

/// Entries of a run that was sealed two years ago, as that day's belay left them; their numbers.
fn old_run(ledger: &Ledger, run: &str) -> [u64; 3] {
    let then = Millis(1_732_000_000_000);
    [("run.opened", "event"), ("approval", "signature"), ("run.sealed", "event")].map(|(kind, name)| {
        let actor = Actor { name: "ana".to_owned(), authenticated_by: "os-user".to_owned(), on_behalf_of: None };
        let mut draft = Draft::new(then, kind, actor, Json::parse("{}").unwrap());
        draft.run = Some(run.parse().unwrap());
        draft.blobs.push(Blob::seal(name, *b"two years old").unwrap());
        ledger.append(draft).unwrap().seqs.start
    })
}

#[test]
fn what_is_old_goes_by_the_accepted_rule_and_signatures_stay() {
    let (shop, people) = rolled_back();
    let (gone, held) = {
        let ledger = ledger(&shop);
        (old_run(&ledger, "r-900"), old_run(&ledger, "r-901"))
    };
    let (pia, cleo) = (people.key_of("pia"), people.key_of("cleo"));
    shop.belay(["audit", "retain"]).ends(2).says("belay.toml has no [retention]");
    shop.belay(["audit", "retain", "--older-than", "400d"]).ends(0).says("would go").says("r-900").says("r-901");
    shop.belay(["audit", "retain", "--older-than", "400d", "--apply", "--key", &pia]).ends(3).says("no rule lets");
    let toml = fs::read_to_string(shop.file("belay.toml")).unwrap();
    shop.write("belay.toml", toml + "\n[retention]\nolder_than = \"400d\"\n");
    shop.belay(["audit", "retain", "--older-than", "30d", "--apply", "--key", &pia])
        .ends(3)
        .says("keeps blobs for 400d");
    shop.belay(["audit", "hold", "set", "--run", "r-901", "--reason", "LEGAL-12", "--key", &cleo]).ends(0);
    shop.belay(["audit", "retain", "--apply", "--key", &people.key_of("ana")]).ends(3).says("ana may not apply");
    let said = shop.belay(["audit", "retain", "--apply", "--key", &pia]);
    said.ends(0).says("✔ gone  2 blobs of 1 run or month").says("r-901").says("stays: on hold");
    shop.belay(["audit", "retain"]).ends(0).says("is left to go");

    let ledger = ledger(&shop);
    let is_there = |seq: u64| {
        let entry = ledger.entry(seq).unwrap().unwrap();
        match ledger.blob(&entry, &entry.blobs[0]).unwrap() {
            FoundBlob::Present(blob) => blob.bytes == b"two years old",
            FoundBlob::Redacted { .. } => false,
            FoundBlob::Missing { problem } => panic!("entry {seq}: {problem}"),
        }
    };
    assert_eq!((gone.map(is_there), held.map(is_there)), ([false, true, false], [true; 3]));
    // What is young is as it was.
    shop.belay(["status", "r-1"]).ends(0).says("✔ restored");
    shop.is_sound();
}

#[test]
fn what_is_missing_without_authority_is_an_alarm() {
    let (shop, _people) = rolled_back();
    shop.is_sound();
    let keys = shop.folder().join("key/shop-ml.key.blobs");
    let mut bytes = fs::read(&keys).unwrap();
    // The first key is that of what happened outside runs.
    bytes[..40].fill(0);
    fs::write(&keys, bytes).unwrap();
    let said = shop.belay(["audit", "verify"]);
    said.ends(1).says("✘ not sound").says("its key, number 1, was destroyed, and no entry took it away");
}

#[test]
fn a_copy_of_the_state_folder_shows_nothing_that_a_plugin_was_told() {
    let (shop, _people) = rolled_back();
    let seq = call(&shop);
    let said = {
        let ledger = ledger(&shop);
        let entry = ledger.entry(seq.parse().unwrap()).unwrap().unwrap();
        let FoundBlob::Present(blob) = ledger.blob(&entry, &entry.blobs[0]).unwrap() else { panic!("{seq}") };
        blob.bytes
    };
    let part = &said[said.len() / 2..][..24];
    for (path, bytes) in files(&shop.folder().join("state")) {
        assert!(
            !bytes.windows(part.len()).any(|window| window == part),
            "{path} holds {}",
            String::from_utf8_lossy(part)
        );
    }
}
