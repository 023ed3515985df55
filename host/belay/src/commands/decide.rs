//! What people decide about a run: its end, an unknown write, a step by hand, the incident that it belongs to.

use belay_domain::id::{IncidentId, RunId};
use belay_runtime::api::{Ending, Error, RunSummary};

use super::{clock, open};
use crate::arguments::{Decision, Global, PauseArguments, ResolveArguments};
use crate::output::Output;
use crate::render::page::{Line, Page};
use crate::render::run::{Caption, tree};

pub(super) async fn abort(typed: Decision, global: &Global, output: Output) -> Result<Ending, Error> {
    let summary = open(global)?.abort(&typed.run, typed.reason).await?;
    stands(&summary, output)?;
    Ok(Ending::Done)
}

pub(super) async fn pause(typed: PauseArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let summary = open(global)?.pause(&typed.run, typed.reason).await?;
    stands(&summary, output)?;
    Ok(Ending::Done)
}

pub(super) async fn resolve(typed: ResolveArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let summary = runtime.resolve(&typed.run, &typed.step, typed.word.into(), typed.reason).await?;
    stands(&summary, output)?;
    next(&typed.run, output);
    Ok(Ending::Done)
}

pub(super) async fn confirm(run: &RunId, step: &str, global: &Global, output: Output) -> Result<Ending, Error> {
    let summary = open(global)?.confirm(run, step).await?;
    stands(&summary, output)?;
    if !summary.owned {
        next(run, output);
    }
    Ok(Ending::Done)
}

pub(super) async fn attach(
    run: &RunId,
    incident: &IncidentId,
    global: &Global,
    output: Output,
) -> Result<Ending, Error> {
    let summary = open(global)?.attach_incident(run, incident).await?;
    stands(&summary, output)?;
    Ok(Ending::Done)
}

pub(super) fn stands(summary: &RunSummary, output: Output) -> Result<(), Error> {
    output.answer("run.status", summary, |summary| {
        let caption = Caption { environment: Some(summary.environment.clone()), incident: summary.incident.clone() };
        tree(&summary.view, &caption, &clock())
    })
}

fn next(run: &RunId, output: Output) {
    output.say(&Page::from(vec![Line::new().with(format!("recorded; it goes on with: belay resume {run}"))]));
}
