//! The presets, against what the real systems answered.

use belay_sdk::{BodyTest, Fault, Reverter, Write, fake};
use expect_test::expect;
use http_resource::HttpResource;
use serde_json::json;

use super::{content, observe, operations, pinned, resource, set, shown};

const DEPLOYMENT: &str = r#"{"id":"d85a","updated":"2026-11-22T18:13:54.526000Z","name":"nightly","paused":false,"parameters":{"model":"v8","threshold":0.5}}"#;

fn prefect(runs: &str) -> fake::Reads {
    fake::Reads::default().answer("api", "GET /deployments/name/etl/nightly", 200, DEPLOYMENT).answer(
        "api",
        "POST /flow_runs/filter",
        200,
        runs,
    )
}

#[test]
fn a_prefect_deployment_is_paused() {
    let of = resource("etl/nightly", "preset = \"prefect-deployment\"");
    let [pause] = operations(&prefect("[]"), &of, set(&json!({"paused": true}))).unwrap().try_into().unwrap();
    assert_eq!(shown(&pause), r#"PATCH /deployments/d85a {"paused":true}"#);
    assert_eq!(pause.summary, "etl/nightly: paused false → true");
    let missing = fake::Reads::default().answer(
        "api",
        "GET /deployments/name/etl/nightly",
        404,
        r#"{"detail":"Deployment not found"}"#,
    );
    assert!(matches!(HttpResource::observe(&missing, &of), Err(Fault::Missing(_))), "not there is no state");
}

#[test]
fn a_prefect_flow_run_is_started_once_and_can_t_be_taken_back() {
    let of = resource("etl/nightly/runs", "preset = \"prefect-flow-run\"");
    let none = prefect("[]");
    assert_eq!(content(&observe(&none, &of)), json!({"run": null}));
    let [start] = operations(&none, &of, set(&json!({"run": "inc-4211"}))).unwrap().try_into().unwrap();
    expect![[r#"POST /deployments/d85a/create_flow_run {"idempotency_key":"belay-r-7-1.0-inc-4211","name":"inc-4211","state":{"type":"SCHEDULED"},"tags":["belay"]}"#]]
        .assert_eq(&shown(&start));
    let there = prefect(r#"[{"name":"inc-4211"}]"#);
    assert_eq!(operations(&there, &of, set(&json!({"run": "inc-4211"}))), Ok(Vec::new()));
    assert!(matches!(operations(&there, &of, pinned(&observe(&none, &of))), Err(Fault::Unsupported(_))));
}

/// What Airflow 3.3 answered, shortened.
const DAG: &str = r#"{"dag_id":"etl","is_paused":false,"timetable_summary":"0 * * * *"}"#;
const RUNS: &str = r#"{"dag_runs":[{"dag_run_id":"belay_r-1_inc-1","note":"inc-1"}],"total_entries":1}"#;

#[test]
fn an_airflow_dag_is_paused_and_run_once() {
    let airflow = fake::Reads::default().answer("api", "GET /dags/etl", 200, DAG).answer(
        "api",
        "GET /dags/etl/dagRuns?run_id_pattern=belay_%25&order_by=-run_after&limit=1",
        200,
        RUNS,
    );
    let dag = resource("etl", "preset = \"airflow-dag\"");
    let [pause] = operations(&airflow, &dag, set(&json!({"paused": true}))).unwrap().try_into().unwrap();
    assert_eq!(shown(&pause), r#"PATCH /dags/etl {"is_paused":true}"#);
    let runs = resource("etl/runs", "preset = \"airflow-dag-run\"");
    assert_eq!(operations(&airflow, &runs, set(&json!({"run": "inc-1"}))), Ok(Vec::new()));
    let [start] = operations(&airflow, &runs, set(&json!({"run": "inc-2"}))).unwrap().try_into().unwrap();
    assert_eq!(
        shown(&start),
        r#"POST /dags/etl/dagRuns {"dag_run_id":"belay_r-7-1.0_inc-2","logical_date":null,"note":"inc-2"}"#
    );
    // A repeat is a 409 that names the reason, and means that the run is there; another 409 doesn't.
    let Write::Http(write) = &start.write else { panic!("no HTTP write") };
    let repeat = write.applied.iter().find(|answer| answer.status == 409).and_then(|answer| answer.body.clone());
    let reason = "\"Unique constraint violation\"".to_owned();
    assert_eq!(repeat, Some(("/detail/reason".to_owned(), BodyTest::Equals(reason))));
}

#[test]
fn every_preset_fits_the_schema_and_makes_sense() {
    for (preset, id) in [
        ("prefect-deployment", "etl/nightly"),
        ("prefect-flow-run", "etl/nightly/runs"),
        ("airflow-dag", "etl"),
        ("airflow-dag-run", "etl/runs"),
    ] {
        let of = resource(id, &format!("preset = {preset:?}"));
        let down = fake::Reads::default().unreachable("api");
        assert!(matches!(HttpResource::observe(&down, &of), Err(Fault::Unavailable(_))), "{preset}");
    }
}
