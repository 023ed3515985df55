//! `run`, `undo`, `resume`, `continue`, `takeover`, `watch`, `status`: what makes a run go on, and what follows one.

use std::ops::ControlFlow;

use belay_domain::id::RunId;
use belay_engine::{Halt, Receipt, RunView, Status};
use belay_runtime::api::{Ending, Error, RunAnswer, RunRequest, RunSummary, UndoRequest};
use belay_runtime::{Progress, Runtime};
use jiff::Zoned;
use tokio::sync::mpsc::unbounded_channel;

use super::decide::stands;
use super::plan::ending_of;
use super::{clock, open};
use crate::arguments::{Decision, Global, KeyArguments, RunArguments, ToRun, UndoArguments};
use crate::follow::Follower;
use crate::output::Output;
use crate::patience::patiently;
use crate::render::complaint::{complaint, once_free};
use crate::render::page::{Line, Page, Paint};
use crate::render::plan::Asked;
use crate::render::run::{Caption, tree};
use crate::render::{self, receipt, run};

pub(super) async fn run(typed: RunArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let keys = typed.key.keys();
    let (request, caption) = match typed.asked(&Zoned::now())? {
        ToRun::Words(words) => {
            let caption = Caption { environment: words.environment.clone(), incident: words.incident.clone() };
            (RunRequest::Plan(*words), caption)
        }
        ToRun::Package(file) => {
            let package = std::fs::read(&file);
            let package = package.map_err(|error| {
                Error::usage(format!("{}: {error}", file.display())).next("belay plan … -o FILE makes a package")
            })?;
            (RunRequest::Package(package), Caption::default())
        }
    };
    let runtime = open(global)?.staying(output.draws()).signing_with(keys);
    follow(&runtime, caption, output, |progress| runtime.run(request, progress)).await
}

pub(super) async fn undo(typed: UndoArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?.staying(output.draws()).signing_with(typed.key.keys());
    let (plan_only, request) = (typed.plan, UndoRequest::from(typed));
    let plan = patiently(output, runtime.plan_undo(&request)).await?;
    if plan_only {
        output.answer("plan", &plan, |plan| render::plan::plan(plan, Asked::Undo(&request), &clock()))?;
        return Ok(ending_of(&plan));
    }
    if !plan.changed_since.is_empty() {
        let words = format!("changed since {}: {}", request.run, plan.changed_since.join(" · "));
        output.say(&Page::from(vec![Line::new().painted(Paint::Warn, words)]));
    }
    follow(&runtime, Caption::default(), output, |progress| runtime.run(RunRequest::Undo(request), progress)).await
}

pub(super) async fn resume(run: &RunId, key: &KeyArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?.staying(output.draws()).signing_with(key.keys());
    let caption = caption(&runtime.status(run)?);
    follow(&runtime, caption, output, |progress| runtime.resume(run, progress)).await
}

/// A live run is asked to go on; one that nobody works on goes on here.
pub(super) async fn go_on(run: &RunId, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let summary = runtime.status(run)?;
    if summary.owned {
        stands(&runtime.continue_live(run).await?, output)?;
        return Ok(Ending::Done);
    }
    let runtime = runtime.staying(output.draws());
    follow(&runtime, caption(&summary), output, |progress| runtime.continue_left(run, progress)).await
}

pub(super) async fn takeover(typed: Decision, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?.staying(output.draws());
    let caption = caption(&runtime.status(&typed.run)?);
    follow(&runtime, caption, output, |progress| runtime.takeover(&typed.run, typed.reason.clone(), progress)).await
}

fn caption(summary: &RunSummary) -> Caption {
    Caption { environment: Some(summary.environment.clone()), incident: summary.incident.clone() }
}

/// Follows what the runtime performs, then says what came of it.
async fn follow<W: Future<Output = Result<RunAnswer, Error>>>(
    runtime: &Runtime,
    caption: Caption,
    output: Output,
    begin: impl FnOnce(Progress) -> W,
) -> Result<Ending, Error> {
    let (progress, views) = unbounded_channel();
    let mut follower = Follower::new(output, caption);
    let interrupt = || {
        runtime.interrupt();
        ControlFlow::Continue(())
    };
    let Some(answer) = follower.follow(begin(progress), views, interrupt).await? else { return Ok(Ending::Done) };
    output.answer("run", &answer, |answer| apart(&answer.receipt))?;
    Ok(complained(runtime, &answer.view, &answer.whole_run).map_or(Ending::Done, |error| output.fail(&error)))
}

/// What is to be said of a run. Whoever held what it needs may have ended since, or been left by everybody.
fn complained(runtime: &Runtime, view: &RunView, whole_run: &str) -> Option<Error> {
    let error = complaint(view, whole_run)?;
    let Status::Halted(Halt::Locked { holder }) = &view.status else { return Some(error) };
    let next = runtime.status(&holder.run).ok().and_then(|holder| once_free(&view.run, &holder));
    Some(match next {
        Some(next) => error.next(next),
        None => error,
    })
}

/// A receipt, apart from the progress above it.
fn apart(found: &Receipt) -> Page {
    let mut page = Page::from(vec![Line::new()]);
    page.append(receipt::receipt(found));
    page
}

/// Another process performs the run: an interrupt ends the watching and nothing else.
pub(super) async fn watch(id: &RunId, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let caption = caption(&runtime.status(id)?);
    let (progress, views) = unbounded_channel();
    let mut follower = Follower::new(output, caption);
    let leave = || ControlFlow::Break(());
    let Some(summary) = follower.follow(runtime.watch(id, progress), views, leave).await? else {
        return Ok(Ending::Done);
    };
    output.answer("run.status", &summary, |summary| apart(&summary.receipt))?;
    Ok(complained(&runtime, &summary.view, &summary.whole_run).map_or(Ending::Done, |error| output.fail(&error)))
}

pub(super) fn status(id: &RunId, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let summary = runtime.status(id)?;
    output.answer("run.status", &summary, |summary| {
        let mut page = tree(&summary.view, &caption(summary), &clock());
        page.gap();
        page.append(receipt::receipt(&summary.receipt));
        page
    })?;
    // What can be done about it is talk; that the status was told is the command's success.
    if let Some(error) = complained(&runtime, &summary.view, &summary.whole_run).filter(|_| !summary.owned) {
        output.say(&render::error::error(&error));
    }
    Ok(Ending::Done)
}

pub(super) fn list(limit: u32, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let (runs, untold) = runtime.runs(limit)?;
    output.answer("runs", &runs, |runs| run::list(runs, &clock()))?;
    untold.iter().for_each(|error| output.say(&render::error::error(error)));
    match runtime.governance() {
        Ok(governance) => render::governance::concern(&governance).iter().for_each(|concern| output.say(concern)),
        Err(error) => output.say(&render::error::error(&error)),
    }
    Ok(Ending::Done)
}
