//! REST services that no plugin knows, taken back by configuration alone: a Kinto server, whose configuration stands in
//! `docs/http-resource.md`. Prefect, by presets, is in `http_resource_prefect.rs`.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::http1::Answer;
use belay_tests::lab::kinto::{Kinto, kinto};
use belay_tests::lab::proxy::{Act, Proxy};
use belay_tests::lab::{Part, Tier, sources, tier};
use belay_tests::repository;
use serde_json::{Value, json};

const PLAN: &str = "plan weights-back ranking --to latest-good";
const RUN: &str = "run weights-back ranking --to latest-good --json";

fn is_left_out() -> bool {
    tier::is_left_out(Tier::Fast, &[Part::Kinto])
}

/// A desk whose record is this one, at this address.
fn desk(url: &str, record: &str) -> Desk {
    let desk = Desk::of("rest", &["http_resource"]);
    desk.edit("belay.toml", "http://127.0.0.1:9", url);
    desk.edit(
        "belay.toml",
        "password = { env = \"KINTO_PASSWORD\" }",
        "password = { command = [\"echo\", \"correct-horse\"] }",
    );
    desk.edit("features/ranking.toml", "shop/ranking/weights", &format!("shop/ranking/{record}"));
    desk
}

fn good() -> Value {
    json!({ "clicks": 3, "margin": 0.25, "terms": ["a", "b"] })
}

fn bad() -> Value {
    json!({ "clicks": 90, "margin": "0.25" })
}

/// A record that was captured as good and has other data since, behind a proxy.
fn released(record: &str) -> (Desk, &'static Kinto, Proxy) {
    let server = kinto();
    server.put(record, &good());
    let proxy = Proxy::start(server.address());
    let desk = desk(&proxy.url(), record);
    desk.capture("ranking");
    server.put(record, &bad());
    (desk, server, proxy)
}

#[test]
fn the_page_shows_the_configuration_that_is_tested() {
    let workspace = sources().join("workspaces/rest/features/ranking.toml");
    let configuration = std::fs::read_to_string(workspace).unwrap();
    let page = std::fs::read_to_string(repository::root().join("docs/http-resource.md")).unwrap();
    assert!(page.contains(configuration.trim()), "docs/http-resource.md shows another one");
    let resource = configuration.lines().skip_while(|line| *line != "[[resource]]").count();
    assert!(resource < 30, "{resource} lines");
}

#[test]
fn lint_tells_what_a_schema_can_not() {
    if is_left_out() {
        return;
    }
    let (ranking, pipeline, stop) = ("features/ranking.toml", "features/pipeline.toml", "runbooks/stop-pipeline.toml");
    let sound = desk("http://127.0.0.1:9", "weights");
    sound.belay("lint").ends(0);
    // Each round loads the plugin, which takes longer than to find what is wrong.
    for mistakes in [
        [
            (ranking, "{record}\"\nabsent", "{recrd}\"\nabsent", "`{recrd}`: nothing has this name here"),
            (stop, "paused = true", "pausd = true", "`pausd` can't be set"),
        ],
        [
            (ranking, "record = \"/data\"", "record = \"data\"", "does not start with `/`"),
            (stop, "paused = true", "paused = \"yes\"", "is true or false"),
        ],
        [
            (ranking, "data = \"{desired/record}\"", "data = 1", "doesn't say to what"),
            (pipeline, "prefect-deployment", "prefect-deploy", "there is no `prefect-deploy`"),
        ],
    ] {
        let desk = desk("http://127.0.0.1:9", "weights");
        for (file, from, to, _) in mistakes {
            desk.edit(file, from, to);
        }
        let said = desk.belay("lint");
        said.ends(2);
        for (_, _, _, told) in mistakes {
            said.says(told);
        }
    }
}

#[test]
fn a_record_is_taken_back_undone_and_found_in_its_history() {
    if is_left_out() {
        return;
    }
    let (desk, server, _proxy) = released("whole");
    desk.belay("lint").ends(0);
    desk.belay(PLAN).ends(0).says("reversible");
    assert_eq!(server.get("whole"), Some(bad()), "a plan writes nothing");
    desk.belay(RUN).ends(0);
    assert_eq!(server.get("whole"), Some(good()), "the margin is a number again");
    desk.belay(PLAN).ends(0).says("nothing");
    desk.belay(RUN).ends(0);
    desk.belay("undo r-1").ends(0);
    assert_eq!(server.get("whole"), Some(bad()));
    desk.is_sound();
}

