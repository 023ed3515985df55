//! `belay audit report`.

use std::path::Path;

use belay_runtime::api::{Ending, Error, ReportAnswer};
use belay_runtime::{report_csv, report_html};
use jiff::Zoned;

use super::super::{clock, open};
use crate::arguments::{Format, Global, ReportArguments};
use crate::output::Output;
use crate::render;

pub(super) fn perform(typed: &ReportArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let format = typed.format()?;
    if output.is_json() && !matches!(format, None | Some(Format::Json)) {
        return Err(Error::usage("--json and another --format: give one of them").changed("nothing was written"));
    }
    let answer = open(global)?.report(typed.request(&Zoned::now())?)?;
    match (format, &typed.output) {
        (None, _) => output.answer("report", &answer, |answer| render::audit::report::page(answer, &clock()))?,
        (Some(format), None) => output.bytes(written(format, &answer, output)?.as_bytes())?,
        (Some(format), Some(file)) => {
            save(file, &written(format, &answer, output)?)?;
            output.say(&render::audit::report::saved(file, &answer));
        }
    }
    // A report on a log that can't be trusted is made all the same: it says so, and so does the exit status.
    Ok(if answer.completeness.sound { Ending::Done } else { Ending::Failed })
}

fn written(format: Format, answer: &ReportAnswer, output: Output) -> Result<String, Error> {
    match format {
        Format::Html => Ok(report_html(answer)),
        Format::Csv => Ok(report_csv(answer)),
        Format::Json => Ok(format!("{}\n", output.envelope("report", answer)?)),
    }
}

fn save(file: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(file, text).map_err(|error| {
        Error::failed(format!("{} can't be written: {error}", file.display()))
            .changed("the ledger was not changed")
            .next("the same command with another -o")
    })
}
