//! Changes of the governance with the real binary and real keys: what is accepted governs, nothing else does, and
//! nobody changes it alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Stdio;

use belay_tests::workspace::{Said, Shop};
use expect_test::{Expect, expect};

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

/// A shop with people, whose governance nobody has accepted.
fn staffed() -> Shop {
    let shop = Shop::released();
    shop.hires();
    shop
}

fn governed() -> Shop {
    let shop = staffed();
    shop.accepts_its_governance();
    shop
}

fn accept(shop: &Shop, change: &str, person: &str) -> Said {
    shop.belay(["governance", "accept", change, "--key", &shop.key_of(person)])
}

/// Proposes the files; the digits that name the change.
fn propose(shop: &Shop, person: &str) -> String {
    let said = shop.belay(["governance", "propose", "--key", &shop.key_of(person), "--json"]);
    said.ends(0);
    said.answer("governance.proposed")["short"].as_str().unwrap().to_owned()
}

/// That a run and a plan are refused, say what differs, and change nothing.
#[track_caller]
fn refuses(shop: &Shop, what: &str) {
    let before = shop.systems();
    for verb in ["plan", "run"] {
        shop.roll_back(verb, &[]).ends(3).says("the files are not the governance that was accepted").says(what);
    }
    shop.belay(["gate", "checkout-ranker", "--env", "demo"]).ends(3).says(what);
    assert!(shop.systems() == before);
}

fn accepted(shop: &Shop) -> usize {
    shop.log().iter().filter(|entry| entry["kind"] == "governance.accepted").count()
}

