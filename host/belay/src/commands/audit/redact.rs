//! `belay audit redact`, `belay audit hold`, `belay audit retain`.

use belay_runtime::api::{Ending, Error, HoldChange};

use super::super::{clock, open};
use crate::arguments::{Global, HoldCommand, RedactCommand, RetainArguments, WordArguments};
use crate::output::Output;
use crate::render::audit::redact as render;

pub(super) async fn redact(command: RedactCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    match command {
        RedactCommand::Ask(typed) if typed.word.show => {
            output.bytes(runtime.redaction_text(&typed.request())?.as_bytes())?;
        }
        RedactCommand::Ask(typed) => {
            let how = typed.word.signing.how(String::new())?;
            let answer = runtime.ask_redaction(typed.request(), how).await?;
            output.answer("redaction", &answer, |answer| render::one(answer, &clock()))?;
        }
        RedactCommand::Approve { asked, show: true, .. } => {
            output.bytes(runtime.redaction_approval_text(asked)?.as_bytes())?;
        }
        RedactCommand::Approve { asked, show: false, signing } => {
            let answer = runtime.approve_redaction(asked, signing.how(String::new())?).await?;
            output.answer("redaction", &answer, |answer| render::one(answer, &clock()))?;
        }
        RedactCommand::List => {
            output.answer("redactions", &runtime.redactions()?, |found| render::list(found, &clock()))?;
        }
    }
    Ok(Ending::Done)
}

pub(super) async fn hold(command: HoldCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    match command {
        HoldCommand::Set { covers, word } => change(covers.change(), word, global, output).await,
        HoldCommand::Lift { hold, word } => change(HoldChange::Lift(hold), word, global, output).await,
        HoldCommand::List => {
            output.answer("holds", &open(global)?.holds()?, |found| render::holds(found, &clock()))?;
            Ok(Ending::Done)
        }
    }
}

async fn change(change: HoldChange, word: WordArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    if word.show {
        output.bytes(runtime.hold_text(&change, &word.reason)?.as_bytes())?;
        return Ok(Ending::Done);
    }
    let how = word.signing.how(String::new())?;
    let holds = runtime.change_hold(change, word.reason, how).await?;
    output.answer("holds", &holds, |found| render::holds(found, &clock()))?;
    Ok(Ending::Done)
}

pub(super) async fn retain(typed: RetainArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    if typed.show {
        output.bytes(runtime.retention_text(typed.older_than)?.as_bytes())?;
        return Ok(Ending::Done);
    }
    let answer = if typed.apply {
        runtime.apply_retention(typed.older_than, typed.signing.how(String::new())?).await?
    } else {
        runtime.retention(typed.older_than)?
    };
    output.answer("retention", &answer, |answer| render::retention(answer, &clock()))?;
    Ok(Ending::Done)
}
