//! One story for the tests of the rules: the release v9 of a ranker turned out badly and goes back to `rp-0412`.

use std::collections::BTreeMap;

use crate::connection::{ConnectionKind, ConnectionRules, Criticality, WriteRule};
use crate::digest::Digest;
use crate::feature_set::{Consumer, FeatureSet, ResourceSpec, Tier, Unchecked};
use crate::id::{ConnectionName, Millis, StepId};
use crate::json::Json;
use crate::operation::{
    Answer, Body, Change, Expectation, HttpWrite, Loss, ObjectWrite, Operation, Reversibility, Write,
};
use crate::plan::{StagePlan, StepPlan, Subject, Target, Work};
use crate::state::{Desired, Pin, State};

pub(crate) const DAY_MS: u64 = 24 * 3_600_000;
/// Sunday, 22 November 2026, 02:15 UTC.
pub(crate) const NOW: Millis = Millis(1_795_313_700_000);

pub(crate) fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

pub(crate) fn feature_set(tier: Tier, consumers: &[Tier]) -> FeatureSet {
    let resource = |name: &str, plugin: &str, at: &str, upstream: &[&str]| ResourceSpec {
        name: name.parse().unwrap(),
        plugin: plugin.parse().unwrap(),
        at: at.parse().unwrap(),
        config: json("{}"),
        connections: vec![],
        upstream: upstream.iter().map(|name| name.parse().unwrap()).collect(),
        quarantine: None,
    };
    let names = ["search-page", "cart-upsell"].into_iter().map(str::to_owned);
    let names = names.chain((3..).map(|number| format!("consumer-{number}")));
    Unchecked {
        name: "checkout-ranker".parse().unwrap(),
        owner: "ranking".to_owned(),
        tier,
        consumers: names.zip(consumers).map(|(name, tier)| Consumer { name, tier: *tier }).collect(),
        resources: vec![
            resource("flag", "flagd-flag", "flags/ranker-v9", &[]),
            resource("dataset", "delta-table", "lake/clicks", &[]),
            resource("model", "mlflow-alias", "registry/ranker@champion", &["dataset"]),
        ],
    }
    .try_into()
    .unwrap()
}

/// Two ordinary consumers of a critical set.
pub(crate) fn ranker() -> FeatureSet {
    feature_set(Tier::Critical, &[Tier::Standard, Tier::Standard])
}

pub(crate) fn rule(pattern: &str) -> WriteRule {
    WriteRule {
        pattern: pattern.to_owned().try_into().unwrap(),
        object: Vec::new(),
        at_best: Reversibility::Reversible,
        repeatable: false,
        guarded: false,
    }
}

pub(crate) fn connections() -> BTreeMap<ConnectionName, ConnectionRules> {
    let rules = |name: &str, kind, criticality, writes| {
        let name: ConnectionName = name.parse().unwrap();
        (name.clone(), ConnectionRules { name, kind, criticality, writes, settle_ms: 1_000 })
    };
    let alias = WriteRule {
        object: vec!["/name".to_owned(), "/alias".to_owned()],
        repeatable: true,
        ..rule("POST /api/2.0/mlflow/registered-models/alias")
    };
    let lake = vec![rule("PUT */_delta_log/*.json"), rule("DELETE */part-*.parquet")];
    [
        rules("flags", ConnectionKind::Dir, Criticality::Medium, vec![rule("PUT *.flagd.json")]),
        rules("lake", ConnectionKind::Dir, Criticality::Medium, lake),
        rules("registry", ConnectionKind::Http, Criticality::High, vec![alias]),
    ]
    .into()
}

fn operation(summary: &str, write: Write, yields: &str, touches: u64) -> Operation {
    Operation {
        summary: summary.to_owned(),
        write,
        yields: json(yields),
        reversibility: Reversibility::Reversible,
        touches,
    }
}

