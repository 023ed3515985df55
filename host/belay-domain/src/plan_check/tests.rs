//! What the checker refuses, and what it sees of what it lets pass.

mod answers;
mod keys;
mod objects;
mod ramps;
mod requests;
mod side_by_side;
mod steps;

use expect_test::Expect;

use super::*;
use crate::connection::WriteRule;
use crate::operation::{HttpWrite, ObjectWrite, Operation, Reversibility, Write};
use crate::sample;

fn verdict(plan: &StagePlan, connections: &BTreeMap<ConnectionName, ConnectionRules>) -> String {
    match examine(plan, connections) {
        Ok(_) => "passes".to_owned(),
        Err(found) => found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

fn check(plan: &StagePlan, expected: Expect) {
    expected.assert_eq(&verdict(plan, &sample::connections()));
}

/// The sample's restoration with its first write, of the dataset, altered.
fn with_object(alter: impl FnOnce(&mut ObjectWrite)) -> StagePlan {
    let mut plan = sample::restore();
    match &mut sample::change_of(&mut plan, 0).operations[0].write {
        Write::Object(write) => alter(write),
        Write::Http(_) | Write::Keyvalue(_) => unreachable!(),
    }
    plan
}

/// The sample's restoration with its second write, of the model, altered.
fn with_http(alter: impl FnOnce(&mut HttpWrite)) -> StagePlan {
    let mut plan = sample::restore();
    match &mut sample::change_of(&mut plan, 1).operations[0].write {
        Write::Http(write) => alter(write),
        Write::Object(_) | Write::Keyvalue(_) => unreachable!(),
    }
    plan
}

/// The sample's connections with the first rule of one altered.
fn with_rule(connection: &str, alter: impl FnOnce(&mut WriteRule)) -> BTreeMap<ConnectionName, ConnectionRules> {
    let mut connections = sample::connections();
    alter(&mut connections.get_mut(&connection.parse().unwrap()).unwrap().writes[0]);
    connections
}

fn operation(plan: &mut StagePlan, step: usize) -> &mut Operation {
    &mut sample::change_of(plan, step).operations[0]
}

#[test]
fn the_host_sees_each_operation_in_its_own_way() {
    let plan = sample::restore();
    let examined = examine(&plan, &sample::connections()).unwrap();
    assert_eq!(examined.plan, plan.digest().unwrap());
    let seen = examined.operations.iter().map(|found| {
        (found.object.as_str(), found.repeat_is_safe, found.unguarded_by_system, found.touches, found.settle_ms)
    });
    let alias = r#"registry/api/2.0/mlflow/registered-models/alias {"/alias":"champion","/name":"ranker"}"#;
    let commit = "lake/clicks/_delta_log/00000000000000000032.json";
    assert_eq!(seen.collect::<Vec<_>>(), [(commit, true, false, 8, 1_000), (alias, true, true, 1, 1_000)]);
}

#[test]
fn the_worst_that_anybody_says_of_reversibility_holds() {
    use Reversibility::{Irreversible, Recoverable, Reversible};
    for (declared, at_best, seen) in [
        (Reversible, Reversible, Reversible),
        (Reversible, Recoverable, Recoverable),
        (Irreversible, Recoverable, Irreversible),
    ] {
        let mut plan = sample::restore();
        operation(&mut plan, 0).reversibility = declared;
        let connections = with_rule("lake", |rule| rule.at_best = at_best);
        assert_eq!(examine(&plan, &connections).unwrap().operations[0].reversibility, seen);
    }
}

#[test]
fn a_deletion_is_never_reversible() {
    let mut plan = sample::restore();
    sample::change_of(&mut plan, 0).operations =
        vec![Operation { reversibility: Reversibility::Reversible, ..sample::delete_file("0") }];
    let examined = examine(&plan, &sample::connections()).unwrap();
    assert_eq!(examined.operations[0].reversibility, Reversibility::Recoverable);

    let plan = with_http(|write| write.method = "DELETE".to_owned());
    let connections = with_rule("registry", |rule| {
        *rule = WriteRule { object: rule.object.clone(), ..sample::rule("DELETE /api/**") };
    });
    let examined = examine(&plan, &connections).unwrap();
    assert_eq!(examined.operations[1].reversibility, Reversibility::Recoverable);
}

#[test]
fn what_is_touched_is_at_least_what_the_host_counts() {
    let mut plan = sample::restore();
    operation(&mut plan, 0).touches = 0;
    assert_eq!(examine(&plan, &sample::connections()).unwrap().operations[0].touches, 1);
}
