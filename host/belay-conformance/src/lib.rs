//! Tries a plugin before production does: its author's fixtures, then a suite that breaks what is around it on purpose.
//! Never reaches a real system: what a plugin reads and what its operations write lies in memory.
//!
//! A guardrail is given facts that are odd but valid, facts that are none, and facts that lack something. A reverter and
//! a probe are let down at every read; a reverter's plan is performed, interrupted after each operation, and undone.

mod bench;
mod fixture;
mod report;
mod suite;
mod systems;

pub use fixture::{Expected, FixtureError, Fixtures, VerdictName};
pub use report::{Check, Figures, Outcome, Report, Tried};

use belay_sandbox::Plugin;

use bench::Bench;
use suite::{guardrail, probe, reverter};

/// Tries a plugin with these fixtures.
pub async fn test(plugin: &Plugin, fixtures: &Fixtures) -> Report {
    let bench = Bench::new(plugin);
    let mut suite = suite::describes(&bench, fixtures).await;
    let mut own = Vec::new();
    if let Some(policy) = plugin.as_guardrail() {
        let trial = guardrail::Trial { bench: &bench, policy };
        own = trial.fixtures(fixtures).await;
        suite.extend(trial.checks(fixtures).await);
    } else if let Some(reverter) = plugin.as_reverter() {
        let trial = reverter::Trial { bench: &bench, reverter };
        own = trial.fixtures(fixtures).await;
        suite.extend(trial.checks(fixtures).await);
    } else if let Some(probe) = plugin.as_probe() {
        let trial = probe::Trial { bench: &bench, probe };
        own = trial.fixtures(fixtures).await;
        suite.extend(trial.checks(fixtures).await);
    }
    Report::of(plugin, own, suite, bench.figures())
}

/// What a plugin says to fixtures, without judging it: each call, in order.
pub async fn attempt(plugin: &Plugin, fixtures: &Fixtures) -> Vec<Tried> {
    let bench = Bench::new(plugin);
    if let Some(policy) = plugin.as_guardrail() {
        guardrail::Trial { bench: &bench, policy }.tried(fixtures).await
    } else if let Some(reverter) = plugin.as_reverter() {
        reverter::Trial { bench: &bench, reverter }.tried(fixtures).await
    } else if let Some(probe) = plugin.as_probe() {
        probe::Trial { bench: &bench, probe }.tried(fixtures).await
    } else {
        Vec::new()
    }
}
