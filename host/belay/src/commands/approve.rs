//! `belay approve`, `belay reject`, `belay review`: shows what is signed, asks which mandate is meant, records the word.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use belay_runtime::api::{Ending, Error, MandateAnswer};

use super::decide::stands;
use super::{clock, open};
use crate::arguments::{ApproveArguments, Global, RejectArguments, ReviewCommand};
use crate::output::Output;
use crate::render::page::{Line, Page};
use crate::render::{consent, review};

pub(super) async fn approve(typed: ApproveArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let mandate = runtime.mandate(&typed.run)?;
    if typed.show {
        show(&mandate, output)?;
        return Ok(Ending::Done);
    }
    // What is signed elsewhere names its mandate itself.
    let digest = match (&typed.signing.signature, &typed.digest) {
        (Some(_), _) => String::new(),
        (None, Some(digest)) => digest.clone(),
        (None, None) => ask(&mandate, output)?,
    };
    let answer = runtime.approve(&typed.run, typed.signing.how(digest)?, typed.break_glass).await?;
    output.answer("approval", &answer, consent::approval)?;
    Ok(Ending::Done)
}

/// The text alone on standard output, so that it can be signed as it is; the rest beside it.
fn show(mandate: &MandateAnswer, output: Output) -> Result<(), Error> {
    if output.is_json() {
        return output.line("mandate", mandate);
    }
    output.bytes(mandate.text.as_bytes())?;
    output.say(&consent::beside(mandate));
    Ok(())
}

/// Shows the mandate and asks for its first digits: whoever types them has seen it.
fn ask(mandate: &MandateAnswer, output: Output) -> Result<String, Error> {
    let run = &mandate.run;
    if output.is_json() || !io::stdin().is_terminal() {
        let what = format!("which mandate do you approve? There is no terminal to show that of {run} on");
        return Err(Error::usage(what)
            .next(format!("belay approve {run} --show, then the same command with --digest and the first 8 digits")));
    }
    output.bytes(mandate.text.as_bytes())?;
    output.say(&consent::beside(mandate));
    let mut prompt = io::stderr();
    let asked =
        write!(prompt, "to approve, type the first 8 digits of its Mandate line: ").and_then(|()| prompt.flush());
    let mut line = String::new();
    let read = asked.and_then(|()| io::stdin().lock().read_line(&mut line));
    read.map_err(|error| Error::failed(format!("the terminal: {error}")))?;
    Ok(line.trim().to_owned())
}

pub(super) async fn reject(typed: RejectArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let word = typed.word;
    if word.show {
        output.bytes(runtime.rejection_text(&typed.run, &word.reason)?.as_bytes())?;
        return Ok(Ending::Done);
    }
    let summary = runtime.reject(&typed.run, word.reason.clone(), word.signing.how(String::new())?).await?;
    stands(&summary, output)?;
    Ok(Ending::Done)
}

pub(super) async fn review(command: ReviewCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    match command {
        ReviewCommand::List => {
            output.answer("reviews", &runtime.reviews()?, |found| review::list(found, &clock()))?;
        }
        ReviewCommand::Show { run } => {
            output.answer("review", &runtime.review(&run)?, |found| review::whole(found, &clock()))?;
        }
        ReviewCommand::Close { run, word } if word.show => {
            output.bytes(runtime.closing_text(&run, &word.reason)?.as_bytes())?;
        }
        ReviewCommand::Close { run, word } => {
            let how = word.signing.how(String::new())?;
            let found = runtime.close_review(&run, word.reason, how).await?;
            output.answer("review", &found, |found| review::whole(found, &clock()))?;
            output.say(&Page::from(vec![Line::new().with("recorded")]));
        }
    }
    Ok(Ending::Done)
}
