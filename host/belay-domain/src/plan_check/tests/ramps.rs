//! A ramp is one plan: its parts write the same object one after the other, in order, each ending where it should.

use expect_test::expect;

use super::*;
use crate::ramp::{PlannedPart, Ramp};
use crate::state::Desired;

/// The sample's flag taken from 100 % through 50 and 25 to 0.
fn ramped(through: &[i64], yields: &[i64], parts: &[(u32, u32)]) -> StagePlan {
    let mut plan = sample::contain();
    let step = &mut plan.steps[0];
    let ramp = Ramp {
        attribute: "rollout".to_owned(),
        through: through.iter().map(|value| sample::json(&value.to_string())).collect(),
        hold_ms: 30_000,
        checks: true,
    };
    if let crate::plan::Subject::Resource(target) = &mut step.subject {
        target.desired = ramp.desired(ramp.last()).unwrap();
        target.ramp = Some(ramp);
    }
    step.parts = parts.iter().map(|(part, operations)| PlannedPart { part: *part, operations: *operations }).collect();
    let to = |value: &i64| Operation {
        yields: sample::json(&format!(r#"{{"enabled":true,"rollout":{value}}}"#)),
        ..sample::turn_off()
    };
    sample::change_of(&mut plan, 0).operations = yields.iter().map(to).collect();
    plan
}

#[test]
fn parts_write_one_object_one_after_the_other() {
    check(&ramped(&[50, 25, 0], &[50, 25, 0], &[(0, 1), (1, 1), (2, 1)]), expect!["passes"]);
    check(&ramped(&[50, 25, 0], &[40, 50, 25, 0], &[(0, 2), (1, 1), (2, 1)]), expect!["passes"]);
    let plan = ramped(&[50, 25, 0], &[50, 25, 0], &[(0, 1), (1, 1), (2, 1)]);
    let examined = examine(&plan, &sample::connections()).unwrap();
    assert_eq!(examined.operations.iter().map(|found| found.index).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn what_is_passed_is_not_gone_again() {
    check(&ramped(&[100, 50, 0], &[50, 0], &[(1, 1), (2, 1)]), expect!["passes"]);
    let other = expect![
        "flag: the plan does not go the parts of the step's ramp in order, from where the resource stands to the last"
    ];
    check(&ramped(&[100, 50, 0], &[100, 50, 0], &[(0, 1), (1, 1), (2, 1)]), other);
}

#[test]
fn each_part_ends_where_it_should() {
    check(
        &ramped(&[50, 25, 0], &[50, 30, 0], &[(0, 1), (1, 1), (2, 1)]),
        expect!["flag: after part 2 of the ramp the resource would not be what the part wants"],
    );
    check(
        &ramped(&[50, 25, 0], &[50, 0], &[(0, 1), (1, 0), (2, 1)]),
        expect!["flag: after part 2 of the ramp the resource would not be what the part wants"],
    );
}

#[test]
fn parts_are_the_ramps_own_in_order_and_divide_the_writes() {
    for parts in [
        &[(0, 1), (2, 1), (1, 1)][..],
        &[(0, 1), (1, 2)],
        &[(0, 1), (1, 1), (2, 2)],
        &[(0, 1), (1, 1), (2, 1), (3, 0)],
        &[],
    ] {
        let found = verdict(&ramped(&[50, 25, 0], &[50, 25, 0], parts), &sample::connections());
        assert!(found.contains("does not go the parts"), "{parts:?}: {found}");
    }
    let mut plain = sample::contain();
    plain.steps[0].parts = vec![PlannedPart { part: 0, operations: 1 }];
    assert!(verdict(&plain, &sample::connections()).contains("does not go the parts"));
    let mut elsewhere = ramped(&[50, 25, 0], &[50, 25, 0], &[(0, 1), (1, 1), (2, 1)]);
    if let crate::plan::Subject::Resource(target) = &mut elsewhere.steps[0].subject {
        target.desired = Desired::Attributes(sample::json(r#"{"rollout":25}"#));
    }
    assert!(verdict(&elsewhere, &sample::connections()).contains("does not go the parts"));
}
