//! What a runbook may do to limits, and that it never loosens any.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::risk::Band;

const HOUR_MS: u64 = 3_600_000;

fn at<T>(value: T, file: &str, line: u32) -> Said<T> {
    Said { value, at: Some(Place { file: file.to_owned(), line: Some(line) }) }
}

fn bands(pairs: &[(u32, u32)]) -> Bands {
    let bands = pairs.iter().map(|&(up_to, approvals)| Band { up_to, approvals });
    Bands::try_from(bands.collect::<Vec<_>>()).unwrap()
}

fn governance() -> Limits {
    Limits {
        bands: at(bands(&[(25, 0), (60, 1), (85, 2)]), "belay.toml", 70),
        stage_bands: BTreeMap::new(),
        mandate_ttl_ms: Said::from(4 * HOUR_MS),
        max_point_age_ms: at(720 * HOUR_MS, "belay.toml", 76),
        run_within_ms: None,
        step_within_ms: at(HOUR_MS, "belay.toml", 77).into(),
        may_lose_ms: None,
    }
}

fn check(environment: &Terms, runbook: &Terms, expected: Expect) {
    let text = match tighten(&governance(), environment, runbook) {
        Ok(limits) => serde_json::to_string(&limits).unwrap(),
        Err(loosened) => loosened.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    };
    expected.assert_eq(&text);
}

#[test]
fn an_environment_says_in_place_and_a_runbook_on_top() {
    let environment = Terms { bands: Some(at(bands(&[(85, 0)]), "belay.toml", 31)), ..Terms::default() };
    check(
        &environment,
        &Terms::default(),
        expect![[
            r#"{"bands":[{"up_to":85,"approvals":0}],"stage_bands":{},"mandate_ttl_ms":14400000,"max_point_age_ms":2592000000,"run_within_ms":null,"step_within_ms":3600000,"may_lose_ms":null}"#
        ]],
    );
    let runbook = Terms {
        bands: Some(at(bands(&[(50, 1)]), "runbooks/a.toml", 4)),
        stage_approvals: BTreeMap::from([("purge".parse().unwrap(), at(2, "runbooks/a.toml", 20))]),
        mandate_ttl_ms: Some(at(HOUR_MS, "runbooks/a.toml", 5)),
        run_within_ms: Some(at(2 * HOUR_MS, "runbooks/a.toml", 6)),
        ..Terms::default()
    };
    check(
        &environment,
        &runbook,
        expect![[
            r#"{"bands":[{"up_to":50,"approvals":1}],"stage_bands":{"purge":[{"up_to":50,"approvals":2}]},"mandate_ttl_ms":3600000,"max_point_age_ms":2592000000,"run_within_ms":7200000,"step_within_ms":3600000,"may_lose_ms":null}"#
        ]],
    );
}

