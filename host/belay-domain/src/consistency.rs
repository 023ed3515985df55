//! Whether a restoration would leave what is made from it behind: a dataset goes back, and the model that was trained on
//! what it held stays. Never guesses: what nobody pinned or can see is not called inconsistent.

use std::collections::{BTreeMap, BTreeSet};

use crate::feature_set::FeatureSet;
use crate::id::ResourceName;
use crate::json::Json;
use crate::plan::StagePlan;
use crate::state::Desired;

/// A resource that would stay as it is, though what it is made from goes back.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{resource}` would stay at {found}, where {pinned} belongs to what `{}` would go back to: restore it in this run, or \
     say that it may be left, by --except {resource} or by the runbook's `leaves`",
    list(.made_from)
)]
pub struct LeftBehind {
    /// Which.
    pub resource: ResourceName,
    /// What of the stage it is made from.
    pub made_from: Vec<ResourceName>,
    /// The version that is there.
    pub found: String,
    /// The version that was pinned together with what goes back.
    pub pinned: String,
}

fn list(names: &[ResourceName]) -> String {
    names.iter().map(ResourceName::as_str).collect::<Vec<_>>().join("`, `")
}

/// A version and its content.
pub type Version = (String, Json);

/// The resources that are made from what a stage takes back to pinned states, and that nobody restores or said may be
/// left. A stage that only sets attributes, as containment does, takes nothing back.
pub fn uncovered<'s>(
    set: &'s FeatureSet,
    plan: &StagePlan,
    covered: &BTreeSet<ResourceName>,
) -> BTreeMap<&'s ResourceName, Vec<ResourceName>> {
    let mut found: BTreeMap<&ResourceName, Vec<ResourceName>> = BTreeMap::new();
    for planned in plan.operations().filter(|planned| matches!(planned.target.desired, Desired::Pinned(_))) {
        let resource = &planned.target.resource;
        for downstream in set.downstream_of(resource).into_iter().filter(|name| !covered.contains(*name)) {
            let made_from = found.entry(downstream).or_default();
            if !made_from.contains(resource) {
                made_from.push(resource.clone());
            }
        }
    }
    found
}

/// Which of those would be left behind: what is there differs from what was pinned together with what goes back.
pub fn left_behind(
    uncovered: BTreeMap<&ResourceName, Vec<ResourceName>>,
    pinned: &BTreeMap<ResourceName, Version>,
    present: &BTreeMap<ResourceName, Version>,
) -> Vec<LeftBehind> {
    let differs = |(name, made_from): (&ResourceName, Vec<ResourceName>)| {
        let ((pinned, wanted), (found, there)) = (pinned.get(name)?, present.get(name)?);
        (wanted != there).then(|| LeftBehind {
            resource: name.clone(),
            made_from,
            found: found.clone(),
            pinned: pinned.clone(),
        })
    };
    uncovered.into_iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::sample;

    fn names(names: &[&str]) -> BTreeSet<ResourceName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn version(name: &str, version: &str) -> BTreeMap<ResourceName, Version> {
        BTreeMap::from([(name.parse().unwrap(), (version.to_owned(), sample::json(version)))])
    }

    fn check(covered: &[&str], pinned: &str, present: &str, expected: Expect) {
        let mut plan = sample::restore();
        plan.steps.truncate(1);
        let set = sample::ranker();
        let left = uncovered(&set, &plan, &names(covered));
        let found = left_behind(left, &version("model", pinned), &version("model", present));
        expected.assert_eq(&found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn what_is_made_from_what_goes_back_goes_back_with_it() {
        check(
            &["dataset"],
            "8",
            "9",
            expect![
                "`model` would stay at 9, where 8 belongs to what `dataset` would go back to: restore it in this run, or say that it may be left, by --except model or by the runbook's `leaves`"
            ],
        );
        check(&["dataset", "model"], "8", "9", expect![""]);
        check(&["dataset"], "8", "8", expect![""]);
    }

    #[test]
    fn what_nobody_pinned_or_can_see_is_not_called_inconsistent() {
        let mut plan = sample::restore();
        plan.steps.truncate(1);
        let set = sample::ranker();
        let left = || uncovered(&set, &plan, &names(&["dataset"]));
        assert_eq!(left().len(), 1);
        assert_eq!(left_behind(left(), &BTreeMap::new(), &version("model", "9")), []);
        assert_eq!(left_behind(left(), &version("model", "8"), &BTreeMap::new()), []);
    }

    #[test]
    fn containment_takes_nothing_back() {
        assert!(uncovered(&sample::ranker(), &sample::contain(), &names(&[])).is_empty());
    }
}
