//! Steps of a stage run side by side, so no two of them may write the same object.

use expect_test::expect;

use super::*;
use crate::operation::Body;
use crate::plan::StepPlan;

const ALIAS: &str = "POST /api/2.0/mlflow/registered-models/alias";

/// A stage whose two steps make the same request, but for their bodies.
fn two_requests(first: &str, second: &str) -> StagePlan {
    let with_body = |body: &str| with_http(|write| write.body = Body(body.as_bytes().to_vec())).steps.remove(1);
    let mut steps = vec![with_body(first), with_body(second)];
    rename(&mut steps[1], "dataset");
    steps[1].id.step = 0;
    StagePlan { steps, ..sample::restore() }
}

fn rename(step: &mut StepPlan, name: &str) {
    if let crate::plan::Subject::Resource(target) = &mut step.subject {
        target.resource = name.parse().unwrap();
    }
}

#[test]
fn two_steps_may_not_write_one_object() {
    let body = r#"{"name":"ranker","alias":"champion","version":"8"}"#;
    check(
        &two_requests(body, &body.replace('8', "7")),
        expect![[
            r#"dataset, write 1: `registry/api/2.0/mlflow/registered-models/alias {"/alias":"champion","/name":"ranker"}` is written by the step of model too, and their order is not fixed; put them into different stages, or let the connection's line say by `object` what the body names"#
        ]],
    );
    check(&two_requests(body, &body.replace("champion", "shadow")), expect!["passes"]);
}

#[test]
fn a_body_that_does_not_say_what_it_writes_is_refused() {
    let whole = r#"{"name":"ranker","alias":"champion"}"#;
    for body in [
        "",
        "not JSON",
        r#"{"name":"ranker"}"#,
        r#"{"name":"ranker","alias":null}"#,
        r#"{"name":"ranker","alias":{}}"#,
        r#"{"name":"ranker","alias":0.5}"#,
        r#"{"name":"ranker","alias":"x","alias":"y"}"#,
    ] {
        let found = verdict(&two_requests(whole, body), &sample::connections());
        assert!(found.contains("but the body has no text or whole number there"), "{found}");
    }
}

#[test]
fn other_numbers_in_a_body_do_not_matter_and_what_it_names_can_be_shown() {
    let plan = two_requests(r#"{"name":"a\u202eb","alias":"x","ratio":0.5}"#, r#"{"name":"b","alias":"x"}"#);
    let examined = examine(&plan, &sample::connections()).unwrap();
    assert!(examined.operations[0].object.ends_with(r#"{"/alias":"x","/name":"a\u202eb"}"#), "{examined:?}");
}

#[test]
fn without_pointers_the_path_alone_names_the_object() {
    let connections = with_rule("registry", |rule| rule.object.clear());
    let found = verdict(&two_requests(r#"{"name":"a"}"#, r#"{"name":"b"}"#), &connections);
    assert!(found.contains("is written by the step of model too"), "{found}");
}

#[test]
fn where_two_rules_allow_a_write_the_coarser_name_counts() {
    let mut connections = sample::connections();
    let registry = connections.get_mut(&"registry".parse().unwrap()).unwrap();
    registry.writes.push(WriteRule { object: vec!["/name".to_owned()], ..sample::rule(ALIAS) });
    let plan = two_requests(r#"{"name":"a","alias":"x"}"#, r#"{"name":"a","alias":"y"}"#);
    assert!(verdict(&plan, &connections).contains(r#"{"/name":"a"}"#));
}

#[test]
fn a_query_in_another_order_is_the_same_object() {
    let named = |path: &str| identity::of_http(&with_path(path), &[]).unwrap().name;
    assert_eq!(named("/x?b=%2f&a=1"), named("/x?a=1&b=%2F"));
    assert_ne!(named("/x?a=1"), named("/x?a=2"));
    assert_eq!(named("/%c3%a9ab"), "registry/%C3%A9ab");
}

fn with_path(path: &str) -> HttpWrite {
    let plan = with_http(|write| write.path = path.to_owned());
    match plan.operations().nth(1).map(|planned| planned.operation.write.clone()) {
        Some(Write::Http(write)) => write,
        other => panic!("{other:?}"),
    }
}

#[test]
fn within_a_step_an_object_may_be_written_again() {
    let mut plan = sample::restore();
    let change = sample::change_of(&mut plan, 1);
    change.operations.push(change.operations[0].clone());
    check(&plan, expect!["passes"]);
}