#[test]
fn loosening_names_both_places() {
    let runbook = Terms {
        bands: Some(at(bands(&[(60, 0)]), "runbooks/a.toml", 4)),
        mandate_ttl_ms: Some(at(8 * HOUR_MS, "runbooks/a.toml", 5)),
        max_point_age_ms: Some(at(900 * HOUR_MS, "runbooks/a.toml", 6)),
        step_within_ms: Some(at(90 * 60_000, "runbooks/a.toml", 7)),
        ..Terms::default()
    };
    check(
        &Terms::default(),
        &runbook,
        expect![[r#"
        `mandate_ttl` is 8h (runbooks/a.toml:5), which loosens 4h (what belay takes by itself): it may only tighten
        `max_point_age` is 900h (runbooks/a.toml:6), which loosens 30d (belay.toml:76): it may only tighten
        `step_within` is 90m (runbooks/a.toml:7), which loosens 1h (belay.toml:77): it may only tighten
        `bands` is 0 approvals at risk 26 (runbooks/a.toml:4), which loosens 1 approval at risk 26 (belay.toml:70): it may only tighten"#]],
    );
}

#[test]
fn the_bands_of_a_stage_loosen_nothing_either() {
    let stage = BTreeMap::from([("contain".parse().unwrap(), at(bands(&[(85, 0)]), "belay.toml", 80))]);
    check(
        &Terms { stage_bands: stage, ..Terms::default() },
        &Terms::default(),
        expect![
            "`bands of the stage contain` is 0 approvals at risk 26 (belay.toml:80), which loosens 1 approval at risk 26 (belay.toml:70): it may only tighten"
        ],
    );
}

fn any_bands() -> impl Strategy<Value = Bands> {
    prop::collection::vec((0..=100_u32, 0..4_u32), 1..4).prop_map(|mut pairs| {
        pairs.sort_unstable();
        pairs.dedup_by_key(|pair| pair.0);
        let mut most = 0;
        for (_, approvals) in &mut pairs {
            most = most.max(*approvals);
            *approvals = most;
        }
        bands(&pairs)
    })
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let time = || prop::option::of((1..1_000_u64).prop_map(Said::from));
    let stage = || prop::sample::select(vec!["contain", "restore"]).prop_map(|name| name.parse::<StageName>().unwrap());
    let stage_bands = prop::collection::btree_map(stage(), any_bands().prop_map(Said::from), 0..2);
    let approvals = prop::collection::btree_map(stage(), (1..4_u32).prop_map(Said::from), 0..2);
    let bands = prop::option::of(any_bands().prop_map(Said::from));
    let times = (time(), time(), time(), time(), time());
    (bands, stage_bands, approvals, times).prop_map(|(bands, stage_bands, stage_approvals, times)| Terms {
        bands,
        stage_bands,
        stage_approvals,
        mandate_ttl_ms: times.0,
        max_point_age_ms: times.1,
        run_within_ms: times.2,
        step_within_ms: times.3,
        may_lose_ms: times.4,
    })
}

fn asks(bands: &Bands, risk: u32) -> u32 {
    bands.of(risk).map_or(u32::MAX, |band| band.approvals)
}

proptest! {
    #[test]
    fn a_runbook_never_loosens(environment in any_terms(), runbook in any_terms()) {
        let Ok(without) = tighten(&governance(), &environment, &Terms::default()) else { return Ok(()) };
        let Ok(with) = tighten(&governance(), &environment, &runbook) else { return Ok(()) };
        for stage in ["contain", "restore", "other"] {
            let stage = stage.parse().unwrap();
            for risk in 0..=100 {
                let (with, without) = (with.bands_of(&stage), without.bands_of(&stage));
                prop_assert!(asks(&with.value, risk) >= asks(&without.value, risk), "{stage} at {risk}");
            }
        }
        prop_assert!(with.mandate_ttl_ms.value <= without.mandate_ttl_ms.value);
        prop_assert!(with.max_point_age_ms.value <= without.max_point_age_ms.value);
        let most = |limit: &Option<Said<u64>>| limit.as_ref().map_or(u64::MAX, |said| said.value);
        prop_assert!(most(&with.run_within_ms) <= most(&without.run_within_ms));
        prop_assert!(most(&with.step_within_ms) <= most(&without.step_within_ms));
        prop_assert!(most(&with.may_lose_ms) <= most(&without.may_lose_ms));
    }

    #[test]
    fn what_is_not_refused_is_what_was_said(runbook in any_terms()) {
        if let Ok(limits) = tighten(&governance(), &Terms::default(), &runbook) {
            let said = |said: &Option<Said<u64>>, found: Option<u64>| said.as_ref().is_none_or(|s| Some(s.value) == found);
            prop_assert!(said(&runbook.mandate_ttl_ms, Some(limits.mandate_ttl_ms.value)));
            prop_assert!(said(&runbook.run_within_ms, limits.run_within_ms.map(|said| said.value)));
            for (stage, least) in &runbook.stage_approvals {
                prop_assert!((0..=100).all(|risk| asks(&limits.stage_bands[stage].value, risk) >= least.value));
            }
        }
    }
}
