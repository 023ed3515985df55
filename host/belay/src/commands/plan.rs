//! `belay plan`: shows; writes nothing but the package that was asked for.

use std::path::Path;

use belay_runtime::api::{Ending, Error, Gate, PlanAnswer, PlanRequest};
use jiff::Zoned;

use super::{clock, open};
use crate::arguments::{Global, PlanArguments, PlanShow};
use crate::output::Output;
use crate::patience::patiently;
use crate::render::page::{Line, Page};
use crate::render::plan::Asked;
use crate::render::{self, amount, words::quoted};

pub(super) async fn perform(typed: PlanArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let words = typed.words();
    if let Some(PlanShow::Show { words, as_commands: _, facts: as_facts }) = typed.show {
        let request = words.request(&Zoned::now())?;
        return if as_facts {
            facts(request, global, output).await
        } else {
            as_commands(request, global, output).await
        };
    }
    let words = words.ok_or_else(|| Error::usage("there is no runbook named").next("belay runbook list"))?;
    let request = words.request(&Zoned::now())?;
    let runtime = open(global)?.signing_with(typed.key.keys());
    let answer = match &typed.output {
        None => patiently(output, runtime.plan(request.clone())).await?,
        Some(file) => {
            let (answer, package) = patiently(output, runtime.package(request.clone())).await?;
            write(file, &package)?;
            answer
        }
    };
    output.answer("plan", &answer, |answer| render::plan::plan(answer, Asked::Rollback(&request), &clock()))?;
    if let Some(file) = &typed.output {
        output.say(&wrote(file)?);
    }
    Ok(ending_of(&answer))
}

/// A plan that can't run as a whole says so in its exit status: the rules refuse it, or it must be asked again.
pub(super) fn ending_of(answer: &PlanAnswer) -> Ending {
    let refused = answer.stages.iter().any(|stage| matches!(stage.gate, Gate::Refused { .. }));
    if refused { Ending::Refused } else { Ending::Done }
}

async fn as_commands(request: PlanRequest, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let commands = patiently(output, runtime.plan_as_commands(request)).await?;
    if output.is_json() {
        output.line("plan.commands", &commands)?;
    } else {
        output.script(&commands)?;
    }
    Ok(Ending::Done)
}

/// One stage's facts are one document, ready for `belay plugin try --facts`; those of several are a list of them.
async fn facts(request: PlanRequest, global: &Global, output: Output) -> Result<Ending, Error> {
    let runtime = open(global)?;
    let stages = patiently(output, runtime.facts(request)).await?;
    if output.is_json() {
        output.line("plan.facts", &stages)?;
        return Ok(Ending::Done);
    }
    let judged: Vec<_> = stages.iter().filter_map(|stage| stage.facts.as_ref()).collect();
    let text = match judged.as_slice() {
        [] => {
            return Err(
                Error::refused("the plan breaks belay's own rules, so no guardrail is asked").next("belay plan")
            );
        }
        [only] => serde_json::to_string_pretty(only),
        several => serde_json::to_string_pretty(several),
    };
    let text = text.map_err(|error| Error::failed(error.to_string()))?;
    output.bytes(format!("{text}\n").as_bytes())?;
    Ok(Ending::Done)
}

fn write(file: &Path, package: &[u8]) -> Result<(), Error> {
    std::fs::write(file, package).map_err(|error| Error::failed(format!("{}: {error}", file.display())))
}

fn wrote(file: &Path) -> Result<Page, Error> {
    let size = std::fs::metadata(file).map_err(|error| Error::failed(format!("{}: {error}", file.display())))?.len();
    let name = file.display().to_string();
    let text = format!("wrote {name}, {}: belay run {}", amount::size(size), quoted(&name));
    Ok(vec![Line::new().with(text)].into())
}