#[test]
fn the_first_acceptance_takes_two_people() {
    let shop = staffed();
    check(
        &shop.belay(["governance", "show"]),
        &expect![[r#"
        $ belay governance show
        nothing was accepted yet: the files are in force as they are, whoever changes them
        changes 1 admin accepts what another proposes (admins: ada, bo)
        [0]
    "#]],
    );
    // Before it the files are in force.
    shop.roll_back("plan", &[]).ends(0);
    let change = propose(&shop, "ada");
    accept(&shop, &change, "ada").ends(3).says("ada proposed this change, and so can't accept it");
    accept(&shop, &change, "cleo").ends(3).says("cleo is no admin by the governance in force").says("may accept: `bo`");
    accept(&shop, "00000000", "bo").ends(3).says("the change that is proposed now is");
    assert_eq!(accepted(&shop), 0);
    accept(&shop, &change, "bo").ends(0).says("in force").says("accepted by bo");
    assert_eq!(accepted(&shop), 1);
    check(
        &shop.belay(["governance", "show"]),
        &expect![[r#"
        $ belay governance show
        in force [short] entry [number], [ago]: proposed by ada, accepted by bo
        changes 1 admin accepts what another proposes (admins: ada, bo)
        files as accepted
        [0]
    "#]],
    );
    check(
        &shop.belay(["governance", "diff"]),
        &expect![[r#"
        $ belay governance diff
        the files are the governance in force
        [0]
    "#]],
    );
    shop.roll_back("run", &[]).ends(0);
    shop.is_sound();
}

#[test]
fn what_was_not_accepted_governs_nothing() {
    let shop = governed();
    let edits = [
        (
            "belay.toml",
            "{ up_to = 85, approvals = 0 }",
            "{ up_to = 100, approvals = 0 }",
            "environments.demo.risk.bands: + ",
        ),
        ("belay.toml", "max_consumers = 20", "max_consumers = 21", "guardrails: + "),
        ("belay.toml", "PUT *.flagd.json", "PUT *", "environments.demo.connections.flags.rules.writes: + "),
        ("belay.toml", "../systems/demo/lake", "../systems/prod/lake", "environments.demo.connections.lake.place.path"),
        ("belay.toml", "admins = [\"ada\", \"bo\"]", "admins = [\"ana\"]", "staff.people.admins: + \"ana\""),
        (
            "belay.toml",
            "approvers = [\"cleo\", \"dan\"]",
            "approvers = [\"ben\"]",
            "staff.people.teams.ranking.approvers: + \"ben\"",
        ),
        ("belay.toml", "accept = 1", "accept = 2", "staff.accept: 1 -> 2"),
        (
            "features/checkout-ranker.toml",
            "owner = \"ranking\"",
            "owner = \"payments\"",
            "feature_sets.checkout-ranker.owner",
        ),
        ("freezes.toml", "", "", "guardrails: + "),
    ];
    for (file, from, to, what) in edits {
        let before = fs::read_to_string(shop.file(file)).unwrap();
        if from.is_empty() {
            shop.write(file, "freezes = []\n");
        } else {
            shop.edit(file, from, to);
        }
        refuses(&shop, what);
        shop.write(file, before);
    }
    let keys = fs::read_to_string(shop.file("people/allowed_signers")).unwrap();
    shop.write("people/allowed_signers", keys.replace("cleo ssh", "cleo valid-before=\"20990101Z\" ssh"));
    refuses(&shop, "staff.signers: + ");
    shop.write("people/allowed_signers", keys);
    // No other clone, flag or variable gets around it: the ledger says what is in force.
    shop.roll_back("run", &[]).ends(0);
}

#[test]
fn a_refusal_says_what_differs_and_what_to_do() {
    let shop = governed();
    shop.edit("belay.toml", "{ up_to = 60, approvals = 1 }", "{ up_to = 60, approvals = 0 }");
    check(
        &shop.roll_back("run", &[]),
        &expect![[r#"
        $ belay run standard-rollback checkout-ranker --to latest-good --env demo
        error: the files are not the governance that was accepted:
                 environments.prod.risk.bands: - {"approvals":1,"up_to":60}
                 environments.prod.risk.bands: + {"approvals":0,"up_to":60}
        changed: nothing was changed
        help: put the files back, or have the change accepted: belay governance diff, then belay governance propose
        [3]
    "#]],
    );
    shop.belay(["governance", "show"]).ends(0).says("differ in 2 places: runs are refused");
    check(
        &shop.belay(["status"]),
        &expect![[r#"
        $ belay status
        no run yet
        no run can begin: the files are not the governance in force (belay governance diff)
        [0]
    "#]],
    );
    let change = propose(&shop, "ben");
    shop.belay(["status"]).ends(0).says("no run can begin: the files are not the governance in force\n");
    shop.belay(["status"])
        .says(&format!("ben proposed waits: 1 missing: ada or bo could (belay governance accept {change})"));
    accept(&shop, &change, "ada").ends(0);
    let status = shop.belay(["status"]);
    assert!(status.ends(0).err.is_empty(), "{status}");
}

#[test]
fn a_plugin_that_was_not_accepted_does_not_run() {
    let shop = governed();
    let lock = fs::read_to_string(shop.file("belay.lock")).unwrap();
    let digest =
        lock.lines().find_map(|line| line.strip_prefix("digest = \"")).unwrap().trim_end_matches('"').to_owned();
    shop.edit("belay.lock", &digest, &"0".repeat(64));
    refuses(&shop, "plugins.");
}

#[test]
fn a_change_that_has_gone_by_is_not_accepted() {
    let shop = governed();
    shop.edit("belay.toml", "headroom = 2", "headroom = 3");
    let change = propose(&shop, "ben");
    let old = shop.signs("bo", "governance@belay", &shop.belay(["governance", "accept", "--show"]).out);
    let old_text = fs::read_to_string(&old).unwrap();
    // The files move on: nobody has seen what they say now.
    shop.edit("belay.toml", "headroom = 3", "headroom = 9");
    accept(&shop, &change, "bo").ends(3).says("the files changed since ben proposed this");
    let newer = propose(&shop, "ben");
    accept(&shop, &change, "bo").ends(3).says("the change that is proposed now is");
    accept(&shop, &newer, "bo").ends(0).says("in force");
    // What is accepted once is not accepted again.
    accept(&shop, &newer, "ada").ends(3).says("no change of what is in force is proposed");
    // Nor does a signature of then count for the same change at another time.
    shop.edit("belay.toml", "headroom = 9", "headroom = 2");
    let back = propose(&shop, "ben");
    accept(&shop, &back, "bo").ends(0);
    shop.edit("belay.toml", "headroom = 2", "headroom = 3");
    propose(&shop, "ben");
    fs::write(&old, old_text).unwrap();
    shop.belay(["governance", "accept", "--signature", &old])
        .ends(3)
        .says("the signature doesn't count: bo signed another text");
    assert_eq!(accepted(&shop), 3);
    shop.is_sound();
}

#[test]
fn two_who_accept_at_once_both_count_and_once() {
    let shop = staffed();
    shop.edit("belay.toml", "accept = 1", "accept = 2");
    let change = propose(&shop, "ben");
    let sign = |person: &str| {
        let key = shop.key_of(person);
        let mut command = shop.command(["governance", "accept", &change, "--key", &key]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children = [sign("ada"), sign("bo")];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(accepted(&shop), 1);
    let shown = shop.belay(["governance", "show", "--json"]).answer("governance");
    let mut by: Vec<_> =
        shown["accepted"]["by"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    by.sort();
    assert_eq!(by, ["ada", "bo"]);
    shop.is_sound();
}

#[test]
fn one_signature_of_two_changes_nothing() {
    let shop = staffed();
    shop.edit("belay.toml", "accept = 1", "accept = 2");
    let change = propose(&shop, "ben");
    accept(&shop, &change, "bo").ends(0).says("signed by bo").says("1 missing: ada could");
    accept(&shop, &change, "bo").ends(2).says("bo has accepted this change already");
    assert_eq!(accepted(&shop), 0);
    // Whose key is revoked meanwhile has signed nothing.
    shop.write("people/revoked_keys", fs::read(shop.public_key("bo")).unwrap());
    let change = propose(&shop, "ben");
    accept(&shop, &change, "bo").ends(3).says("is revoked");
}

#[test]
fn plain_ssh_keygen_is_all_it_takes() {
    let shop = staffed();
    let text = shop.belay(["governance", "propose", "--as", "ben", "--show"]);
    text.ends(0).says("proposed by  ben").says("in force     nothing was accepted yet");
    let signature = shop.signs("ben", "proposal@belay", &text.out);
    shop.belay(["governance", "propose", "--as", "ben", "--signature", &signature]).ends(0);
    let text = shop.belay(["governance", "accept", "--show"]);
    let wrong = shop.signs("ada", "proposal@belay", &text.out);
    shop.belay(["governance", "accept", "--signature", &wrong]).ends(3).says("not for `governance@belay`");
    let signature = shop.signs("ada", "governance@belay", &text.out);
    shop.belay(["governance", "accept", "--signature", &signature]).ends(0).says("in force");
}

#[test]
fn a_revoked_key_counts_no_more_at_once() {
    let shop = governed();
    shop.write("people/revoked_keys", fs::read(shop.public_key("ada")).unwrap());
    // It only takes away: nothing that anybody needs waits for its acceptance.
    shop.roll_back("plan", &[]).ends(0);
    shop.belay(["governance", "show"]).ends(0).says("keys that they revoke: they count already");
    let change = propose(&shop, "ben");
    accept(&shop, &change, "ada").ends(3).says("of ada is revoked");
    accept(&shop, &change, "bo").ends(0).says("in force");
    // Giving the key back is a change like any other.
    shop.write("people/revoked_keys", "");
    refuses(&shop, "staff.revoked: - ");
}

#[test]
fn whoever_is_no_member_asks_for_nothing() {
    let shop = staffed();
    shop.edit("belay.toml", "members = [\"ana\", \"ben\"]", "members = [\"ben\"]");
    let before = shop.systems();
    check(
        &shop.roll_back("run", &[]),
        &expect![[r#"
        $ belay run standard-rollback checkout-ranker --to latest-good --env demo
        error: ana may not ask for this: no team has ana among its members, and checkout-ranker belongs to ranking
        changed: nothing was changed
        help: may ask: `ben`
        [3]
    "#]],
    );
    shop.edit("belay.toml", "members = [\"ben\"]", "members = [\"ana\"]\nmay = { environments = [\"prod\"] }");
    shop.roll_back("run", &[]).ends(3).says("team ranking may not touch environment demo");
    shop.edit("belay.toml", " = \"ana\" }\n\n[governance]", "x = \"ana\" }\n\n[governance]");
    shop.roll_back("run", &[]).ends(3).says("stands for nobody of [people]");
    assert!(shop.systems() == before);
    assert_eq!(shop.log().iter().filter(|entry| entry["kind"] == "request.refused").count(), 3);
}

#[test]
fn a_runbook_keeps_to_its_scope() {
    let shop = staffed();
    let scope = "[runbook]\nmay_touch = { environments = [\"prod\"] }";
    shop.edit("runbooks/standard-rollback.toml", "[runbook]", scope);
    shop.roll_back("run", &[]).ends(3).says("the runbook `standard-rollback` may not touch environment demo");
}

#[test]
fn the_mandate_names_what_was_accepted() {
    let shop = governed();
    shop.write("people/revoked_keys", fs::read(shop.public_key("pia")).unwrap());
    shop.roll_back("run", &[]).ends(0);
    let log = shop.log();
    let of_kind = |kind: &str| log.iter().find(|entry| entry["kind"] == kind).unwrap();
    let governance = of_kind("governance.accepted")["body"]["governance"].as_str().unwrap().to_owned();
    let mandate = of_kind("mandate")["seq"].to_string();
    let shown = shop.belay(["audit", "show", &mandate, "--json"]);
    assert!(shown.ends(0).out.contains(&governance), "{shown}");
}

#[test]
fn lint_and_runbook_show_say_who_approves() {
    let shop = staffed();
    shop.belay(["runbook", "show", "standard-rollback"])
        .ends(0)
        .says("cleo or dan (approvers of ranking, #ranking-incidents)");
    shop.belay(["lint"]).ends(0).says("cleo or dan (approvers of ranking, #ranking-incidents)");
    shop.edit("belay.toml", "approvers = [\"cleo\", \"dan\"]", "approvers = [\"cleo\"]");
    check(
        &shop.belay(["lint"]),
        &expect![[r#"
        $ belay lint
        belay.toml: the band up to 85 of `prod` asks for 2 approvers of ranking; ranking has 1
        approve checkout-ranker: cleo (approvers of ranking, #ranking-incidents)
        1 finding environments: 2 · feature sets: 1 · guardrails: 2 · plugins: 5 · runbooks: 2
        [2]
    "#]],
    );
}
