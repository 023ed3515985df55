//! `belay audit log`.

use std::ops::ControlFlow;
use std::time::Duration;

use belay_runtime::api::{Ending, Error, LogLine, LogRequest};
use belay_runtime::{Runtime, entries_csv};
use jiff::Zoned;

use super::super::{clock, open};
use crate::arguments::{Global, LogArguments};
use crate::output::Output;
use crate::render;

/// How often a followed log is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// How entries are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    /// As `--json` writes everything.
    Json,
    /// Each entry's canonical text.
    Canonical,
    /// A table for spreadsheets.
    Csv,
    /// For people.
    Page,
}

pub(super) fn perform(typed: &LogArguments, global: &Global, output: Output) -> Result<Ending, Error> {
    let shape = Shape::of(typed, output)?;
    let request = typed.request(&Zoned::now())?;
    let runtime = open(global)?;
    if typed.follow {
        follow(&runtime, request, shape, output)?;
    } else {
        let _all = output.stream(&shape.write(&runtime.log(&request)?, true, output)?)?;
    }
    Ok(Ending::Done)
}

/// Shows what there is, then what comes, until nobody reads any more.
fn follow(runtime: &Runtime, mut request: LogRequest, shape: Shape, output: Output) -> Result<(), Error> {
    // Asked first: what comes while the log is read is shown now, or in the next round.
    let mut known = runtime.log_size()?;
    let mut lines = runtime.log(&request)?;
    let mut first = true;
    loop {
        let text = if lines.is_empty() && !first { String::new() } else { shape.write(&lines, first, output)? };
        if let ControlFlow::Break(()) = output.stream(&text)? {
            return Ok(());
        }
        first = false;
        let shown = lines.last().map(|line| line.seq);
        request.after = known.checked_sub(1).max(shown).max(request.after);
        request.limit = Some(u32::MAX);
        while runtime.log_size()? <= request.after.map_or(0, |seq| seq + 1) {
            std::thread::sleep(LOOK);
        }
        known = runtime.log_size()?;
        lines = runtime.log(&request)?;
    }
}

impl Shape {
    fn of(typed: &LogArguments, output: Output) -> Result<Self, Error> {
        match (output.is_json(), typed.jsonl, typed.csv) {
            (true, false, false) => Ok(Self::Json),
            (false, true, _) => Ok(Self::Canonical),
            (false, false, true) => Ok(Self::Csv),
            (false, false, false) => Ok(Self::Page),
            (true, ..) => Err(Error::usage("--json is another form than --jsonl and --csv: give one of them")),
        }
    }

    /// Entries as text. The first ones come with a heading, or with a word where there are none.
    fn write(self, lines: &[LogLine], first: bool, output: Output) -> Result<String, Error> {
        match self {
            Self::Json => lines.iter().map(|line| Ok(format!("{}\n", output.envelope("entry", line)?))).collect(),
            Self::Canonical => Ok(lines.iter().flat_map(|line| [line.entry.as_str(), "\n"]).collect()),
            Self::Csv => entries_csv(lines, first),
            Self::Page => Ok(render::audit::log::page(lines, &clock()).to_text(output.paints())),
        }
    }
}