#[test]
fn the_apis_own_history_is_gone_back_to() {
    if is_left_out() {
        return;
    }
    let server = kinto();
    let desk = desk(&format!("http://{}", server.address()), "past");
    for version in 1..=3 {
        server.put("past", &json!({ "clicks": version }));
    }
    let told = desk.belay("plan weights-back ranking --at weights=v1");
    told.ends(1).says("v1");
    let moments = versions(server, "past");
    desk.belay(&format!("run weights-back ranking --at weights={}", moments[0])).ends(0);
    assert_eq!(server.get("past"), Some(json!({ "clicks": 1 })));
    desk.belay(&format!("run weights-back ranking --at weights={}", moments[2])).ends(0);
    assert_eq!(server.get("past"), Some(json!({ "clicks": 3 })));
    desk.belay("plan weights-back ranking --before 2020-01-01T00:00:00Z").ends(3).says("the oldest allowed is 30d");
    desk.edit("belay.toml", "[risk]", "[risk]\nmax_point_age = \"9000d\"");
    desk.belay("plan weights-back ranking --before 2020-01-01T00:00:00Z").ends(1).says("reach back");
    desk.is_sound();
}

/// The labels of a record's versions, the oldest first.
fn versions(server: &Kinto, record: &str) -> Vec<String> {
    let mut moments = server.moments(record);
    moments.sort_unstable();
    moments.into_iter().map(|moment| format!("v{moment}")).collect()
}

#[test]
fn what_is_absent_is_made_and_taken_away_where_the_configuration_says_how() {
    if is_left_out() {
        return;
    }
    let (desk, server, _proxy) = released("gone");
    server.delete("gone");
    desk.belay(RUN).ends(6).says("has no `create`");
    let path = "/v1/buckets/{bucket}/collections/{collection}/records/{record}";
    let more = format!(
        "[resource.config.create]\nrequest = \"PUT {path}\"\nheaders = {{ if-none-match = \"*\" }}\n\
         body = {{ data = \"{{desired/record}}\" }}\n\n\
         [resource.config.delete]\nrequest = \"DELETE {path}\"\nheaders = {{ if-match = \"{{header/etag}}\" }}\n\n\
         [resource.config.history]"
    );
    desk.edit("features/ranking.toml", "[resource.config.history]", &more);
    desk.belay("run weights-back ranking --to latest-good").ends(0);
    assert_eq!(server.get("gone"), Some(good()));
    desk.belay("undo r-2").ends(0);
    assert_eq!(server.get("gone"), None);
    desk.is_sound();
}

/// What the proxy does with the first write, after something happened.
fn first_write(proxy: &Proxy, act: Act, before: impl Fn() + Send + Sync + 'static) {
    let unspent = std::sync::Mutex::new(Some(act));
    proxy.rule(move |_, request| {
        let act = if request.method == "GET" { None } else { unspent.lock().unwrap().take() };
        act.inspect(|_| before()).unwrap_or(Act::Pass)
    });
}

#[test]
fn a_change_between_plan_and_write_is_refused_by_the_etag_and_planned_again() {
    if is_left_out() {
        return;
    }
    let (desk, server, proxy) = released("moved");
    first_write(&proxy, Act::Pass, move || server.put("moved", &json!({ "clicks": 7 })));
    let said = desk.belay(RUN);
    let run = said.ends(0).answer("run");
    assert_eq!(left(&run, "weights"), "restored");
    assert_eq!(server.get("moved"), Some(good()));
    // The first write met another ETag: the server refused it, and a second one was planned from what is there.
    assert_eq!(proxy.writes().len(), 2);
    desk.is_sound();
}

#[test]
fn a_lost_answer_is_settled_by_looking() {
    if is_left_out() {
        return;
    }
    let (desk, server, proxy) = released("lost");
    let page = Act::Say(Answer::bytes(200, "text/html", b"<html>Sign in</html>"));
    for (act, expected, sent) in [
        (Act::LoseAnswer, vec!["unknown, found_applied"], 1),
        (Act::LoseRequest, vec!["unknown, found_not_applied", "applied"], 2),
        (page, vec!["unknown, found_not_applied", "applied"], 2),
    ] {
        server.put("lost", &bad());
        first_write(&proxy, act.clone(), || {});
        let run = desk.belay(RUN).ends(0).answer("run");
        assert_eq!(
            (writes(&run, "weights"), proxy.writes().len()),
            (expected.iter().map(|w| (*w).to_owned()).collect(), sent),
            "{act:?}"
        );
        assert_eq!(server.get("lost"), Some(good()), "{act:?}");
    }
    desk.is_sound();
}

