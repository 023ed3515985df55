//! The incident's rollback on the lab: by belay, by a shell script and by an Ansible playbook, in turn, each after a bad
//! release of its own. A round counts only if all six systems serve afterwards what they served before the release.

mod baseline;
mod calls;
mod served;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use belay_tests::lab::Part;

use super::heading;
use super::measure::{Taken, millis, spread, watch};
use crate::demo::Error;
use crate::lab::{self, Desk, ROLLBACK, Stack};
use crate::repository;
use baseline::Baseline;
use calls::Calls;
use served::Bystander;

const ROUNDS: usize = 5;
/// What the incident needs of the lab.
const SYSTEMS: [&str; 8] = ["unleash", "redis", "feast", "mlflow", "lake", "prometheus", "alertmanager", "shop"];

/// A rollback by somebody.
struct Rollback {
    whole: Taken,
    /// Until all six systems were confirmed to be back; the checks come after that.
    restored: Duration,
    /// What Unleash took of it until it served its clients what was written.
    served: Duration,
}

/// What one round found.
struct Round {
    belay: Rollback,
    script: Rollback,
    calls: Calls,
    playbook: Rollback,
}

/// Measures on the lab that is up, or on one that is up for as long as this takes.
pub(super) fn run(belay: &Path) -> Result<(), Error> {
    lab::install(&[Part::Ansible]).map_err(|error| Error::Build(error.to_string()))?;
    if lab::present().is_ok() {
        return on_lab(belay);
    }
    if lab::up(&SYSTEMS) != ExitCode::SUCCESS {
        return Err(Error::Untrue("there is no lab to measure on".to_owned()));
    }
    let measured = on_lab(belay);
    lab::down();
    measured
}

fn on_lab(belay: &Path) -> Result<(), Error> {
    heading(
        "The incident's rollback over six systems, against the systems' own calls, a shell script, an Ansible playbook",
    );
    println!("bars: 1.2 times the slowest chain of calls, 40 ms of CPU, 1.2 times the script");
    let rounds = lab::caught(|| rounds(belay).map_err(|error| error.to_string())).map_err(Error::Untrue)?;
    print(&rounds);
    Ok(())
}

fn rounds(belay: &Path) -> Result<Vec<Round>, Error> {
    let lab = lab::present().map_err(Error::Untrue)?;
    let stack = Stack::of(&lab).map_err(Error::Untrue)?;
    let folder = repository::target("lab").join("bench");
    let desk = Desk::set(&folder, &stack, belay.to_path_buf()).map_err(Error::Untrue)?;
    stack.release_good().map_err(Error::Untrue)?;
    desk.begin().map_err(Error::Untrue)?;
    desk.run(0, &["point", "capture", "checkout-ranker", "-m", "good"]).map_err(Error::Untrue)?;
    desk.run(0, &["point", "mark", "rp-0001", "good"]).map_err(Error::Untrue)?;
    let baseline = Baseline::noted(&folder, &stack)?;
    // The first run compiles what no command before it needed.
    taken_back(&stack, || Ok((by_belay(&desk, &folder)?, ())))?;
    (0..ROUNDS).map(|_| round(&stack, &desk, &folder, &baseline)).collect()
}

fn round(stack: &Stack, desk: &Desk, folder: &Path, baseline: &Baseline) -> Result<Round, Error> {
    let (belay, ()) = taken_back(stack, || Ok((by_belay(desk, folder)?, ())))?;
    let (script, calls) = taken_back(stack, || baseline.by_script())?;
    let (playbook, ()) = taken_back(stack, || Ok((baseline.by_playbook()?, ())))?;
    let (calls_took, by_belay) = (millis(calls.slowest(belay.served)), millis(belay.restored));
    let (by_script, by_playbook) = (millis(script.restored), millis(playbook.restored));
    println!(
        "calls {calls_took:.0} ms, belay {by_belay:.0} ms, script {by_script:.0} ms, playbook {by_playbook:.0} ms"
    );
    Ok(Round { belay, script, calls, playbook })
}

/// A bad release, and a rollback that must bring back what was served before.
fn taken_back<T>(
    stack: &Stack,
    roll_back: impl FnOnce() -> Result<((Taken, Duration), T), Error>,
) -> Result<(Rollback, T), Error> {
    let good = stack.served().map_err(Error::Untrue)?;
    stack.release_bad().and_then(|()| stack.await_breach()).map_err(Error::Untrue)?;
    let bystander = Bystander::of(stack)?;
    let ((whole, restored), told) = roll_back()?;
    let served = bystander.tells()?;
    stack.await_served(&good).map_err(Error::Untrue)?;
    Ok((Rollback { whole, restored, served }, told))
}

fn by_belay(desk: &Desk, folder: &Path) -> Result<(Taken, Duration), Error> {
    let mut run = desk.command(&[&["run"], &ROLLBACK[..]].concat());
    watch(&mut run, &folder.join("belay.log"), |line| line.ends_with("restored, checks measure"))
}

fn print(rounds: &[Round]) {
    let show = |what: &str, figure: &dyn Fn(&Round) -> f64| {
        println!("{what:38}{}", spread(rounds.iter().map(figure).collect()));
    };
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    println!("\nuntil all six are confirmed to be back");
    let chain = |round: &Round| round.calls.slowest(round.belay.served);
    show("belay / slowest chain of calls", &|round| ratio(round.belay.restored, chain(round)));
    // Each but for what Unleash took, which differs by where in its second a rollback began.
    let own = |of: &Rollback| of.restored.saturating_sub(of.served);
    show("belay / script, but for Unleash's wait", &|round| ratio(own(&round.belay), own(&round.script)));
    show("belay / script", &|round| ratio(round.belay.restored, round.script.restored));
    show("belay / playbook", &|round| ratio(round.belay.restored, round.playbook.restored));
    show("belay, ms", &|round| millis(round.belay.restored));
    show("script, ms", &|round| millis(round.script.restored));
    show("playbook, ms", &|round| millis(round.playbook.restored));
    println!("\nthe systems' own calls, as the script's curl timed them, ms");
    show("flag", &|round| millis(round.calls.flag));
    show("then until clients are served it", &|round| millis(round.belay.served));
    show("the same in the script", &|round| millis(round.script.served));
    show("then view", &|round| millis(round.calls.view));
    show("then values", &|round| millis(round.calls.values));
    show("beside them model", &|round| millis(round.calls.model));
    show("slowest chain", &|round| millis(chain(round)));
    println!("\nwhole, checks too");
    show("belay / script", &|round| ratio(round.belay.whole.wall, round.script.whole.wall));
    show("belay / playbook", &|round| ratio(round.belay.whole.wall, round.playbook.whole.wall));
    show("belay, ms", &|round| millis(round.belay.whole.wall));
    show("script, ms", &|round| millis(round.script.whole.wall));
    show("playbook, ms", &|round| millis(round.playbook.whole.wall));
    show("belay, CPU ms", &|round| millis(round.belay.whole.cpu));
    show("script, CPU ms", &|round| millis(round.script.whole.cpu));
    show("playbook, CPU ms", &|round| millis(round.playbook.whole.cpu));
}
