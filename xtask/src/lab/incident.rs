//! `cargo xtask lab incident`: a bad release of a whole feature stack, and the rollback that a responder makes of it. Plays
//! on the lab that is up. Never tells what it has not seen: what is served is asked of what serves it.

mod desk;
mod stack;

use std::process::ExitCode;
use std::time::Instant;

pub(crate) use desk::Desk;
pub(crate) use stack::{Served, Stack};

use super::state;
use crate::{guests, host, repository};

/// What is rolled back, in a responder's words.
pub(crate) const ROLLBACK: [&str; 6] =
    ["standard-rollback", "checkout-ranker", "--to", "latest-good", "--incident", "INC-4211"];

/// Who rolls back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Responder {
    /// The story goes on to its end.
    Played,
    /// Whoever reads: the story ends at the alert.
    Reader,
}

/// `cargo xtask lab incident`.
pub(crate) fn incident(responder: Responder) -> ExitCode {
    match state::caught(|| play(responder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(responder: Responder) -> Result<(), String> {
    let lab = state::present()?;
    guests::build_all().map_err(|error| error.to_string())?;
    let belay = host::build_release()?;
    let stack = Stack::of(&lab)?;
    let desk = Desk::set(&repository::target("lab").join("incident"), &stack, belay)?;

    say("Version 8 of the ranker is live and good: flag off for v9, features v0, model 1. A rollback point");
    stack.release_good()?;
    let good = stack.served()?;
    desk.begin()?;
    desk.run(0, &["point", "capture", "checkout-ranker", "-m", "v8: query features", "--commit", "3f2a91c"])?;
    desk.run(0, &["point", "mark", "rp-0001", "good"])?;

    say("Version 9: flag on for everybody, another definition, bad values pushed, clicks overwritten, model promoted");
    stack.release_bad()?;
    stack.await_alert()?;
    let bad = stack.served()?;
    if responder == Responder::Reader {
        say("The error ratio breaches 2 %, and Alertmanager has the alert. It is your turn");
        desk.hand_over(&ROLLBACK);
        return Ok(());
    }
    say("The error ratio breaches 2 %, and Alertmanager has the alert. What would a rollback do?");
    desk.run(0, &[&["plan"], &ROLLBACK[..]].concat())?;
    say("Do it");
    let began = Instant::now();
    desk.run(0, &[&["run"], &ROLLBACK[..]].concat())?;
    let took = began.elapsed().as_secs_f32();

    say(&format!("After {took:.1} s: what is served, asked of what serves it"));
    let now = stack.served()?;
    show(&good, &bad, &now);
    if now != good {
        return Err("what is served is not what was captured".to_owned());
    }
    say("Once more: there must be nothing left to do");
    desk.run(0, &[&["run"], &ROLLBACK[..]].concat())?;
    say("Nothing of this can be changed afterwards without being noticed");
    desk.run(0, &["audit", "verify"])?;
    println!("\nThe stack stays up. To be the responder yourself: cargo xtask lab incident --by-hand");
    println!("End the lab with: cargo xtask lab down");
    Ok(())
}

fn say(what: &str) {
    println!("\n# {what}");
}

fn show(good: &[Served], bad: &[Served], now: &[Served]) {
    println!("\n  {:<28}{:<22}{:<22}now", "", "good release", "bad release");
    for ((good, bad), now) in good.iter().zip(bad).zip(now) {
        println!("  {:<28}{:<22}{:<22}{}", good.what, good.found, bad.found, now.found);
    }
}
