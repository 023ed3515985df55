//! Seeded simulation: a run against a world that loses answers, delays writes, changes by itself, while the run's
//! process crashes, is taken over, aborted, and its clock jumps.
//!
//! `BELAY_SIM_SEED=17 cargo test -p belay-engine --test simulation` runs one seed and prints its journal;
//! `BELAY_SIM_SEEDS=100000` runs that many.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod answers;
#[path = "../fixture/mod.rs"]
mod fixture;
mod holds;
mod host;
mod people;
mod rng;
mod setup;
mod trouble;
mod truth;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use host::Simulation;

const SEEDS: u64 = 1_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

#[test]
fn a_run_keeps_its_word_whatever_happens() {
    if let Some(seed) = number("BELAY_SIM_SEED") {
        let mut simulation = Simulation::new(seed);
        simulation.verbose = true;
        println!("{}", simulation.run_to_the_end());
        return;
    }
    let mut endings: BTreeMap<String, u32> = BTreeMap::new();
    let (mut orphaned, mut crashed_in_holds, mut continued, mut held, mut skipped) = (0, 0, 0, 0, 0);
    let (mut permitted, mut kept, mut reconsidered) = (0, 0, 0);
    for seed in 0..number("BELAY_SIM_SEEDS").unwrap_or(SEEDS) {
        let mut simulation = Simulation::new(seed);
        let outcome = catch_unwind(AssertUnwindSafe(|| simulation.run_to_the_end()));
        orphaned += simulation.orphaned;
        crashed_in_holds += simulation.crashed_in_holds;
        continued += simulation.continued;
        held += simulation.holds.checked;
        skipped += u32::from(simulation.skipped_something());
        permitted += simulation.people.permitted;
        kept += simulation.people.kept;
        reconsidered += simulation.people.reconsidered;
        match outcome {
            Ok(ending) => *endings.entry(ending).or_default() += 1,
            Err(_) => panic!("seed {seed} failed: BELAY_SIM_SEED={seed} cargo test -p belay-engine --test simulation"),
        }
    }
    println!("{endings:?}; {orphaned} crashes fell between an intent and its outcome, {crashed_in_holds} into a hold");
    println!("{held} parts were begun after a hold, {continued} paused runs continued");
    println!("{skipped} runs skipped something");
    println!(
        "{permitted} plans rested on approvals, {kept} on earlier ones; {reconsidered} waits were looked at again"
    );
    assert!(permitted > 0 && kept > 0 && reconsidered > 0, "nobody approved anything");
    assert!(skipped > 0, "no run skipped anything");
    assert!(orphaned > 0, "no crash left an open intent");
    assert!(crashed_in_holds > 0 && held > 0 && continued > 0, "no ramp was tried");
    // A simulation in which nothing ends well, or nothing goes wrong, tests nothing.
    for ending in ["done", "aborted", "refused", "partial", "nothing_to_do", "failed", "undone", "replaced"] {
        assert!(endings.contains_key(ending), "no run ended {ending}: {endings:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_journal() {
    let journal = || {
        let mut simulation = Simulation::new(42);
        simulation.run_to_the_end();
        serde_json::to_string(&simulation.journal).unwrap()
    };
    assert_eq!(journal(), journal());
}
