//! Times without an entry, and what heartbeats promised of them. Never says why nothing was recorded: no process may have
//! run, and that is no fault.

use belay_domain::id::Millis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::entry::Entry;
use crate::kind;

/// How many stretches of broken silence are named.
const NAMED: usize = 1_000;

/// What the times of entries, one after the other, say of the times between them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Silence {
    /// How many heartbeats were recorded.
    pub heartbeats: u64,
    /// The longest stretch between two entries.
    pub longest: Option<Gap>,
    /// The longest of those for which no heartbeat before had promised anything: nobody can tell whether something could
    /// have been recorded in it.
    pub unpromised: Option<Gap>,
    /// Stretches that were longer than the heartbeat before had promised, by more than half, the first 1,000 of them:
    /// belay did not run, or could not record.
    pub broken: Vec<Gap>,
    /// How many more of those there are.
    pub more: u64,
    /// What is promised of the time behind the last entry.
    pub awaited: Option<Awaited>,
}

/// A stretch between two entries that follow each other: their numbers show that nothing was recorded in it. By the host's
/// clock; 0 where that stepped back in between.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Gap {
    /// The entry before it.
    pub after: u64,
    /// When that was.
    pub from: Millis,
    /// When the next entry was.
    pub to: Millis,
    /// Within how many milliseconds a heartbeat had promised the next entry.
    pub promised_ms: Option<u64>,
    /// Whether the host was started anew in it.
    pub restarted: bool,
}

impl Gap {
    /// Its length in milliseconds.
    pub const fn ms(&self) -> u64 {
        self.to.0.saturating_sub(self.from.0)
    }
}

/// An entry that a heartbeat promised, and that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Awaited {
    /// The last entry.
    pub after: u64,
    /// When that was.
    pub from: Millis,
    /// Within how many milliseconds of it another one comes.
    pub promised_ms: u64,
}

impl Awaited {
    /// Until when the entry comes if the promise is kept.
    pub const fn by(&self) -> Millis {
        Millis(self.from.0.saturating_add(self.promised_ms))
    }

    /// Whether the promise was broken if nothing was recorded until `now`.
    pub const fn is_broken_at(&self, now: Millis) -> bool {
        is_broken(self.promised_ms, now.0.saturating_sub(self.from.0))
    }
}

/// A heartbeat is not to the second: half as long again is no silence.
const fn is_broken(promised_ms: u64, found_ms: u64) -> bool {
    found_ms > promised_ms.saturating_add(promised_ms / 2)
}

/// Follows the entries of a log, or of a piece of it without a gap, in their order.
#[derive(Debug, Default)]
pub struct Silences {
    last: Option<(u64, Millis)>,
    boot: Option<String>,
    /// Within how many milliseconds the next entry was promised.
    promised_ms: Option<u64>,
    silence: Silence,
}

impl Silences {
    /// Takes the next entry.
    pub fn read(&mut self, entry: &Entry) {
        let restarted = self.boot.is_some() && entry.boot.is_some() && self.boot != entry.boot;
        if entry.boot.is_some() && self.boot != entry.boot {
            self.boot.clone_from(&entry.boot);
        }
        if let Some((after, from)) = self.last.replace((entry.seq, entry.at)) {
            self.gap(Gap { after, from, to: entry.at, promised_ms: self.promised_ms, restarted });
        }
        if entry.kind == kind::HEARTBEAT {
            self.silence.heartbeats += 1;
            self.promised_ms = entry.body.value().get("every_ms").and_then(Value::as_u64);
        }
    }

    fn gap(&mut self, gap: Gap) {
        let silence = &mut self.silence;
        longer(&mut silence.longest, gap);
        match gap.promised_ms {
            None => longer(&mut silence.unpromised, gap),
            Some(promised_ms) if !is_broken(promised_ms, gap.ms()) => {}
            Some(_) if silence.broken.len() < NAMED => silence.broken.push(gap),
            Some(_) => silence.more += 1,
        }
    }

    /// What was read.
    pub fn end(self) -> Silence {
        let awaited = self.last.zip(self.promised_ms);
        let awaited = awaited.map(|((after, from), promised_ms)| Awaited { after, from, promised_ms });
        Silence { awaited, ..self.silence }
    }
}

