//! A real Feast behind a network that garbles, beside others who write, under kills: of belay after each request, and of
//! the sidecar in the middle of a write. What belay says of a run must be what Feast has.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::feast::TOKEN;
use belay_tests::lab::feature_shop::{FeatureShop, feature_shop};
use belay_tests::lab::http1::Answer;
use belay_tests::lab::proxy::{Act, Proxy};
use belay_tests::lab::tier::is_left_out;
use belay_tests::lab::{Part, Tier};
use serde_json::{Value, json};

const NEEDS: [Part; 2] = [Part::Python, Part::Redis];
const FEATURES: &str = "run features-back clicks --to latest-good";
const VALUES: &str = "run values-back clicks --to latest-good";

/// A captured view whose sidecar is behind a proxy.
fn behind_proxy(view: &'static str) -> (Desk, &'static FeatureShop, Proxy) {
    let shop = feature_shop();
    shop.release_good(view);
    let proxy = Proxy::start(shop.feast.sidecar.address());
    let desk = shop.desk(&proxy.url(), view);
    desk.capture("clicks");
    (desk, shop, proxy)
}

/// The requests that write, among those that came.
fn is_write(target: &str) -> bool {
    ["/pin", "/online/clear", "/online/materialise"].iter().any(|end| target.ends_with(end))
}

fn good() -> Value {
    json!([0.125, 0.25, null])
}

#[test]
fn a_sidecar_of_another_version_and_what_is_no_sidecar_are_named_and_nothing_is_written() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop, proxy) = behind_proxy("garbled");
    shop.release_bad("garbled");
    let json = |status, text: &str| Act::Say(Answer::bytes(status, "application/json", text.as_bytes()));
    let faults = [
        ("a sidecar of another version", json(200, r#"{"api": 2, "view": {}}"#)),
        ("no answer of a Feast sidecar", json(200, "{}")),
        ("no answer of a Feast sidecar", json(404, r#"{"detail": "Not Found"}"#)),
        ("features", Act::Say(Answer::bytes(200, "text/html", b"<html>Sign in</html>"))),
        ("unreachable", json(503, r#"{"api": 1, "code": "unreachable", "message": "unreachable"}"#)),
    ];
    for (number, (said, act)) in faults.into_iter().enumerate() {
        let released = shop.state("garbled");
        let garbling = act.clone();
        proxy.rule(move |_, _| garbling.clone());
        let run = desk.belay(&format!("{FEATURES} --json"));
        assert_eq!(left(&run.ends(6).answer("run"), "features"), "not_touched", "{act:?}");
        run.says(said);
        assert_eq!(shop.state("garbled"), released, "{act:?}");

        proxy.rule(|_, _| Act::Pass);
        desk.belay(&format!("resume r-{}", number + 1)).ends(0);
        assert_eq!(shop.version("garbled"), 0, "{act:?}");
        shop.release_bad("garbled");
    }
    desk.is_sound();
}

#[test]
fn somebody_elses_change_between_plan_and_write_is_noticed_by_the_sidecar() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop, proxy) = behind_proxy("raced");
    shop.release_bad("raced");
    let unspent = Mutex::new(true);
    proxy.rule(move |_, request| {
        if is_write(&request.target) && std::mem::take(&mut *unspent.lock().unwrap()) {
            shop.pipeline("raced", "pin_by_hand", json!({ "version": "v0" }));
        }
        Act::Pass
    });
    let said = desk.belay(&format!("{FEATURES} --json"));
    let run = said.ends(0).answer("run");
    assert_eq!(left(&run, "features"), "restored");
    assert_eq!(writes(&run, "features"), ["not_applied", "applied"], "{said}");
    shop.must_serve("raced", "ctr", &Ok(good()));
    desk.is_sound();
}

#[test]
fn a_push_between_clearing_and_materialising_is_noticed_and_planned_again() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop, proxy) = behind_proxy("repushed");
    shop.push_bad("repushed");
    let unspent = Mutex::new(true);
    proxy.rule(move |_, request| {
        if request.target.ends_with("/materialise") && std::mem::take(&mut *unspent.lock().unwrap()) {
            shop.push_bad("repushed");
        }
        Act::Pass
    });
    desk.belay(VALUES).ends(0);
    assert_eq!(shop.serves("repushed", "ctr"), Ok(good()));
    desk.is_sound();
}

/// Kills a run at its first write's answer or request, the next at its second, until one is through; each is resumed and
/// must be restored.
fn kill_at_every_write(
    desk: &Desk,
    proxy: &Proxy,
    words: &str,
    resource: &str,
    hold: &Act,
    spoil: impl Fn(),
    is_good: impl Fn(),
) {
    let mut kills = 0;
    loop {
        spoil();
        let (held, count) = (hold.clone(), Mutex::new(0));
        proxy.rule(move |_, request| {
            let mut count = count.lock().unwrap();
            let nth = *count;
            *count += usize::from(is_write(&request.target));
            if is_write(&request.target) && nth == kills { held.clone() } else { Act::Pass }
        });
        let mut run = desk.start(words);
        let was_held = loop {
            if proxy.holds() {
                break true;
            }
            if run.try_wait().unwrap().is_some() {
                break false;
            }
            thread::sleep(Duration::from_millis(5));
        };
        run.kill().unwrap();
        run.wait().unwrap();
        proxy.rule(|_, _| Act::Pass);
        if !was_held {
            is_good();
            break;
        }
        let latest =
            desk.belay("status --json --limit 1").ends(0).answer("runs")[0]["run"].as_str().unwrap().to_owned();
        let said = desk.belay(&format!("resume {latest} --json"));
        assert_eq!(left(&said.ends(0).answer("run"), resource), "restored", "killed at write {kills}: {said}");
        is_good();
        kills += 1;
    }
    assert!(kills > 0, "nothing was written");
    desk.is_sound();
}

#[test]
fn a_run_killed_at_the_pin_is_restored_by_resume() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop, proxy) = behind_proxy("killed");
    let is_good = || shop.must_serve("killed", "ctr", &Ok(good()));
    for hold in [Act::HoldAnswer, Act::HoldRequest] {
        kill_at_every_write(&desk, &proxy, FEATURES, "features", &hold, || shop.release_bad("killed"), is_good);
    }
}

