//! Recorded calls, made again: what came out as it was, and what did not.

use belay_runtime::api::{RecordedCall, ReplayAnswer, ReplayVerdict, ReplayedCall};

use crate::render::amount::{counted, grouped, took};
use crate::render::page::{Line, Page, Paint};
use crate::render::table::table;

/// One call with all that is known of it; of several, how many, and each that is not simply the same.
pub(crate) fn page(answer: &ReplayAnswer) -> Page {
    match answer.shown.as_slice() {
        [call] if answer.calls == 1 => one(call, answer),
        shown => many(shown, answer),
    }
}

fn one(call: &ReplayedCall, answer: &ReplayAnswer) -> Page {
    let (paint, word) = mark(&call.verdict);
    let title = Line::new().painted(paint, word).with(format!("  {}", name(call)));
    let mut page = Page::from(vec![title]);
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| {
        facts.push(vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)]);
    };
    said(&call.verdict).into_iter().for_each(|(name, text)| fact(name, text));
    if let Some(recorded) = &call.recorded {
        fact("Component", recorded.component.to_string());
        fact("Ended", format!("{}, {}", status(recorded), counted(recorded.reads.into(), "read", "reads")));
        fact("Fuel", fuel(&call.verdict, recorded));
        fact("wasmtime", engine(&call.verdict, recorded, answer));
    }
    page.append(table(2, facts));
    page
}

