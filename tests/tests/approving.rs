//! How people come to sign: with a key in ssh-agent, two at once, too late. The agent is the real ssh-agent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use belay_tests::people::People;
use belay_tests::workspace::{ROLLBACK, Said, Shop};
use tempfile::TempDir;

/// An ssh-agent with somebody's key in it, until it is dropped.
struct Agent {
    process: Child,
    folder: TempDir,
}

impl Agent {
    fn with(key: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let mut command = Command::new("ssh-agent");
        command.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null());
        let agent = Self { process: command.spawn().unwrap(), folder };
        for _ in 0..200 {
            if agent.socket().exists() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let mut add = Command::new("ssh-add");
        add.arg("-q").arg(key).env("SSH_AUTH_SOCK", agent.socket());
        assert!(add.status().unwrap().success(), "ssh-add gives the agent a key");
        agent
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("agent")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Version 9 is live in `prod`, and harmful.
fn shop() -> (Shop, People) {
    let shop = Shop::released();
    let people = People::of(&shop);
    (shop, people)
}

fn ana_rolls_back(shop: &Shop, people: &People) -> Said {
    shop.belay([&["run"], &ROLLBACK[..], &["--env", "prod", "--key", &people.key_of("ana")]].concat())
}

/// The first digits of the mandate's digest, which is what somebody types to approve it.
fn short(shop: &Shop, run: &str) -> String {
    let shown = shop.belay(["approve", run, "--show", "--json"]);
    shown.ends(0).answer("mandate")["short"].as_str().unwrap().to_owned()
}

fn approvals(shop: &Shop) -> usize {
    shop.log().iter().filter(|entry| entry["kind"] == "approval").count()
}

#[test]
fn a_key_in_ssh_agent_approves_and_a_strangers_does_not() {
    let (shop, people) = shop();
    ana_rolls_back(&shop, &people).ends(4);
    let short = short(&shop, "r-1");
    let with_agent = |key: &Path| {
        let agent = Agent::with(key);
        let mut command = shop.command(["approve", "r-1", "--digest", &short]);
        command.env("SSH_AUTH_SOCK", agent.socket());
        shop.listen(command)
    };
    let stranger = tempfile::tempdir().unwrap();
    let key = stranger.path().join("key");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    assert!(made.unwrap().success(), "ssh-keygen makes a key");
    with_agent(&key).ends(3).says("ssh-agent holds no key of the allowed signers");
    assert_eq!(approvals(&shop), 0);
    with_agent(&people.key("cleo")).ends(0).says("cleo approved r-1");
    shop.belay(["resume", "r-1"]).ends(0).says("restore by cleo");
    shop.is_sound();
}

#[test]
fn two_who_approve_at_once_both_count_and_one_who_does_it_twice_counts_once() {
    let (shop, people) = shop();
    let line = |at_best: &str| format!("match = \"PUT **/_delta_log/*.json\", at_best = \"{at_best}\"");
    shop.edit("belay.toml", &line("reversible"), &line("irreversible"));
    ana_rolls_back(&shop, &people).ends(4).says("needs 2 approvals (approver of ranking)");
    let short = short(&shop, "r-1");
    let at_once = |names: [&str; 2]| {
        thread::scope(|scope| {
            let (shop, people, short) = (&shop, &people, &short);
            let approve = |name: &str| {
                let key = people.key_of(name);
                move || shop.belay(["approve", "r-1", "--digest", short, "--key", &key])
            };
            let said = names.map(|name| scope.spawn(approve(name)));
            for said in said {
                said.join().unwrap().ends(0);
            }
        });
    };
    at_once(["cleo", "cleo"]);
    shop.belay(["resume", "r-1"]).ends(4).says("needs 1 approval (approver of ranking)").says("dan could");
    at_once(["dan", "cleo"]);
    shop.belay(["resume", "r-1"]).ends(0).says("restore by cleo, dan");
    shop.is_sound();
}

#[test]
fn what_people_agreed_to_too_late_is_asked_for_anew() {
    let (shop, people) = shop();
    shop.edit("belay.toml", "mandate_ttl = \"4h\"", "mandate_ttl = \"8s\"");
    ana_rolls_back(&shop, &people).ends(4);
    people.approves(&shop, "cleo", "r-1").ends(0);
    let table = || std::fs::read_dir(shop.stage().systems("prod").join("lake/clicks/_delta_log")).unwrap().count();
    let before = table();
    thread::sleep(Duration::from_secs(9));
    let anew = "belay run standard-rollback checkout-ranker";
    people.approves(&shop, "dan", "r-1").ends(5).says("the mandate of r-1 has expired").says(anew);
    shop.belay(["resume", "r-1"]).ends(5).says("expired").says(anew);
    assert_eq!(table(), before, "an approval whose time is over moves nothing");
    shop.edit("belay.toml", "mandate_ttl = \"8s\"", "mandate_ttl = \"4h\"");
    ana_rolls_back(&shop, &people).ends(4).says("r-2");
    people.approves(&shop, "cleo", "r-2").ends(0);
    shop.belay(["resume", "r-2"]).ends(0).says("✔ restored");
    shop.is_sound();
}
