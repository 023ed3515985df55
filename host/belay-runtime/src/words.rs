//! The words that a responder would type for a run, to paste; times as people read them.

use belay_domain::id::Millis;
use belay_domain::mandate::{Destination, Mandate, Purpose};

/// `belay run …` for what a mandate is about, whole: nothing excepted, every stage.
pub(crate) fn whole_run(mandate: &Mandate) -> String {
    let glass = if mandate.break_glass.is_some() { " --break-glass --reason …" } else { "" };
    if let Purpose::Undo { run } = &mandate.purpose {
        return format!("belay undo {run}{glass}");
    }
    let (runbook, set) = (&mandate.runbook.name, &mandate.feature_set.name);
    let mut words = format!("belay run {runbook} {set} --env {}", mandate.environment);
    match &mandate.destination {
        Destination::Point { id, .. } => words.push_str(&format!(" --to {id}")),
        Destination::Before { at } => words.push_str(&format!(" --before {}", moment(*at))),
        Destination::Versions { versions } => {
            for (resource, version) in versions {
                words.push_str(&format!(" --at {resource}={version}"));
            }
        }
        Destination::UndoPoint { .. } => {}
    }
    for (name, value) in &mandate.parameters {
        let value = value.value().as_str().map_or_else(|| value.to_string(), |text| format!("'{text}'"));
        words.push_str(&format!(" --parameter {name}={value}"));
    }
    if let Some(incident) = &mandate.incident {
        words.push_str(&format!(" --incident {incident}"));
    }
    words + glass
}

/// RFC 3339, in UTC.
pub(crate) fn moment(at: Millis) -> String {
    let at = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(String::new, |at| at.to_string())
}

/// A number and what it counts.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A stretch of time in words: `1 h 4 min`.
pub(crate) fn long(ms: u64) -> String {
    let seconds = ms / 1_000;
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, _) => format!("{}.{} s", seconds, ms % 1_000 / 100),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}
