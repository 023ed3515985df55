//! At a terminal: Ctrl-C is typed, and a pause keeps the process. `script` of util-linux is the terminal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use belay_tests::people::People;
use belay_tests::repository;
use belay_tests::workspace::Shop;

/// How long a busy machine may take.
const PATIENCE: Duration = Duration::from_secs(60);
const CTRL_C: &[u8] = b"\x03";

/// A command at a terminal of its own.
struct Terminal {
    script: Child,
    keys: ChildStdin,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn type_(shop: &Shop, words: &str) -> Self {
        // Some shells stay between the two, and report a Ctrl-C as their own end.
        let line = format!("exec '{}' {words}", repository::belay().display());
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
        command
            .current_dir(shop.stage().workspace())
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm")
            .env("TZ", "UTC")
            .env("COLUMNS", "200");
        command.env_remove("BELAY_WORKSPACE").env_remove("NO_COLOR");
        let mut script = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keys, mut out) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
        let shown = Arc::new(Mutex::new(Vec::new()));
        let screen = Arc::clone(&shown);
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut piece) {
                screen.lock().unwrap().extend_from_slice(&piece[..count]);
            }
        });
        Self { script, keys, shown }
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
        self.keys.flush().unwrap();
    }

    fn shows(&mut self, words: &str) {
        let began = Instant::now();
        while !self.screen().contains(words) {
            assert!(self.script.try_wait().unwrap().is_none(), "ended without {words}: {}", self.screen());
            assert!(began.elapsed() < PATIENCE, "does not show {words}: {}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_there(&mut self) -> bool {
        self.script.try_wait().unwrap().is_none()
    }

    /// How it ended, and all that was shown.
    fn ends(mut self) -> (Option<i32>, String) {
        let began = Instant::now();
        while self.is_there() {
            assert!(began.elapsed() < PATIENCE, "it does not end: {}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
        let status = self.script.wait().unwrap();
        thread::sleep(Duration::from_millis(100));
        (status.code(), self.screen())
    }
}

/// A rollback at a terminal, whose checks hold long enough for people to type.
fn checking(shop: &Shop) -> Terminal {
    shop.edit("runbooks/standard-rollback.toml", "hold = \"0s\"", "hold = \"15s\"");
    let mut terminal = Terminal::type_(shop, "run standard-rollback checkout-ranker --to latest-good --env demo");
    terminal.shows("checks measure");
    terminal
}

#[test]
fn one_ctrl_c_lets_what_is_under_way_end_and_says_how_to_go_on() {
    let shop = Shop::released();
    let mut terminal = checking(&shop);
    terminal.press(CTRL_C);
    let (status, screen) = terminal.ends();
    assert_eq!(status, Some(1), "{screen}");
    assert!(screen.contains("belay resume r-1"), "{screen}");
    shop.is_sound();
    shop.edit("runbooks/standard-rollback.toml", "hold = \"15s\"", "hold = \"0s\"");
    shop.belay(["resume", "r-1"]).ends(0);
    shop.stage().is_rolled_back().unwrap();
}

#[test]
fn a_second_ctrl_c_ends_it_at_once_and_the_record_is_whole() {
    let shop = Shop::released();
    let mut terminal = checking(&shop);
    terminal.press(&[CTRL_C, CTRL_C].concat());
    let (status, screen) = terminal.ends();
    assert!(matches!(status, Some(1 | 130)), "{status:?} {screen}");
    shop.is_sound();
    shop.edit("runbooks/standard-rollback.toml", "hold = \"15s\"", "hold = \"0s\"");
    shop.belay(["resume", "r-1"]).ends(0);
}

#[test]
fn a_pause_keeps_the_process_at_a_terminal_and_continue_wakes_it() {
    let shop = Shop::released();
    shop.ramps_down("20s");
    let mut terminal = Terminal::type_(&shop, "run ramp-down checkout-ranker --env demo");
    terminal.shows("holding");
    shop.belay(["pause", "r-1", "--reason", "a call"]).ends(0);
    terminal.shows("paused");
    thread::sleep(Duration::from_millis(500));
    assert!(terminal.is_there(), "{}", terminal.screen());
    assert!(terminal.screen().contains("a call"), "{}", terminal.screen());
    shop.belay(["continue", "r-1"]).ends(0);
    let (status, screen) = terminal.ends();
    assert_eq!(status, Some(0), "{screen}");
    shop.belay(["status", "r-1"]).ends(0).says("restored");
    shop.is_sound();
}

#[test]
fn ctrl_c_at_a_paused_run_leaves_it_paused() {
    let shop = Shop::released();
    shop.ramps_down("20s");
    let mut terminal = Terminal::type_(&shop, "run ramp-down checkout-ranker --env demo");
    terminal.shows("holding");
    shop.belay(["pause", "r-1", "--reason", "a call"]).ends(0);
    terminal.shows("paused");
    terminal.press(CTRL_C);
    let (status, screen) = terminal.ends();
    assert_eq!(status, Some(6), "{screen}");
    assert!(screen.contains("belay continue r-1"), "{screen}");
    let said = shop.belay(["continue", "r-1"]);
    said.ends(0);
    shop.is_sound();
}

/// A rollback in `prod` at a terminal, asked for by ana: it waits for approval.
fn waiting(shop: &Shop, people: &People) -> Terminal {
    let key = people.key_of("ana");
    let words = format!("run standard-rollback checkout-ranker --to latest-good --env prod --key '{key}'");
    let mut terminal = Terminal::type_(shop, &words);
    terminal.shows("waiting for 1 approval");
    terminal
}

#[test]
fn a_run_that_waits_for_approval_goes_on_by_itself() {
    let shop = Shop::released();
    let people = People::of(&shop);
    let mut terminal = waiting(&shop, &people);
    terminal.shows("cleo or dan could");
    terminal.shows("belay approve r-1");
    terminal.shows("prod checkout-ranker → rp-0002, risk");
    terminal.shows("by ana, until");
    assert!(terminal.is_there());
    people.approves(&shop, "cleo", "r-1").ends(0).says("it goes on by itself");
    let (status, screen) = terminal.ends();
    assert_eq!(status, Some(0), "{screen}");
    assert!(screen.contains("restore by cleo"), "{screen}");
    shop.is_sound();
}

#[test]
fn a_run_that_waits_for_approval_ends_by_a_no() {
    let shop = Shop::released();
    let people = People::of(&shop);
    let terminal = waiting(&shop, &people);
    shop.belay(["reject", "r-1", "--reason", "wrong point", "--key", &people.key_of("dan")]).ends(0);
    let (status, screen) = terminal.ends();
    assert_eq!(status, Some(3), "{screen}");
    assert!(screen.contains("dan rejected it: wrong point"), "{screen}");
    shop.is_sound();
}

#[test]
fn what_changed_while_a_run_waited_is_named_and_it_does_not_go_on() {
    let shop = Shop::released();
    let people = People::of(&shop);
    let terminal = waiting(&shop, &people);
    shop.edit("runbooks/standard-rollback.toml", "restored_within = \"5m\"", "restored_within = \"6m\"");
    people.approves(&shop, "cleo", "r-1").ends(0);
    let (status, screen) = terminal.ends();
    assert_eq!(status, Some(5), "{screen}");
    assert!(screen.contains("the runbook `standard-rollback` is"), "{screen}");
}

#[test]
fn an_approver_types_the_first_digits() {
    let shop = Shop::released();
    let people = People::of(&shop);
    let key = people.key_of("ana");
    let words = ["run", "standard-rollback", "checkout-ranker", "--to", "latest-good", "--env", "prod", "--key", &key];
    shop.belay(words).ends(4);
    let digits = shop.belay(["approve", "r-1", "--show", "--json"]).answer("mandate")["short"].clone();
    let approve = format!("approve r-1 --key '{}'", people.key_of("cleo"));
    for (typed, ends) in [("12345678", 3), (digits.as_str().unwrap(), 0)] {
        let mut terminal = Terminal::type_(&shop, &approve);
        terminal.shows("type the first 8 digits of its Mandate line");
        terminal.press(format!("{typed}\n").as_bytes());
        let (status, screen) = terminal.ends();
        assert_eq!(status, Some(ends), "{screen}");
        assert!(screen.contains("At most    contain: risk 25"), "{screen}");
    }
    shop.belay(["resume", "r-1"]).ends(0);
}
