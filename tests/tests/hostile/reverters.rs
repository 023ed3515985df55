//! Reverters: what such a one proposes is examined, what it did is looked at, and the run ends with a true picture.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use belay_tests::workspace::{Said, Shop};

use crate::{invite, is_tame, statuses};

const NAME: &str = "hostile-reverter";

/// A set of one resource, which does this harm to a file of the connection `notes` once a good state was captured.
struct Noted(Shop);

impl Noted {
    fn with(harm: &str) -> Self {
        let shop = Shop::good();
        invite(&shop, NAME);
        let notes = "[connection.notes]\nkind = \"dir\"\nsettle = \"30ms\"\n\
            writes = [{ match = \"PUT *.txt\", at_best = \"reversible\", repeatable = true }]\n\n\
            [connection.api]\nkind = \"http\"\nsettle = \"30ms\"\n\
            writes = [{ match = \"POST /v1/models\", object = [], at_best = \"reversible\" }]\n\n\
            [environment.demo.connection]\nnotes = { path = \"../systems/demo/notes\" }\n\
            api = { url = \"http://127.0.0.1:9\", allow = [\"loopback\"] }\n";
        shop.edit("belay.toml", "[environment.demo.connection]\n", notes);
        let there = "[environment.prod.connection]";
        let prod = "notes = { path = \"../systems/prod/notes\" }\napi = { url = \"http://127.0.0.1:9\" }\n";
        let line = "[environment.prod.connection]     # the rules of [risk] hold: containment runs at once, restoration waits\n";
        shop.edit("belay.toml", line, &format!("{there}\n{prod}"));
        shop.write("runbooks/put-back.toml", PUT_BACK);
        let noted = Self(shop);
        noted.says("good");
        noted.does("none");
        noted.belay(&["point", "capture", "notes", "--env", "demo", "-m", "good"]).ends(0);
        noted.belay(&["point", "mark", "rp-0003", "good"]).ends(0);
        noted.says("bad");
        noted.does(harm);
        noted
    }

    fn does(&self, harm: &str) {
        self.0.write("features/notes.toml", SET.replace("{harm}", harm));
    }

    fn says(&self, text: &str) {
        let file = self.0.system("notes/note.txt");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn belay(&self, words: &[&str]) -> Said {
        self.0.belay(words)
    }

    fn run(&self) -> Said {
        let said = self.belay(&["run", "put-back", "notes", "--to", "latest-good", "--env", "demo"]);
        assert!(!said.err.contains("panicked"), "{said}");
        is_tame(&said);
        said
    }
}

const SET: &str = r#"[feature_set]
name = "notes"
owner = "ranking"
tier = "standard"

[[resource]]
name = "note"
plugin = "hostile-reverter"
at = "notes/note.txt"
config = { harm = "{harm}" }
"#;

const PUT_BACK: &str = r#"[runbook]
name = "put-back"
summary = "Put the note back"
when = "the note is wrong"
when_not = "never"
escalate_to = "whoever wrote it"

[[stage]]
name = "restore"

[[stage.step]]
resource = "note"
connections = ["api"]
"#;

#[test]
fn an_honest_one_is_believed() {
    let noted = Noted::with("none");
    noted.run().ends(0);
    assert_eq!(noted.0.reads("notes/note.txt"), "good");
}

#[test]
fn what_can_t_be_observed_is_not_touched() {
    for (harm, status, why) in [
        ("reads-for-ever", "over_limit", "the plugin went over its limit: calls of the host"),
        ("loops", "out_of_fuel", "the plugin used up its fuel"),
        ("no-json", "nonsense", "the state's content: "),
        ("two-keys", "nonsense", "`text` is there twice"),
    ] {
        let noted = Noted::with(harm);
        let said = noted.run();
        assert!(matches!(said.status, Some(3 | 6)), "{harm}: {said}");
        said.says(why).says(NAME);
        assert_eq!(statuses(&noted.0, NAME).last().unwrap(), status, "{harm}");
        assert_eq!(noted.0.reads("notes/note.txt"), "bad", "{harm}");
        noted.0.is_sound();
    }
}

#[test]
fn what_it_may_not_write_is_not_written() {
    for (harm, why) in
        [("writes-elsewhere", "`lake`"), ("escapes", "`../note.txt`"), ("overrides", "x-http-method-override")]
    {
        let noted = Noted::with(harm);
        let before = noted.0.systems();
        let said = noted.run();
        said.ends(3).says(why);
        assert!(noted.0.systems() == before, "{harm}: {said}");
        noted.0.is_sound();
    }
}

#[test]
fn one_that_writes_something_else_is_found_out() {
    let noted = Noted::with("writes-something-else");
    let said = noted.run();
    said.ends(1).says("planned again 3 times, and still: after its last operation it was harm");
    said.says("changed: note changed by 4 writes, not restored");
    assert_eq!(noted.0.reads("notes/note.txt"), "harm\n", "its operation was allowed, byte for byte");
    noted.0.is_sound();
    let log = noted.0.log();
    let written = log.iter().filter(|entry| entry["kind"] == "intent").count();
    assert_eq!(written, 4, "once, and three times more");
}

#[test]
fn a_label_that_moves_the_cursor_is_shown_as_what_it_is() {
    let noted = Noted::with("forges");
    let said = noted.run();
    said.ends(3).says("the version found contains \\u{1b}, which could mislead a reader");
    is_tame(&noted.belay(&["status", "r-1"]));
    is_tame(&noted.belay(&["audit", "log", "--limit", "1000"]));
}

#[test]
fn what_it_belittles_is_weighed_by_the_host() {
    let (belittled, told) = (Noted::with("belittles"), Noted::with("none"));
    let risk = |noted: &Noted| {
        let said = noted.belay(&["plan", "put-back", "notes", "--to", "latest-good", "--env", "demo", "--json"]);
        said.ends(0);
        said.answer("plan")["stages"][0]["assessment"]["risk"].as_u64().unwrap()
    };
    assert_eq!(risk(&belittled), risk(&told));
}

/// How often a run may find a moment in which nobody writes: a busy machine halts the writer too.
const LUCKY: u32 = 20;

#[test]
fn a_state_that_differs_at_every_look_ends_the_run_truthfully() {
    let noted = Noted::with("none");
    let file = noted.0.system("notes/note.txt");
    let over = AtomicBool::new(false);
    let (run, said) = thread::scope(|scope| {
        scope.spawn(|| {
            for count in 0.. {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                fs::write(&file, format!("bad {count}")).unwrap();
            }
        });
        let mut runs = (1..=LUCKY).map(|run| (run, noted.run()));
        let noticed = runs.find(|(_, said)| said.status != Some(0));
        over.store(true, Ordering::Relaxed);
        noticed.expect("no run notices that somebody writes all the time")
    });
    assert!(matches!(said.status, Some(1 | 3 | 5 | 6)), "{said}");
    noted.0.is_sound();
    // Once it is left alone, the same run goes on, or a new one puts it back.
    let said = noted.belay(&["resume", &format!("r-{run}")]);
    assert!(said.status == Some(0) || noted.run().status == Some(0), "{said}");
    assert_eq!(noted.0.reads("notes/note.txt"), "good");
}
