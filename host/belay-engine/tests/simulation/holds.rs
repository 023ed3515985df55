//! What must hold of ramps, by a clock that doesn't step: no part begins before the one before it was held for as long
//! as it must be, whatever crashed, was paused or taken over meanwhile.

use std::collections::BTreeMap;

use belay_domain::id::StepId;
use belay_engine::{Act, PartRecord, Run};

use crate::world::Live;

#[derive(Default)]
pub(crate) struct Holds {
    /// When each part was first seen to be reached.
    reached: BTreeMap<(StepId, usize), u64>,
    /// The wall's clock jumped: a resumed hold counts by it.
    jumped: bool,
    /// How many parts were begun after one that was held.
    pub(crate) checked: u32,
}

impl Holds {
    pub(crate) fn clock_jumped(&mut self) {
        self.jumped = true;
    }

    pub(crate) fn note(&mut self, run: &Run, now: u64) {
        for step in run.receipt().stages.into_iter().flat_map(|stage| stage.steps) {
            for (place, part) in step.parts.iter().enumerate() {
                if part.reached_at.is_some() {
                    self.reached.entry((step.step, place)).or_insert(now);
                } else {
                    self.reached.remove(&(step.step, place));
                }
            }
        }
    }

    /// Just before an act is intended.
    pub(crate) fn check(&mut self, run: &Run, live: &Live, act: &Act, now: u64) {
        let Some(part) = part_of(live, run, act) else { return };
        let receipt = run.receipt();
        let parts = &receipt.stages[act.step.stage as usize].steps[act.step.step as usize].parts;
        let hold_ms = run.target(act.step).unwrap().ramp.as_ref().unwrap().hold_ms;
        let Some(before) = part.checked_sub(1) else { return };
        let PartRecord { passed_over, left_at, cut_short_by, .. } = &parts[before];
        assert!(*passed_over || left_at.is_some() || live.disturbed, "a part was skipped: {act:?} {parts:?}");
        if let (Some(reached), None, false) = (self.reached.get(&(act.step, before)), cut_short_by, live.disturbed) {
            assert!(self.jumped || now >= reached + hold_ms, "a hold was shortened: {act:?} {parts:?}");
            self.checked += 1;
        }
    }
}

/// The part of a ramp that an operation leads to: the first whose content is not before what it yields.
fn part_of(live: &Live, run: &Run, act: &Act) -> Option<usize> {
    run.target(act.step)?.ramp.as_ref()?;
    let yields = run.operation(act.step, act.index)?.yields.value()["n"].as_i64()?;
    live.through.iter().position(|content| yields <= *content)
}
