//! What a report is about and how complete it is, in sentences.

use crate::api::ReportAnswer;
use crate::audit::csv::time;
use crate::audit::silence::silence_told;
use crate::words::counted;

/// Which part of the log.
pub(super) fn about(report: &ReportAnswer) -> String {
    let request = &report.request;
    let from = request.from.map_or_else(|| "the first entry".to_owned(), time);
    let to = request.to.map_or_else(|| "the last entry".to_owned(), time);
    let mut about = format!("From {from} to {to}");
    if let Some(environment) = &request.environment {
        about.push_str(&format!(", environment {environment}"));
    }
    if let Some(team) = &request.team {
        about.push_str(&format!(", team {team}"));
    }
    about.push_str(&format!(". Made at {}.", time(report.made_at)));
    about
}

/// The statement of completeness, a sentence a line.
pub fn report_statement(report: &ReportAnswer) -> Vec<String> {
    let complete = &report.completeness;
    let (first, end) = (complete.before.size, complete.after.size);
    let read = match end.checked_sub(1).filter(|last| *last >= first) {
        Some(last) => {
            format!("Entries {first} to {last} were read, all {} of them: none is missing between.", end - first)
        }
        None => "No entry was recorded in that time.".to_owned(),
    };
    let mut lines = vec![
        read,
        format!("Before them the log had {first} entries and the root {}.", complete.before.root),
        format!("With them it has {end} entries and the root {}.", complete.after.root),
    ];
    lines.push(if complete.sound {
        "The whole log was verified and is sound: hashes, tree, signature, numbers, pairs of intents and outcomes, blobs.".to_owned()
    } else {
        "The log is NOT sound:".to_owned()
    });
    lines.extend(complete.problems.iter().cloned());
    if !complete.open_intents.is_empty() {
        let open: Vec<_> = complete.open_intents.iter().map(ToString::to_string).collect();
        lines.push(format!("Intents without an outcome: {}.", open.join(", ")));
    }
    if !complete.unreadable.is_empty() {
        let runs: Vec<_> = complete.unreadable.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "Details were redacted or are gone of {}: times and checks of these are left out.",
            runs.join(", ")
        ));
    }
    if complete.clock_steps > 0 {
        let what = counted(complete.clock_steps, "time", "times");
        lines.push(format!("The host's clock stepped back {what}; the order of entries is certain all the same."));
    }
    lines.extend(silence_told(&complete.silence).iter().map(|line| sentence(line)));
    lines
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).chain(['.']).collect()
}