fn longer(longest: &mut Option<Gap>, gap: Gap) {
    if longest.is_none_or(|longest| longest.ms() < gap.ms()) {
        *longest = Some(gap);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const A: &str = "boot-a";
    const B: &str = "boot-b";

    /// Entries by second, boot and what a heartbeat says: `None` is no heartbeat, `0` one without a promise.
    fn check(entries: &[(u64, &str, Option<u64>)], expected: &Expect) {
        let mut silences = Silences::default();
        for (seq, (second, boot, beat)) in (10..).zip(entries) {
            let kind = if beat.is_some() { kind::HEARTBEAT } else { "plan" };
            let promise =
                beat.filter(|seconds| *seconds > 0).map(|seconds| format!(r#""every_ms":{}"#, 1_000 * seconds));
            let text = format!(
                r#"{{"actor":{{"authenticated_by":"os-user","name":"ana"}},"at":{},"body":{{{}}},"boot":"{boot}","kind":"{kind}","mode":"live","schema":1,"seq":{seq}}}"#,
                1_000 * second,
                promise.unwrap_or_default(),
            );
            silences.read(&Entry::parse(text.as_bytes()).unwrap());
        }
        expected.assert_eq(&told(&silences.end()));
    }

    fn told(silence: &Silence) -> String {
        let gap = |gap: &Gap| {
            let restarted = if gap.restarted { ", restarted" } else { "" };
            format!("{} s behind {}{restarted}", gap.ms() / 1_000, gap.after)
        };
        let one = |found: &Option<Gap>| found.as_ref().map_or_else(|| "none".to_owned(), gap);
        let broken: Vec<_> = silence.broken.iter().map(gap).collect();
        let awaited = silence.awaited.map(|awaited| format!("{} by {}", awaited.after, awaited.by().0 / 1_000));
        format!(
            "{} beats, longest {}, unpromised {}, broken {broken:?}, awaited {awaited:?}",
            silence.heartbeats,
            one(&silence.longest),
            one(&silence.unpromised)
        )
    }

    #[test]
    fn a_promise_holds_until_another_heartbeat_says_otherwise() {
        check(&[], &expect!["0 beats, longest none, unpromised none, broken [], awaited None"]);
        check(
            &[(0, A, None), (500, A, None)],
            &expect!["0 beats, longest 500 s behind 10, unpromised 500 s behind 10, broken [], awaited None"],
        );
        check(
            &[(0, A, Some(10)), (10, A, None), (25, A, None), (40, A, Some(60)), (130, A, None)],
            &expect!["2 beats, longest 90 s behind 13, unpromised none, broken [], awaited Some(\"14 by 190\")"],
        );
        check(
            &[(0, A, Some(10)), (16, A, Some(0)), (900, A, None)],
            &expect![[
                r#"2 beats, longest 884 s behind 11, unpromised 884 s behind 11, broken ["16 s behind 10"], awaited None"#
            ]],
        );
    }

    #[test]
    fn a_host_that_was_started_anew_and_a_clock_that_stepped_back_are_told_apart() {
        check(
            &[(0, A, Some(10)), (60, B, None), (65, B, None)],
            &expect![[
                r#"1 beats, longest 60 s behind 10, restarted, unpromised none, broken ["60 s behind 10, restarted"], awaited Some("12 by 75")"#
            ]],
        );
        check(
            &[(100, A, Some(10)), (40, A, None)],
            &expect![[r#"1 beats, longest 0 s behind 10, unpromised none, broken [], awaited Some("11 by 50")"#]],
        );
    }

    #[test]
    fn what_is_awaited_is_overdue_only_after_half_as_long_again() {
        let awaited = Awaited { after: 3, from: Millis(1_000), promised_ms: 600_000 };
        assert!(!awaited.is_broken_at(Millis(0)) && !awaited.is_broken_at(Millis(901_000)));
        assert!(awaited.is_broken_at(Millis(901_001)));
        let absurd = Awaited { after: 3, from: Millis(u64::MAX), promised_ms: u64::MAX };
        assert!(!absurd.is_broken_at(Millis(u64::MAX)) && absurd.by() == Millis(u64::MAX));
    }

    #[test]
    fn broken_promises_beyond_those_named_are_counted() {
        let mut silences = Silences::default();
        let gap = Gap { after: 0, from: Millis(0), to: Millis(9), promised_ms: Some(5), restarted: false };
        (0..1_002).for_each(|after| silences.gap(Gap { after, ..gap }));
        let silence = silences.end();
        assert_eq!((silence.broken.len(), silence.more), (1_000, 2));
    }
}
