//! Plugins that do their host all the harm they can. Each is stopped; what it did is recorded under its name; nobody
//! else is harmed by it, neither a system nor the plugins beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod compiling;
mod guardrails;
mod reverters;

use belay_tests::repository;
use belay_tests::workspace::{Said, Shop};

/// Puts a hostile component into the workspace and pins it.
fn invite(shop: &Shop, name: &str) {
    let component = repository::hostile(&name.replace('-', "_"));
    shop.write(&format!("plugins/{name}.wasm"), std::fs::read(component).unwrap());
    shop.edit("belay.toml", "[plugin] ", &format!("[plugin]\n{name} = {{ path = \"plugins/{name}.wasm\" }}\n"));
    shop.belay(["plugin", "add", &format!("plugins/{name}.wasm")]).ends(0);
}

/// How the calls of a plugin ended, as the ledger has it, the oldest first, each once in a row.
fn statuses(shop: &Shop, plugin: &str) -> Vec<String> {
    let log = shop.log();
    let calls = log.iter().filter(|entry| entry["kind"] == "plugin.call" && entry["body"]["plugin"] == plugin);
    let mut statuses: Vec<_> =
        calls.map(|entry| entry["body"]["call"]["status"].as_str().unwrap().to_owned()).collect();
    statuses.dedup();
    statuses
}

/// That nothing it said could move a terminal's cursor, hide a line or forge one.
#[track_caller]
fn is_tame(said: &Said) {
    for text in [&said.out, &said.err] {
        let wild = text.chars().find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}'));
        assert_eq!(wild, None, "{said:?}");
    }
    let forged = |line: &str| line.trim_start().starts_with("restore       risk 0   runs at once");
    assert!(!said.out.lines().chain(said.err.lines()).any(forged), "{said}");
}