pub(crate) fn turn_off() -> Operation {
    let write = ObjectWrite {
        connection: "flags".parse().unwrap(),
        key: "shop.flagd.json".to_owned(),
        content: Some(Body(br#"{"flags":{"ranker-v9":{"state":"DISABLED"}}}"#.to_vec())),
        expect: Expectation::Bytes(Digest::of(b"before")),
    };
    operation("flag ranker-v9: on → off", Write::Object(write), r#"{"enabled":false,"rollout":100}"#, 1)
}

pub(crate) fn restore_commit() -> Operation {
    let write = ObjectWrite {
        connection: "lake".parse().unwrap(),
        key: "clicks/_delta_log/00000000000000000032.json".to_owned(),
        content: Some(Body(b"{\"commitInfo\":{}}\n".to_vec())),
        expect: Expectation::Absent,
    };
    operation("clicks: v31 → content of v27", Write::Object(write), r#"{"files":"27"}"#, 8)
}

pub(crate) fn set_alias() -> Operation {
    let write = HttpWrite {
        connection: "registry".parse().unwrap(),
        method: "POST".to_owned(),
        path: "/api/2.0/mlflow/registered-models/alias".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Body(br#"{"name":"ranker","alias":"champion","version":"8"}"#.to_vec()),
        applied: vec![Answer { status: 200, body: None }],
        refused: vec![Answer { status: 404, body: None }],
    };
    operation("alias champion: 9 → 8", Write::Http(write), r#"{"version":"8"}"#, 1)
}

/// A deletion of one of the table's files.
pub(crate) fn delete_file(name: &str) -> Operation {
    let write = ObjectWrite {
        connection: "lake".parse().unwrap(),
        key: format!("clicks/part-{name}.parquet"),
        content: None,
        expect: Expectation::Bytes(Digest::of(name.as_bytes())),
    };
    let deletion = operation("clicks: delete a file", Write::Object(write), r#"{"files":"27"}"#, 1);
    Operation { reversibility: Reversibility::Irreversible, ..deletion }
}

pub(crate) fn pinned(version: &str, content: &str) -> Desired {
    let state = State { version: version.to_owned(), content: json(content), revision: json("1") };
    Desired::Pinned(Pin { state, proof: Json::NULL })
}

/// A step of the stage `stage`.
pub(crate) fn step(
    stage: u32,
    step: u32,
    name: &str,
    desired: Desired,
    found: (&str, &str),
    change: Change,
) -> StepPlan {
    let set = ranker();
    let spec = set.resource(&name.parse().unwrap()).unwrap();
    let target = Target {
        resource: spec.name.clone(),
        at: spec.at.clone(),
        config: spec.config.clone(),
        plugin: spec.plugin.clone(),
        component: Digest::of(spec.plugin.as_str().as_bytes()),
        connections: Vec::new(),
        upstream: spec.upstream.clone(),
        desired,
        ramp: None,
    };
    let observed = State { version: found.0.to_owned(), content: json(found.1), revision: json("2") };
    StepPlan {
        id: StepId { stage, step },
        subject: Subject::Resource(Box::new(target)),
        work: Work::Change { observed, change },
        parts: Vec::new(),
    }
}

pub(crate) fn change(operations: Vec<Operation>, loss: Option<Loss>) -> Change {
    Change { operations, factors: Vec::new(), loss, notes: Vec::new() }
}

pub(crate) fn stage(index: u32, name: &str, steps: Vec<StepPlan>) -> StagePlan {
    StagePlan { environment: "prod".parse().unwrap(), index, stage: name.parse().unwrap(), steps }
}

/// The flag off: attributes, no data.
pub(crate) fn contain() -> StagePlan {
    let off = Desired::Attributes(json(r#"{"enabled":false}"#));
    let found = ("on, 100 %", r#"{"enabled":true,"rollout":100}"#);
    stage(0, "contain", vec![step(0, 0, "flag", off, found, change(vec![turn_off()], None))])
}

/// 4 commits with 12,031 rows.
pub(crate) fn loss() -> Loss {
    Loss { since: Millis(NOW.0 - 2 * DAY_MS), changes: 4, rows: Some(12_031) }
}

/// The dataset and the model back to what the point pinned.
pub(crate) fn restore() -> StagePlan {
    let dataset = pinned("v27", r#"{"files":"27"}"#);
    let model = pinned("8", r#"{"version":"8"}"#);
    let steps = vec![
        step(1, 0, "dataset", dataset, ("v31", r#"{"files":"31"}"#), change(vec![restore_commit()], Some(loss()))),
        step(1, 1, "model", model, ("9", r#"{"version":"9"}"#), change(vec![set_alias()], None)),
    ];
    stage(1, "restore", steps)
}

/// The change of a step, to alter it.
pub(crate) fn change_of(plan: &mut StagePlan, step: usize) -> &mut Change {
    match &mut plan.steps[step].work {
        Work::Change { change, .. } => change,
        Work::Blind { .. } | Work::Person => panic!("the step {step} changes nothing"),
    }
}
