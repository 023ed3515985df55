//! The point of no return: the first write of a plan that nothing takes back. Never decides whether it may be passed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::examined::Examined;
use crate::id::{ResourceName, StepId};
use crate::operation::Reversibility;
use crate::plan::{StagePlan, Target};

/// The first write of a stage that nothing takes back. What stands before it in the stage is done first, as far as
/// lineage allows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NoReturn {
    /// Its step.
    pub step: StepId,
    /// Its place in the step, from 0.
    pub index: u32,
    /// The resource that it changes.
    pub resource: ResourceName,
    /// What it does, for people.
    pub summary: String,
}

/// The steps with a write that nothing takes back, as the host sees it.
pub fn irreversible_steps(examined: &Examined) -> BTreeSet<StepId> {
    let found = examined.operations.iter().filter(|found| found.reversibility == Reversibility::Irreversible);
    found.map(|found| found.step).collect()
}

impl NoReturn {
    /// Where a stage passes it; none: all that it does can be taken back.
    pub fn of(plan: &StagePlan, examined: &Examined) -> Option<Self> {
        let steps = irreversible_steps(examined);
        let targets = || plan.steps.iter().filter(|step| steps.contains(&step.id));
        let follows = |target: &Target| {
            let mut others = targets().filter_map(|step| step.subject.target());
            others.any(|other| target.upstream.contains(&other.resource))
        };
        let first = targets().find(|step| step.subject.target().is_some_and(|target| !follows(target)))?;
        let irreversible = |found: &&crate::examined::ExaminedOperation| {
            found.step == first.id && found.reversibility == Reversibility::Irreversible
        };
        let index = examined.operations.iter().find(irreversible)?.index;
        let planned = plan.operations().find(|planned| (planned.step, planned.index) == (first.id, index))?;
        Some(Self {
            step: first.id,
            index,
            resource: planned.target.resource.clone(),
            summary: planned.operation.summary.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan_check, sample};

    fn point(plan: &StagePlan) -> Option<String> {
        let examined = plan_check::examine(plan, &sample::connections()).unwrap();
        NoReturn::of(plan, &examined).map(|point| format!("{} {}: {}", point.resource, point.index, point.summary))
    }

    #[test]
    fn it_is_the_first_write_that_nothing_takes_back() {
        assert_eq!(point(&sample::restore()), None);
        let mut plan = sample::restore();
        sample::change_of(&mut plan, 0).operations.insert(0, sample::delete_file("0"));
        assert_eq!(point(&plan).unwrap(), "dataset 0: clicks: delete a file");
        sample::change_of(&mut plan, 0).operations.reverse();
        // What the change ends with is what is wanted, whichever way round.
        assert_eq!(point(&plan).unwrap(), "dataset 1: clicks: delete a file");
    }

    #[test]
    fn what_is_made_from_another_comes_after_it_whatever_the_order_of_the_file() {
        let mut plan = sample::restore();
        sample::change_of(&mut plan, 0).operations[0].reversibility = Reversibility::Irreversible;
        sample::change_of(&mut plan, 1).operations[0].reversibility = Reversibility::Irreversible;
        plan.steps.reverse();
        assert!(point(&plan).unwrap().starts_with("dataset 0"));
    }
}