#[test]
fn a_run_killed_after_clearing_or_materialising_is_restored_by_resume() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let (desk, shop, proxy) = behind_proxy("killed_values");
    let is_good = || assert_eq!(shop.serves("killed_values", "ctr"), Ok(good()));
    for hold in [Act::HoldAnswer, Act::HoldRequest] {
        kill_at_every_write(&desk, &proxy, VALUES, "online", &hold, || shop.push_bad("killed_values"), is_good);
    }
}

/// Kills the sidecar at several moments of a write, starts it again, and resumes.
fn crash_in_the_middle(view: &str, words: &str, resource: &str, spoil: fn(&FeatureShop, &str)) {
    let shop = feature_shop();
    let mut sidecar = shop.feast.other_sidecar();
    let proxy = Proxy::start(sidecar.address());
    let crash = |crash| match crash {
        Crash::Kill => sidecar.kill(),
        Crash::Revive => sidecar.revive(),
    };
    crashed_and_resumed(shop, &proxy, view, (words, resource), spoil, crash);
}

/// What happens to a system in the middle of a write.
enum Crash {
    Kill,
    Revive,
}

fn crashed_and_resumed(
    shop: &FeatureShop,
    proxy: &Proxy,
    view: &str,
    (words, resource): (&str, &str),
    spoil: fn(&FeatureShop, &str),
    mut crash: impl FnMut(Crash),
) {
    shop.release_good(view);
    let desk = shop.desk(&proxy.url(), view);
    desk.capture("clicks");
    // A write takes a second or so: the process is killed before, within and after what it does.
    for (number, after_ms) in [0, 40, 120, 400].into_iter().enumerate() {
        spoil(shop, view);
        proxy.rule(|_, _| Act::Pass);
        let mut run = desk.start(words);
        while proxy.came().iter().all(|came| !is_write(&came.request.target)) && run.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(after_ms));
        crash(Crash::Kill);
        let ended = run.wait().unwrap();
        crash(Crash::Revive);
        // On a fast machine the last kill comes when the run is over.
        if !ended.success() {
            let said = desk.belay(&format!("resume r-{} --json", number + 1));
            assert_eq!(left(&said.answer("run"), resource), "restored", "killed after {after_ms} ms: {said}");
        }
        shop.must_serve(view, "ctr", &Ok(good()));
    }
    desk.is_sound();
}

#[test]
fn a_sidecar_killed_in_the_middle_of_a_pin_is_settled_once_it_is_back() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    crash_in_the_middle("crashed", FEATURES, "features", FeatureShop::release_bad);
}

#[test]
fn a_sidecar_killed_while_it_clears_or_materialises_is_settled_once_it_is_back() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    crash_in_the_middle("crashed_values", VALUES, "online", FeatureShop::push_bad);
}

#[test]
fn a_redis_killed_while_feast_clears_or_materialises_is_settled_once_it_is_back() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let shop = FeatureShop::of_its_own();
    let proxy = Proxy::start(shop.feast.sidecar.address());
    let crash = |crash| match crash {
        Crash::Kill => shop.redis.lock().unwrap().service().kill(),
        Crash::Revive => shop.redis.lock().unwrap().service().revive(),
    };
    crashed_and_resumed(&shop, &proxy, "unplugged", (VALUES, "online"), FeatureShop::push_bad, crash);
}

#[test]
fn a_token_that_the_sidecar_no_longer_takes_between_two_writes_is_named_and_the_second_is_made_later() {
    if is_left_out(Tier::Full, &NEEDS) {
        return;
    }
    let shop = feature_shop();
    let folder = tempfile::tempdir().unwrap();
    let wanted = folder.path().join("token");
    fs::write(&wanted, TOKEN).unwrap();
    let sidecar = shop.feast.other_sidecar_wanting(&wanted);
    let proxy = Proxy::start(sidecar.address());
    shop.release_good("locked");
    let desk = shop.desk(&proxy.url(), "locked");
    desk.capture("clicks");
    shop.push_bad("locked");
    let revoked = wanted.clone();
    proxy.rule(move |_, request| {
        if request.target.ends_with("/materialise") {
            fs::write(&revoked, "another-token").unwrap();
        }
        Act::Pass
    });
    let said = desk.belay(VALUES);
    assert!(matches!(said.status, Some(1 | 6)), "{said}");
    said.says("401").says("features").says("online changed by 1 write, not restored").says("belay resume r-1");
    assert_ne!(shop.serves("locked", "ctr"), Ok(good()), "cleared, and not materialised");

    proxy.rule(|_, _| Act::Pass);
    fs::write(desk.systems().join("token"), "another-token").unwrap();
    desk.belay("resume r-1").ends(0);
    shop.must_serve("locked", "ctr", &Ok(good()));
    desk.is_sound();
}
