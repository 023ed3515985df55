//! `[risk]` of `belay.toml`, and `[limits]` of a runbook: limits, each with its place.

use std::collections::BTreeMap;
use std::time::Duration;

use belay_domain::assess::weights::Weights;
use belay_domain::id::StageName;
use belay_domain::limits::{Limits, Place, Said, Terms, tighten};
use belay_domain::risk::Bands;
use serde::Deserialize;
use toml::Spanned;

use super::RiskPolicy;
use super::source::{Problem, Source};

const HOUR_MS: u64 = 3_600_000;
/// How long a mandate holds, unless somebody says otherwise.
const MANDATE_TTL_MS: u64 = 4 * HOUR_MS;
/// The oldest allowed point, unless somebody says otherwise.
const MAX_POINT_AGE_MS: u64 = 30 * 24 * HOUR_MS;

/// `4h`, `90s`.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Time(#[serde(with = "humantime_serde")] Duration);

impl Time {
    pub(super) fn millis(&self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

/// What an environment leaves out it takes from the workspace.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RiskTable {
    bands: Option<Spanned<Bands>>,
    headroom: Option<u32>,
    mandate_ttl: Option<Spanned<Time>>,
    max_point_age: Option<Spanned<Time>>,
    run_within: Option<Spanned<Time>>,
    step_within: Option<Spanned<Time>>,
    may_lose: Option<Spanned<Time>>,
    #[serde(default)]
    stage: BTreeMap<StageName, StageTable>,
    weights: Option<Spanned<Weights>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageTable {
    bands: Spanned<Bands>,
}

/// `[limits]` of a runbook.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsTable {
    bands: Option<Spanned<Bands>>,
    mandate_ttl: Option<Spanned<Time>>,
    max_point_age: Option<Spanned<Time>>,
    run_within: Option<Spanned<Time>>,
    step_within: Option<Spanned<Time>>,
}

/// The policy of an environment: the workspace's, with the environment's own in its place.
pub(super) fn risk_policy(
    source: &Source,
    base: &Spanned<RiskTable>,
    here: Option<&Spanned<RiskTable>>,
) -> Result<RiskPolicy, Vec<Problem>> {
    let span = here.map_or_else(|| base.span(), Spanned::span);
    let wrong = |message: &str| vec![source.problem(Some(span.clone()), message)];
    let (base, here) = (base.as_ref(), here.map(AsRef::as_ref));
    if let Some(weights) = here.and_then(|here| here.weights.as_ref()) {
        let message = "an environment has no weights of its own: a risk means the same everywhere, and its bands say \
                       what is done about it. Set them in [risk.weights]";
        return Err(vec![source.problem(Some(weights.span()), message)]);
    }
    let headroom = here.and_then(|here| here.headroom).or(base.headroom).unwrap_or(2);
    if headroom == 0 {
        return Err(wrong("headroom is at least 1: a mandate must allow its own plan"));
    }
    let environment = here.map(|here| terms(source, here)).unwrap_or_default();
    let workspace = terms(source, base);
    let Some(bands) = workspace.bands.clone().or_else(|| environment.bands.clone()) else {
        return Err(wrong("[risk] has no bands: which risk may run, and with how many approvals?"));
    };
    let governance = Limits {
        bands,
        stage_bands: workspace.stage_bands,
        mandate_ttl_ms: workspace.mandate_ttl_ms.unwrap_or_else(|| MANDATE_TTL_MS.into()),
        max_point_age_ms: workspace.max_point_age_ms.unwrap_or_else(|| MAX_POINT_AGE_MS.into()),
        run_within_ms: workspace.run_within_ms,
        step_within_ms: workspace.step_within_ms,
        may_lose_ms: workspace.may_lose_ms,
    };
    let limits = tighten(&governance, &environment, &Terms::default());
    let limits =
        limits.map_err(|found| found.iter().flat_map(|loosened| wrong(&loosened.to_string())).collect::<Vec<_>>())?;
    let weights = base.weights.as_ref().map(|weights| weights.as_ref().clone()).unwrap_or_default();
    Ok(RiskPolicy { limits, headroom, weights })
}

/// What a `[risk]` says of limits.
fn terms(source: &Source, table: &RiskTable) -> Terms {
    let stage_bands = table.stage.iter().map(|(stage, own)| (stage.clone(), said(source, &own.bands)));
    Terms {
        bands: table.bands.as_ref().map(|bands| said(source, bands)),
        stage_bands: stage_bands.collect(),
        stage_approvals: BTreeMap::new(),
        mandate_ttl_ms: time(source, table.mandate_ttl.as_ref()),
        max_point_age_ms: time(source, table.max_point_age.as_ref()),
        run_within_ms: time(source, table.run_within.as_ref()),
        step_within_ms: time(source, table.step_within.as_ref()),
        may_lose_ms: time(source, table.may_lose.as_ref()),
    }
}

/// What a runbook says of limits: its `[limits]`, the approvals that its stages ask for, and the data that it may lose.
pub(super) fn of_runbook(
    source: &Source,
    table: &LimitsTable,
    stage_approvals: BTreeMap<StageName, Said<u32>>,
    may_lose: Option<&Spanned<Time>>,
) -> Terms {
    Terms {
        bands: table.bands.as_ref().map(|bands| said(source, bands)),
        stage_bands: BTreeMap::new(),
        stage_approvals,
        mandate_ttl_ms: time(source, table.mandate_ttl.as_ref()),
        max_point_age_ms: time(source, table.max_point_age.as_ref()),
        run_within_ms: time(source, table.run_within.as_ref()),
        step_within_ms: time(source, table.step_within.as_ref()),
        may_lose_ms: time(source, may_lose),
    }
}

fn time(source: &Source, time: Option<&Spanned<Time>>) -> Option<Said<u64>> {
    time.map(|time| Said { value: time.as_ref().millis(), at: Some(place(source, time.span())) })
}

/// What is said, with its place.
pub(super) fn said<T: Clone>(source: &Source, spanned: &Spanned<T>) -> Said<T> {
    Said { value: spanned.as_ref().clone(), at: Some(place(source, spanned.span())) }
}

/// A line of a file.
pub(super) fn place(source: &Source, span: std::ops::Range<usize>) -> Place {
    let Problem { file, line, .. } = source.problem(Some(span), "");
    Place { file: file.display().to_string(), line }
}