#[test]
fn what_is_no_answer_of_the_apis_halts_the_run_before_it_writes() {
    if is_left_out() {
        return;
    }
    let (desk, server, proxy) = released("garbled");
    let json = |body: &[u8]| Act::Say(Answer::bytes(200, "application/json", body));
    let cut = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\nconnection: close\r\n\r\n{\"data\":".to_vec();
    let faults = [
        ("a proxy's page", Act::Say(Answer::bytes(200, "text/html", b"<html><h1>Sign in</h1></html>")), "no JSON"),
        ("JSON of something else", json(br#"{"login": true}"#), "nothing is at `/data`"),
        ("JSON that ends early", json(br#"{"data": {"clicks": 3"#), "no JSON"),
        ("a body that ends early", Act::Say(cut), "unavailable"),
        ("a name twice", json(br#"{"data": {"a": 1, "a": 2}}"#), "twice"),
        ("a 404 of something else", Act::Say(Answer::bytes(404, "application/json", b"{}")), "404"),
        ("a 401", Act::Say(Answer::bytes(401, "application/json", b"{}")), "401"),
    ];
    for (number, (fault, act, why)) in faults.into_iter().enumerate() {
        let garbling = act.clone();
        proxy.rule(move |_, _| garbling.clone());
        let said = desk.belay(RUN);
        assert_eq!(left(&said.ends(6).answer("run"), "weights"), "not_touched", "{fault}");
        said.says(why);
        assert_eq!(proxy.writes(), [], "{fault}");
        proxy.rule(|_, _| Act::Pass);
        desk.belay(&format!("resume r-{}", number + 1)).ends(0);
        assert_eq!(server.get("garbled"), Some(good()), "{fault}");
        server.put("garbled", &bad());
    }
    desk.is_sound();
}

#[test]
fn somebody_elses_password_changes_nothing() {
    if is_left_out() {
        return;
    }
    let (desk, server, proxy) = released("theirs");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "another-horse").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let told = "password = { command = [\"echo\", \"correct-horse\"] }";
    desk.edit("belay.toml", told, &format!("password = {{ file = \"{}\" }}", file.display()));
    let said = desk.belay(RUN);
    assert_eq!(left(&said.ends(6).answer("run"), "weights"), "not_touched");
    said.says("403");
    assert_eq!((proxy.writes().len(), server.get("theirs")), (0, Some(bad())));
    fs::write(&file, "correct-horse").unwrap();
    desk.belay("resume r-1").ends(0);
    assert_eq!(server.get("theirs"), Some(good()));
}

#[test]
fn a_history_that_is_cut_short_is_not_taken_for_the_whole() {
    if is_left_out() {
        return;
    }
    let server = kinto();
    let proxy = Proxy::start(server.address());
    let desk = desk(&proxy.url(), "pages");
    for version in 1..=3 {
        server.put("pages", &json!({ "clicks": version }));
    }
    let oldest = versions(server, "pages").remove(0);
    proxy.rule(|_, request| {
        if request.target.contains("/history") {
            Act::Say(Answer::bytes(200, "application/json", br#"{"data": [], "count": 3}"#))
        } else {
            Act::Pass
        }
    });
    desk.edit("features/ranking.toml", "list = \"/data\"", "list = \"/data\"\ntotal = \"/count\"");
    desk.belay(&format!("plan weights-back ranking --at weights={oldest}")).ends(1).says("cut short");
}

#[test]
fn a_run_killed_at_any_request_is_restored_by_resume_and_wrote_once() {
    if is_left_out() {
        return;
    }
    let (desk, server, proxy) = released("killed");
    for held in [Act::HoldRequest, Act::HoldAnswer] {
        let mut kills = 0;
        loop {
            server.put("killed", &bad());
            let hold = held.clone();
            proxy.rule(move |number, _| if number == kills { hold.clone() } else { Act::Pass });
            let before = latest(&desk);
            let mut run = desk.start("run weights-back ranking --to latest-good");
            let was_held = is_held(&proxy, &mut run);
            run.kill().unwrap();
            run.wait().unwrap();
            if !was_held {
                break;
            }
            let seen = proxy.writes().iter().filter(|write| write.reached()).count();
            proxy.rule(|_, _| Act::Pass);
            if let Some(run) = latest(&desk).filter(|run| Some(run) != before.as_ref()) {
                let resumed = desk.belay(&format!("resume {run} --json")).ends(0).answer("run");
                assert_eq!(left(&resumed, "weights"), "restored", "{held:?} {kills}");
                assert_eq!(seen + proxy.writes().len(), 1, "{held:?} {kills}: written once");
                assert_eq!(server.get("killed"), Some(good()), "{held:?} {kills}");
            }
            kills += 1;
        }
        assert!(kills >= 4, "{held:?}: {kills} requests");
    }
    desk.is_sound();
}

fn latest(desk: &Desk) -> Option<String> {
    let runs = desk.belay("status --json --limit 1").ends(0).answer("runs");
    Some(runs[0]["run"].as_str()?.to_owned())
}

/// Whether a request is held before the run ends by itself.
fn is_held(proxy: &Proxy, run: &mut std::process::Child) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        if proxy.holds() {
            return true;
        }
        if run.try_wait().unwrap().is_some() {
            return proxy.holds();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the run neither ends nor asks")
}
