//! `belay impact`, `belay features` and `belay gate`.

use belay_runtime::api::{Ending, Error};

use super::{clock, open};
use crate::arguments::{FeaturesArguments, GateArguments, Global};
use crate::output::Output;
use crate::render;

pub(super) fn impact(name: &str, global: &Global, output: Output) -> Result<Ending, Error> {
    output.answer("impact", &open(global)?.impact(name)?, render::lineage::impact)?;
    Ok(Ending::Done)
}

pub(super) fn features(typed: &FeaturesArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let clock = clock();
    let at = typed.moment(&jiff::Zoned::now())?;
    let answer = open(global)?.features(typed.feature_set.as_ref(), typed.env.as_ref(), at)?;
    output.answer("features", &answer, |answer| render::lineage::features(answer, &clock))?;
    Ok(Ending::Done)
}

pub(super) async fn gate(typed: GateArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let answers = match &typed.feature_set {
        Some(set) => vec![runtime.gate(set, typed.env.as_ref()).await?],
        None => runtime.gates(typed.env.as_ref()).await?,
    };
    output.answer("gate", &answers, |answers| render::gate::gates(answers))?;
    Ok(if answers.iter().all(|answer| answer.open) { Ending::Done } else { Ending::Refused })
}
