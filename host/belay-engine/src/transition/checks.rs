//! Checks measure once every stage is restored. No data is never a pass.

use belay_domain::check::{Check, CheckResult, Reading, Watch};
use belay_domain::id::Millis;

use crate::command::Command;
use crate::event::WakeId;
use crate::outlook::Ending;
use crate::rejected::Rejected;
use crate::run::{CheckRun, CheckStatus, Phase, Run};

/// The shortest pause between two measurements, in milliseconds; else a twentieth of the time that the check has.
const SHORTEST_PAUSE_MS: u64 = 250;

/// A check that holds is measured again when it has held for long enough, if that is sooner.
fn pause_ms(check: &Check, state: &CheckRun) -> u64 {
    let pause = (check.within_ms / 20).max(SHORTEST_PAUSE_MS);
    state.watch.left_to_hold(check, state.now).map_or(pause, |left| pause.min(left.max(1)))
}

pub(super) fn measured(run: &mut Run, index: u32, reading: &Reading, at: Millis) -> Result<Vec<Command>, Rejected> {
    let unexpected = Rejected::NotExpected("check.measured");
    let place = index as usize;
    let (Phase::Checking, Some(check), Some(state)) =
        (&run.phase, run.spec.checks.get(place), run.checks.get_mut(place))
    else {
        return Err(unexpected);
    };
    if state.status != CheckStatus::Measuring {
        return Err(unexpected);
    }
    state.pass_time(at, 0);
    let ended = state.watch.take(check, reading, state.now);
    let pause_ms = pause_ms(check, state);
    match ended {
        Some(result) => {
            state.status = CheckStatus::Ended(result);
            Ok(run.end_if_checked(at))
        }
        None => {
            let (wake, command) = run.wait(at, pause_ms);
            run.set_check(place, CheckStatus::Waiting { wake, pause_ms });
            Ok(vec![command])
        }
    }
}

impl CheckRun {
    /// Moves the check's clock on: at least by what was waited for, whatever the wall's clock did.
    fn pass_time(&mut self, at: Millis, waited_ms: u64) {
        self.now = self.now.plus(at.since(self.last).max(waited_ms));
        self.last = at;
    }
}

impl Run {
    pub(super) fn begin_checks(&mut self, at: Millis) -> Vec<Command> {
        self.phase = Phase::Checking;
        let check = CheckRun { watch: Watch::begin(at), now: at, last: at, status: CheckStatus::Measuring };
        self.checks = vec![check; self.spec.checks.len()];
        self.measure_again()
    }

    /// Measures everything that has no result yet.
    pub(super) fn measure_again(&mut self) -> Vec<Command> {
        let open = (0..).zip(&mut self.checks).filter(|(_, check)| !matches!(check.status, CheckStatus::Ended(_)));
        open.map(|(index, check)| {
            check.status = CheckStatus::Measuring;
            Command::Measure { check: index }
        })
        .collect()
    }

    pub(super) fn check_woke(&mut self, wake: WakeId, at: Millis) -> Result<Vec<Command>, Rejected> {
        let due = (0..).zip(&mut self.checks).find_map(|(index, check)| match check.status {
            CheckStatus::Waiting { wake: due, pause_ms } if due == wake => Some((index, check, pause_ms)),
            CheckStatus::Measuring | CheckStatus::Waiting { .. } | CheckStatus::Ended(_) => None,
        });
        let Some((index, state, waited_ms)) = due else { return Err(Rejected::UnknownWake(wake)) };
        state.pass_time(at, waited_ms);
        state.status = CheckStatus::Measuring;
        Ok(vec![Command::Measure { check: index }])
    }

    fn set_check(&mut self, place: usize, status: CheckStatus) {
        if let Some(check) = self.checks.get_mut(place) {
            check.status = status;
        }
    }

    fn end_if_checked(&mut self, at: Millis) -> Vec<Command> {
        let results: Option<Vec<&CheckResult>> = self
            .checks
            .iter()
            .map(|check| match &check.status {
                CheckStatus::Ended(result) => Some(result),
                CheckStatus::Measuring | CheckStatus::Waiting { .. } => None,
            })
            .collect();
        let Some(results) = results else { return Vec::new() };
        let failed = (0..).zip(results).find(|(_, result)| !matches!(result, CheckResult::Passed { .. }));
        let ending = match failed {
            Some((check, result)) => Ending::Failed { check, result: result.clone() },
            None => self.good_ending(),
        };
        self.end(ending, at)
    }
}
