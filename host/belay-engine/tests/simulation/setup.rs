//! What a seed begins with.

use belay_domain::check::{Check, DecimalText, Inconclusive, Threshold};
use belay_domain::id::Millis;
use belay_domain::json::Json;
use belay_engine::RunSpec;

use crate::fixture;
use crate::rng::Rng;
use crate::world::{Kind, Live};

/// One to three stages of one to three resources each, some of them upstream of others, and now and then a person.
pub(crate) fn setup(rng: &mut Rng, begin: u64) -> (RunSpec, Vec<Live>) {
    let mut live = Vec::new();
    let mut stages = Vec::new();
    let mut made_from: Vec<(String, String)> = Vec::new();
    for stage in 0..rng.between(1, 3) {
        let mut subjects = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for step in 0..rng.between(1, 3) {
            let name = format!("s{stage}r{step}");
            let kind = [Kind::Guarded, Kind::Harmless, Kind::Once][rng.between(0, 2) as usize];
            let base = 1_000 * (i64::try_from(stage * 10 + step).unwrap() + 1);
            let way: Vec<i64> = (1..=i64::try_from(rng.between(1, 4)).unwrap()).map(|place| base + place).collect();
            let desired = *way.last().unwrap();
            let hold_ms = rng.between(0, 3_000);
            let through: Vec<i64> =
                way.iter().copied().filter(|content| *content == desired || rng.percent(70)).collect();
            let by_parts = rng.percent(30);
            let original = if rng.percent(20) { desired } else { base };
            let upstream: Vec<&str> = names.iter().filter(|_| rng.percent(40)).map(String::as_str).collect();
            for upstream in &upstream {
                made_from.push(((*upstream).to_owned(), name.clone()));
            }
            subjects.push(if by_parts {
                fixture::ramp(&name, &upstream, &through, hold_ms)
            } else {
                fixture::restore(&name, &upstream, desired)
            });
            let mut resource = Live::new(&name, kind, original, way);
            resource.through = through;
            live.push(resource);
            names.push(name);
        }
        if rng.percent(10) {
            subjects.push(fixture::by_hand("ask the DBA"));
        }
        stages.push((format!("stage{stage}"), subjects));
    }
    let mut skips: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut spec = fixture::spec(stages.iter().map(|(name, subjects)| (name.as_str(), subjects.clone())).collect());
    spec.requested_at = Millis(begin);
    spec.mandate.expires_at = Millis(begin + if rng.percent(5) { rng.between(0, 3_000) } else { 1_000_000_000 });
    spec.limits.run_within_ms = rng.percent(20).then(|| rng.between(500, 30_000));
    spec.limits.step_within_ms = rng.percent(20).then(|| rng.between(100, 10_000));
    for stage in &mut spec.stages {
        for step in &mut stage.steps {
            step.excepted = rng.percent(5);
        }
    }
    if rng.percent(30) {
        spec.checks.push(check());
    }
    match rng.between(0, 9) {
        0..=4 => {}
        5..=7 => fixture::undoing(&mut spec),
        _ => fall_back(rng, &mut spec, &mut live),
    }
    for live in &live {
        if rng.percent(50) {
            let downstream = made_from.iter().filter(|(upstream, _)| *upstream == live.name);
            let with: Vec<&str> = downstream.filter(|_| rng.percent(80)).map(|(_, name)| name.as_str()).collect();
            skips.push((live.name.as_str(), with));
        }
    }
    let skips: Vec<(&str, &[&str])> = skips.iter().map(|(name, with)| (*name, with.as_slice())).collect();
    spec.mandate.may_skip = fixture::may_skip(&skips);
    (spec, live)
}

fn check() -> Check {
    Check {
        probe: "json-probe".parse().unwrap(),
        connections: Vec::new(),
        resource: None,
        config: Json::parse("{}").unwrap(),
        measurement: "value".into(),
        must: Threshold::Below(DecimalText::try_from("0.02".to_owned()).unwrap()),
        within_ms: 10_000,
        hold_ms: 1_000,
        inconclusive: Inconclusive::Wait,
    }
}

/// Another runbook: a resource of its own, and one that the run writes too.
fn fall_back(rng: &mut Rng, spec: &mut RunSpec, live: &mut Vec<Live>) {
    let shared = live[usize::try_from(rng.between(0, live.len() as u64 - 1)).unwrap()].name.clone();
    let subjects = vec![fixture::restore("store", &[], 70_001), fixture::restore(&shared, &["store"], 80_001)];
    live.push(Live::new("store", Kind::Harmless, 70_000, vec![70_001]));
    let mut alternate = fixture::spec(vec![("failover", subjects)]);
    if rng.percent(30) {
        alternate.checks.push(check());
    }
    let skips: &[(&str, &[&str])] = if rng.percent(50) { &[("store", &[])] } else { &[] };
    fixture::with_alternate(spec, alternate, fixture::may_skip(skips));
}
