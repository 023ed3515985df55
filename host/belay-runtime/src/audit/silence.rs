//! Quiet times in words: what the log shows of them, and what nobody can claim. Calls no silence a fault: where no process
//! runs, nothing is recorded.

use belay_domain::id::Millis;

use super::csv::time;
use crate::api::{Awaited, Gap, Silence};
use crate::words::{counted, long};

/// How many broken promises are told in words; the rest is in the JSON.
const TOLD: usize = 20;

/// What the times of entries say of the times between them, a statement a line.
pub(crate) fn silence_told(silence: &Silence) -> Vec<String> {
    let mut lines = Vec::new();
    // What broke a promise, or had none, is told with that.
    let unpromised = silence.unpromised.iter().filter(|_| silence.heartbeats > 0);
    let elsewhere: Vec<u64> = silence.broken.iter().take(TOLD).chain(unpromised).map(|gap| gap.after).collect();
    if let Some(longest) = silence.longest.as_ref().filter(|longest| !elsewhere.contains(&longest.after)) {
        lines.push(format!("the longest time in which nothing was recorded: {}{}", gap(longest), promised(longest)));
    }
    lines.extend(beats(silence));
    if let Some(awaited) = &silence.awaited {
        lines.push(end(awaited));
    }
    lines
}

/// What is to be said where the log is at hand: that what a heartbeat promised has not come until now.
pub(crate) fn overdue(silence: &Silence, now: Millis) -> Option<String> {
    let awaited = silence.awaited.filter(|awaited| awaited.is_broken_at(now))?;
    let late = long(now.0.saturating_sub(awaited.by().0));
    Some(format!("that entry is overdue by {late}: belay does not run, or can't record, since entry {}", awaited.after))
}

fn beats(silence: &Silence) -> Vec<String> {
    if silence.heartbeats == 0 {
        let none = "no heartbeat was recorded: where the log is silent, nobody can tell whether belay could have recorded anything";
        return vec![none.to_owned()];
    }
    let beats = counted(silence.heartbeats, "heartbeat was", "heartbeats were");
    let mut lines = vec![match silence.broken.as_slice() {
        [] => format!("{beats} recorded, none later than promised"),
        broken => {
            let mut told: Vec<_> =
                broken.iter().take(TOLD).map(|broken| format!("{}{}", gap(broken), promised(broken))).collect();
            let more = silence.more + broken.len().saturating_sub(TOLD) as u64;
            told.extend((more > 0).then(|| format!("and {more} more")));
            let told = told.join("; ");
            format!(
                "{beats} recorded, and one was missing: {told}: there belay did not run, or could not record; \
                 that is no fault by itself, and nobody can tell what happened"
            )
        }
    }];
    lines.extend(silence.unpromised.as_ref().map(|longest| {
        let longest = gap(longest);
        format!(
            "the longest time for which no heartbeat was promised: {longest}: its silence says nothing of what happened"
        )
    }));
    lines
}

fn gap(gap: &Gap) -> String {
    let restarted = if gap.restarted { ", in which the host was started anew" } else { "" };
    format!("{} from {} to {}, behind entry {}{restarted}", long(gap.ms()), time(gap.from), time(gap.to), gap.after)
}

fn promised(gap: &Gap) -> String {
    gap.promised_ms.map_or_else(String::new, |promised_ms| format!(", where {} were promised", long(promised_ms)))
}

fn end(awaited: &Awaited) -> String {
    let (from, by) = (time(awaited.from), time(awaited.by()));
    format!("the log ends with entry {} at {from}, and another was promised by {by}", awaited.after)
}
