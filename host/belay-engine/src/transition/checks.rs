//! Checks measure once every stage is restored, and while parts of ramps are held. No data is never a pass.

use belay_domain::check::{Check, CheckResult, Reading, Watch};
use belay_domain::id::{Millis, StepId};

use crate::command::Command;
use crate::event::WakeId;
use crate::failure::Failed;
use crate::rejected::Rejected;
use crate::run::{CheckRun, CheckStatus, Phase, Run};

/// The shortest pause between two measurements, in milliseconds.
const SHORTEST_PAUSE_MS: u64 = 250;

/// A quarter of the time that has passed, at most a twentieth of what the check has: what mends soon is seen soon, and
/// what takes long is not asked for at every moment. A check that holds is measured again when it has held for long
/// enough, if that is sooner.
fn pause_ms(check: &Check, state: &CheckRun) -> u64 {
    let pause = (state.watch.elapsed(state.now) / 4).min(check.within_ms / 20).max(SHORTEST_PAUSE_MS);
    state.watch.left_to_hold(check, state.now).map_or(pause, |left| pause.min(left.max(1)))
}

pub(super) fn measured(run: &mut Run, index: u32, reading: &Reading, at: Millis) -> Result<Vec<Command>, Rejected> {
    let unexpected = Rejected::NotExpected("check.measured");
    let place = index as usize;
    let (Phase::Checking, Some(check), Some(state)) =
        (&run.phase, run.spec.all_checks().nth(place), run.checks.get_mut(place))
    else {
        return Err(unexpected);
    };
    if state.status != CheckStatus::Measuring {
        return Err(unexpected);
    }
    match state.take(check, reading, at) {
        Taken::Ended(_) => Ok(run.end_if_checked(at)),
        Taken::Again { pause_ms } => {
            let (wake, command) = run.wait(at, pause_ms);
            run.set_check(place, CheckStatus::Waiting { wake, pause_ms });
            Ok(vec![command])
        }
    }
}

/// A check measured while a part of a ramp was held.
pub(super) fn measured_on_ramp(
    run: &mut Run,
    id: StepId,
    index: u32,
    reading: &Reading,
    at: Millis,
) -> Result<Vec<Command>, Rejected> {
    let unexpected = Rejected::NotExpected("check.measured");
    let place = index as usize;
    let goes_on = run.may_begin();
    let Some(check) = run.spec.all_checks().nth(place).cloned() else { return Err(unexpected) };
    let Some(state) = run.part_checks(id).and_then(|checks| checks.get_mut(place)) else { return Err(unexpected) };
    if state.status != CheckStatus::Measuring || !goes_on {
        return Err(unexpected);
    }
    let mut commands = match state.take(&check, reading, at) {
        Taken::Ended(result) => run.part_checked(id, index, result),
        Taken::Again { pause_ms } => {
            let (wake, command) = run.wait(at, pause_ms);
            if let Some(state) = run.part_checks(id).and_then(|checks| checks.get_mut(place)) {
                state.status = CheckStatus::Waiting { wake, pause_ms };
            }
            vec![command]
        }
    };
    commands.extend(run.advance(at));
    Ok(commands)
}

/// What follows from a measurement.
enum Taken {
    Ended(CheckResult),
    /// It is measured again after so long.
    Again {
        pause_ms: u64,
    },
}

impl CheckRun {
    /// Begins to measure.
    pub(super) const fn begin(at: Millis) -> Self {
        Self { watch: Watch::begin(at), now: at, last: at, status: CheckStatus::Measuring }
    }

    fn take(&mut self, check: &Check, reading: &Reading, at: Millis) -> Taken {
        self.pass_time(at, 0);
        match self.watch.take(check, reading, self.now) {
            Some(result) => {
                self.status = CheckStatus::Ended(result.clone());
                Taken::Ended(result)
            }
            None => Taken::Again { pause_ms: pause_ms(check, self) },
        }
    }

    /// Measures again where this wait is over. Whether it is this check's.
    pub(super) fn wake(&mut self, wake: WakeId, at: Millis) -> bool {
        let CheckStatus::Waiting { wake: due, pause_ms } = self.status else { return false };
        if due != wake {
            return false;
        }
        self.pass_time(at, pause_ms);
        self.status = CheckStatus::Measuring;
        true
    }

    /// Moves the check's clock on: at least by what was waited for, whatever the wall's clock did.
    fn pass_time(&mut self, at: Millis, waited_ms: u64) {
        self.now = self.now.plus(at.since(self.last).max(waited_ms));
        self.last = at;
    }
}

impl Run {
    pub(super) fn begin_checks(&mut self, at: Millis) -> Vec<Command> {
        self.phase = Phase::Checking;
        let own = self.spec.checks.len();
        if self.failure.is_none() {
            self.checks = vec![CheckRun::begin(at); own];
        } else {
            // After a failure the checks of what follows it count, and those of the runbook that failed no more.
            let after = self.spec.all_checks().skip(own).count();
            self.checks.resize(own, CheckRun { status: CheckStatus::NotMade, ..CheckRun::begin(at) });
            self.checks.resize(own + after, CheckRun::begin(at));
        }
        self.measure_again()
    }

    /// Measures everything that has no result yet.
    pub(super) fn measure_again(&mut self) -> Vec<Command> {
        let done = |check: &CheckRun| matches!(check.status, CheckStatus::Ended(_) | CheckStatus::NotMade);
        let open = (0..).zip(&mut self.checks).filter(|(_, check)| !done(check));
        open.map(|(index, check)| {
            check.status = CheckStatus::Measuring;
            Command::Measure { check: index, step: None }
        })
        .collect()
    }

    pub(super) fn check_woke(&mut self, wake: WakeId, at: Millis) -> Result<Vec<Command>, Rejected> {
        let due = (0..).zip(&mut self.checks).find_map(|(index, check)| check.wake(wake, at).then_some(index));
        let index = due.ok_or(Rejected::UnknownWake(wake))?;
        Ok(vec![Command::Measure { check: index, step: None }])
    }

    fn set_check(&mut self, place: usize, status: CheckStatus) {
        if let Some(check) = self.checks.get_mut(place) {
            check.status = status;
        }
    }

    fn end_if_checked(&mut self, at: Millis) -> Vec<Command> {
        let own = self.spec.checks.len();
        let counted = if self.failure.is_some() { own..usize::MAX } else { 0..own };
        let mut failed = None;
        for (place, check) in self.checks.iter().enumerate().filter(|(place, _)| counted.contains(place)) {
            match &check.status {
                CheckStatus::Ended(CheckResult::Passed { .. }) | CheckStatus::NotMade => {}
                CheckStatus::Ended(result @ (CheckResult::Failed { .. } | CheckResult::Inconclusive { .. })) => {
                    failed = failed.or(Some((place, result.clone())));
                }
                CheckStatus::Measuring | CheckStatus::Waiting { .. } => return Vec::new(),
            }
        }
        if let Some((place, result)) = failed {
            let check = u32::try_from(place).unwrap_or(u32::MAX);
            return self.end_or_fall_back(Failed::Check { check, result }, at);
        }
        let ending = self.good_ending();
        self.end(ending, at)
    }
}
