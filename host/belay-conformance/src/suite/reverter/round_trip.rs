//! Plans performed: does what comes of them match what they said, from wherever they were interrupted, and back again?

use belay_domain::operation::{Change, Expectation, KeyvalueChange, Operation, Write};
use belay_domain::state::{Desired, Reference, State};

use super::{Trial, permitted};
use crate::fixture::{Fixtures, Named, Reverted};
use crate::report::Check;
use crate::suite::probe::Tally;
use crate::systems::Systems;

/// What is tried of plans.
#[derive(Default)]
struct Tallies {
    restored: Tally,
    interrupted: Tally,
    undone: Tally,
    guarded: Tally,
    permitted: Tally,
}

impl Trial<'_, '_> {
    /// Every case that goes somewhere, there and back.
    pub(super) async fn round_trips(&self, fixtures: &Fixtures) -> Vec<Check> {
        let mut tallies = Tallies::default();
        for Named { name, case } in fixtures.reverted.iter().filter(|named| named.case.expect.fault.is_none()) {
            if let Ok(Some(wanted)) = self.wanted(case).await {
                self.there_and_back(name, case, &wanted, &mut tallies).await;
            }
        }
        let checks = [
            ("a plan that was performed restores, and a second one is empty", tallies.restored),
            ("interrupted after any operation, the content is as it said, and a new plan goes on", tallies.interrupted),
            ("what was there before comes back", tallies.undone),
            ("each write of bytes or keys expects what it found", tallies.guarded),
            ("the plan checker lets through what it plans", tallies.permitted),
        ];
        let check = |(name, Tally { tried, failed })| match tried {
            0 => Check::left_out(name, "no fixture `wants` something that takes a write"),
            tried => Check::of(name, tried, failed),
        };
        checks.into_iter().map(check).collect()
    }

    async fn there_and_back(&self, name: &str, case: &Reverted, wanted: &Desired, tallies: &mut Tallies) {
        let named = |why: String| format!("{name}: {why}");
        let before = self.locate(case, &case.systems, &Reference::Present, None).await.answer();
        let (observed, change) = match self.planned(case, &case.systems, wanted).await {
            Ok(planned) => planned,
            Err(why) => return tallies.restored.tell(Some(named(why))),
        };
        let operations = change.operations.clone();
        if operations.is_empty() {
            return;
        }
        tallies.permitted.tell(permitted::refused(case, observed, wanted, change).map(named));
        tallies.guarded.tell(operations.iter().find_map(unguarded).map(named));
        let mut systems = case.systems.clone();
        for (done, operation) in operations.iter().enumerate() {
            if let Err(why) = systems.perform(&operation.write) {
                let line = operation.write.line();
                return tallies.restored.tell(Some(named(format!("operation {} ({line}): {why}", done + 1))));
            }
            let interrupted = match self.yields(case, &systems, operation).await {
                Ok(()) => self.reaches(case, systems.clone(), wanted).await,
                Err(why) => Err(why),
            };
            let after = |why: String| named(format!("after operation {}: {why}", done + 1));
            tallies.interrupted.tell(interrupted.err().map(after));
        }
        let restored = self.is_restored(case, &systems, wanted).await;
        tallies.restored.tell(restored.err().map(named));
        // A reverter that can't pin the present says so when a point is captured.
        let Ok(before) = before else { return };
        let back = Desired::Pinned(before);
        tallies.undone.tell(self.reaches(case, systems, &back).await.err().map(named));
    }

    /// What it finds, and the one change that leads from there to what is wanted.
    async fn planned(&self, case: &Reverted, systems: &Systems, wanted: &Desired) -> Result<(State, Change), String> {
        let observed = self.observe(case, systems, None).await.answer()?;
        let changes = self.plan(case, systems, &observed, wanted, None).await.answer()?;
        let [change] = <[Change; 1]>::try_from(changes)
            .map_err(|changes| format!("one state is wanted, and it plans {} changes", changes.len()))?;
        Ok((observed, change))
    }

    async fn operations(&self, case: &Reverted, systems: &Systems, wanted: &Desired) -> Result<Vec<Operation>, String> {
        Ok(self.planned(case, systems, wanted).await?.1.operations)
    }

    /// Plans from what is there, performs all of it, and looks.
    async fn reaches(&self, case: &Reverted, mut systems: Systems, wanted: &Desired) -> Result<(), String> {
        for operation in self.operations(case, &systems, wanted).await? {
            systems.perform(&operation.write).map_err(|why| format!("{}: {why}", operation.write.line()))?;
        }
        self.is_restored(case, &systems, wanted).await
    }

    async fn yields(&self, case: &Reverted, systems: &Systems, operation: &Operation) -> Result<(), String> {
        let observed = self.observe(case, systems, None).await.answer()?;
        if observed.content == operation.yields {
            return Ok(());
        }
        let (found, said) = (observed.content.canonical(), operation.yields.canonical());
        Err(format!("the content is {found}, the operation said {said}"))
    }

    async fn is_restored(&self, case: &Reverted, systems: &Systems, wanted: &Desired) -> Result<(), String> {
        let observed = self.observe(case, systems, None).await.answer()?;
        if !wanted.is_met_by(&observed.content) {
            return Err(format!("the content is {}, which is not what was wanted", observed.content.canonical()));
        }
        match self.operations(case, systems, wanted).await?.len() {
            0 => Ok(()),
            more => Err(format!("it is as wanted, and yet a second plan has {more} operations")),
        }
    }
}

/// A write that overwrites whatever came in between. HTTP writes guard themselves where their API can.
fn unguarded(operation: &Operation) -> Option<String> {
    let expect = match &operation.write {
        Write::Object(write) => &write.expect,
        // A prefix has no bytes to expect.
        Write::Keyvalue(write) if matches!(write.change, KeyvalueChange::DeletePrefix { .. }) => return None,
        Write::Keyvalue(write) => &write.expect,
        Write::Http(_) => return None,
    };
    (*expect == Expectation::Anything).then(|| format!("{} expects nothing of what is there", operation.write.line()))
}