fn many(shown: &[ReplayedCall], answer: &ReplayAnswer) -> Page {
    let (paint, word) =
        if answer.is_faithful() { (Paint::Good, "✔ as recorded") } else { (Paint::Bad, "✘ not as recorded") };
    let calls = counted(answer.calls, "call", "calls");
    let title = Line::new().painted(paint, word).with(format!("  {calls}, {}", took(answer.took_ms)));
    let mut page = Page::from(vec![title.with(format!(", wasmtime {}", answer.wasmtime))]);
    let counts = [
        (answer.same, "the same output, reads, log and fuel"),
        (answer.other_engine, "the same output, reads and log; on another engine then, so fuel is not compared"),
        (answer.not_reproducible, "ended by a clock or the machine, which nothing can repeat"),
        (answer.redacted, "redacted: what they were given is gone"),
        (answer.differ, "came out otherwise"),
        (answer.not_made, "could not be made again"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    page.append(table(2, counts.map(|(count, what)| vec![right(count, answer), Line::new().with(what)]).collect()));
    let told: Vec<_> = shown.iter().filter(|call| call.verdict != ReplayVerdict::OtherEngine).collect();
    if !told.is_empty() {
        page.gap();
        page.append(table(2, told.iter().map(|call| row(call)).collect()));
    }
    let hidden = answer.differ + answer.not_made + answer.not_reproducible + answer.redacted;
    let hidden = hidden.saturating_sub(told.len() as u64);
    if hidden > 0 {
        page.push(Line::new().painted(Paint::Dim, format!("  and {} more", grouped(hidden))));
    }
    page
}

fn right(count: u64, answer: &ReplayAnswer) -> Line {
    let width = grouped(answer.calls).len();
    Line::new().with(format!("{:>width$}", grouped(count)))
}

fn row(call: &ReplayedCall) -> Vec<Line> {
    let (paint, word) = mark(&call.verdict);
    let said = said(&call.verdict);
    let alone = said.len() == 1;
    let why = said.into_iter().map(|(name, text)| if alone { text } else { format!("{} {text}", name.to_lowercase()) });
    let why: Vec<_> = why.collect();
    vec![
        Line::new().with(name(call)),
        Line::new().painted(paint, word.trim_start_matches(['✔', '✘', '–', ' '])),
        Line::new().with(why.join(", ")),
    ]
}

fn name(call: &ReplayedCall) -> String {
    let function = call.recorded.as_ref().map(|recorded| recorded.function.name()).unwrap_or_default();
    format!("entry {} · {} {function}", call.entry, call.plugin).trim_end_matches([' ', '·']).to_owned()
}

const fn mark(verdict: &ReplayVerdict) -> (Paint, &'static str) {
    match verdict {
        ReplayVerdict::Same => (Paint::Good, "✔ the same"),
        ReplayVerdict::OtherEngine => (Paint::Good, "✔ the same output"),
        ReplayVerdict::NotReproducible => (Paint::Warn, "– not reproducible"),
        ReplayVerdict::Redacted { .. } => (Paint::Warn, "– redacted"),
        ReplayVerdict::Differs(_) => (Paint::Bad, "✘ differs"),
        ReplayVerdict::Missing { .. } => (Paint::Bad, "✘ missing"),
        ReplayVerdict::NoComponent { .. } => (Paint::Bad, "✘ no component"),
        ReplayVerdict::Unreadable { .. } => (Paint::Bad, "✘ unreadable"),
    }
}

/// What a verdict says beyond its word.
fn said(verdict: &ReplayVerdict) -> Vec<(&'static str, String)> {
    match verdict {
        ReplayVerdict::Same | ReplayVerdict::OtherEngine => Vec::new(),
        ReplayVerdict::NotReproducible => {
            vec![("Why", "a clock or the machine ended it, which nothing can repeat".to_owned())]
        }
        ReplayVerdict::Redacted { part } => vec![("Redacted", format!("the part `{part}` of the record"))],
        ReplayVerdict::Missing { part, problem } => {
            vec![("Missing", format!("the part `{part}` of the record, and nobody redacted it: {problem}"))]
        }
        ReplayVerdict::NoComponent { why } | ReplayVerdict::Unreadable { why } => vec![("Why", why.clone())],
        ReplayVerdict::Differs(difference) => {
            let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
            let mut said = vec![("First difference", difference.at.clone())];
            if difference.recorded.is_some() || difference.replayed.is_some() {
                said.push(("Recorded", text(&difference.recorded)));
                said.push(("Now", text(&difference.replayed)));
            }
            said
        }
    }
}

fn status(recorded: &RecordedCall) -> String {
    let word = serde_json::to_value(recorded.status).ok();
    word.as_ref().and_then(|word| word.as_str()).unwrap_or_default().replace('_', " ")
}

fn fuel(verdict: &ReplayVerdict, recorded: &RecordedCall) -> String {
    let fuel = grouped(recorded.fuel);
    match verdict {
        ReplayVerdict::Same => format!("{fuel}, the same"),
        ReplayVerdict::OtherEngine => format!("{fuel} then; not compared: another engine counts otherwise"),
        ReplayVerdict::Differs(_)
        | ReplayVerdict::NotReproducible
        | ReplayVerdict::Redacted { .. }
        | ReplayVerdict::Missing { .. }
        | ReplayVerdict::NoComponent { .. }
        | ReplayVerdict::Unreadable { .. } => fuel,
    }
}

fn engine(verdict: &ReplayVerdict, recorded: &RecordedCall, answer: &ReplayAnswer) -> String {
    let (then, now) = (&recorded.wasmtime, &answer.wasmtime);
    match verdict {
        _ if then != now => format!("{now}; recorded on {then}"),
        ReplayVerdict::OtherEngine => format!("{now}, with other settings than then"),
        ReplayVerdict::Same
        | ReplayVerdict::Differs(_)
        | ReplayVerdict::NotReproducible
        | ReplayVerdict::Redacted { .. }
        | ReplayVerdict::Missing { .. }
        | ReplayVerdict::NoComponent { .. }
        | ReplayVerdict::Unreadable { .. } => format!("{now}, as recorded"),
    }
}

#[cfg(test)]
mod tests {
    use belay_domain::digest::Digest;
    use belay_runtime::api::Difference;
    use belay_sandbox::{Function, Status};
    use expect_test::{Expect, expect};

    use super::*;

    fn call(entry: u64, verdict: ReplayVerdict) -> ReplayedCall {
        let recorded = RecordedCall {
            component: Digest::of(b"component"),
            function: Function::Plan,
            status: Status::Answered,
            reads: 3,
            fuel: 1_204_117,
            wasmtime: "47.0.0".to_owned(),
        };
        ReplayedCall { entry, plugin: "mlflow-alias".to_owned(), recorded: Some(recorded), verdict }
    }

    fn answer(shown: Vec<ReplayedCall>) -> ReplayAnswer {
        ReplayAnswer {
            wasmtime: "47.0.0".to_owned(),
            calls: shown.len() as u64,
            same: 0,
            other_engine: 0,
            differ: 0,
            not_reproducible: 0,
            redacted: 0,
            not_made: 0,
            took_ms: 3_210,
            shown,
        }
    }

    fn difference() -> ReplayVerdict {
        let part = |text: &str| Some(text.to_owned());
        ReplayVerdict::Differs(Difference {
            at: "output /answer/0/label".to_owned(),
            recorded: part("\"v8\""),
            replayed: part("\"v9\""),
        })
    }

    fn check(answer: &ReplayAnswer, expected: Expect) {
        expected.assert_eq(&page(answer).to_text(false));
    }

    #[test]
    fn one_call_tells_all_that_was_compared() {
        check(
            &answer(vec![call(1_841, ReplayVerdict::Same)]),
            expect![[r#"
                ✔ the same  entry 1841 · mlflow-alias plan
                  Component  6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa
                  Ended      answered, 3 reads
                  Fuel       1,204,117, the same
                  wasmtime   47.0.0, as recorded
            "#]],
        );
        let mut elsewhere = answer(vec![call(1_841, ReplayVerdict::OtherEngine)]);
        elsewhere.wasmtime = "48.0.8".to_owned();
        check(
            &elsewhere,
            expect![[r#"
                ✔ the same output  entry 1841 · mlflow-alias plan
                  Component  6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa
                  Ended      answered, 3 reads
                  Fuel       1,204,117 then; not compared: another engine counts otherwise
                  wasmtime   48.0.8; recorded on 47.0.0
            "#]],
        );
        check(
            &answer(vec![call(1_841, difference())]),
            expect![[r#"
                ✘ differs  entry 1841 · mlflow-alias plan
                  First difference  output /answer/0/label
                  Recorded          "v8"
                  Now               "v9"
                  Component         6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa
                  Ended             answered, 3 reads
                  Fuel              1,204,117
                  wasmtime          47.0.0, as recorded
            "#]],
        );
        check(
            &answer(vec![call(9, ReplayVerdict::Redacted { part: "call".to_owned() })]),
            expect![[r#"
                – redacted  entry 9 · mlflow-alias plan
                  Redacted   the part `call` of the record
                  Component  6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa
                  Ended      answered, 3 reads
                  Fuel       1,204,117
                  wasmtime   47.0.0, as recorded
            "#]],
        );
    }

    #[test]
    fn of_many_the_unusual_ones_are_named() {
        let mut some = answer(vec![
            call(12, ReplayVerdict::NotReproducible),
            call(907, difference()),
            ReplayedCall {
                entry: 1_002,
                plugin: String::new(),
                recorded: None,
                verdict: ReplayVerdict::Unreadable { why: "missing field `call`".to_owned() },
            },
        ]);
        (some.calls, some.same, some.other_engine) = (10_000, 9_990, 7);
        (some.not_reproducible, some.differ, some.not_made) = (1, 1, 1);
        check(
            &some,
            expect![[r#"
                ✘ not as recorded  10,000 calls, 3.2 s, wasmtime 47.0.0
                   9,990  the same output, reads, log and fuel
                       7  the same output, reads and log; on another engine then, so fuel is not compared
                       1  ended by a clock or the machine, which nothing can repeat
                       1  came out otherwise
                       1  could not be made again

                  entry 12 · mlflow-alias plan   not reproducible  a clock or the machine ended it, which nothing can repeat
                  entry 907 · mlflow-alias plan  differs           first difference output /answer/0/label, recorded "v8", now "v9"
                  entry 1002                     unreadable        missing field `call`
            "#]],
        );
    }

    #[test]
    fn all_the_same_takes_two_lines() {
        let mut all = answer(Vec::new());
        (all.calls, all.same) = (10_000, 10_000);
        check(
            &all,
            expect![[r#"
                ✔ as recorded  10,000 calls, 3.2 s, wasmtime 47.0.0
                  10,000  the same output, reads, log and fuel
            "#]],
        );
    }
}
