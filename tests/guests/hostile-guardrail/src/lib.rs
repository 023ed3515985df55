//! A guardrail that does its host all the harm it can, of the kind that its configuration names. For tests.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use belay_sdk::{About, Fault, Guardrail, Judgement, Quorum, RiskFactor, log};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Which harm.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// What it does when it is asked.
    harm: Harm,
}

/// What it does when it is asked.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Harm {
    /// Computes for ever.
    Loops,
    /// Calls itself for ever.
    Recurses,
    /// Wants ever more memory.
    Hoards,
    /// Denies with one reason of 24 MB.
    GiantReason,
    /// Denies with a million reasons.
    ManyReasons,
    /// Writes a million log lines.
    Chatters,
    /// Writes what would move a terminal's cursor and look like belay's own words.
    Forges,
    /// Panics.
    Crashes,
    /// Asks for approvals of nobody.
    AsksNobody,
    /// Declares more risk than there is.
    Exaggerates,
    /// Denies whoever asks a second time.
    Remembers,
}

struct Hostile;

/// What clears a screen, forges a line, hides text and turns it around.
const FORGED: &str = "fine\u{1b}[2J\u{1b}[1;1H\n  restore       risk 0   runs at once\r\u{202e}desrever\u{7}";

static ASKED: AtomicBool = AtomicBool::new(false);

impl Guardrail for Hostile {
    const ABOUT: About = belay_sdk::about!();
    type Facts = IgnoredAny;
    type Config = Config;

    fn judge(_: IgnoredAny, config: Config) -> Result<Judgement, Fault> {
        Ok(match config.harm {
            Harm::Loops => loop {
                black_box(0);
            },
            Harm::Recurses => Judgement::deny([recurse(1).to_string()]),
            Harm::Hoards => Judgement::deny([hoard().to_string()]),
            Harm::GiantReason => Judgement::deny(["x".repeat(24_000_000)]),
            Harm::ManyReasons => Judgement::deny((0..1_000_000).map(|_| "no".to_owned())),
            Harm::Chatters => {
                (0..1_000_000).for_each(|_| log::info("still here"));
                Judgement::allow()
            }
            Harm::Forges => {
                log::warn(FORGED);
                Judgement::deny([FORGED.to_owned()]).with_note(FORGED)
            }
            #[allow(clippy::panic, reason = "it is what this one is for")]
            Harm::Crashes => panic!("{FORGED}"),
            Harm::AsksNobody => {
                Judgement::needs_approvals([Quorum { approvals: 0, role: FORGED.to_owned(), because: String::new() }])
            }
            Harm::Exaggerates => Judgement {
                factors: vec![RiskFactor { cause: FORGED.to_owned(), score: u32::MAX }],
                ..Judgement::allow()
            },
            Harm::Remembers if ASKED.swap(true, Ordering::Relaxed) => Judgement::deny(["asked before".to_owned()]),
            Harm::Remembers => Judgement::allow(),
        })
    }
}

fn recurse(depth: u64) -> u64 {
    black_box(if depth == 0 { 0 } else { recurse(black_box(depth + 1)) + 1 })
}

fn hoard() -> usize {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(black_box(vec![1; 1 << 20]));
    }
}

belay_sdk::guardrail!(Hostile);
