//! Entries, a line each.

use belay_runtime::api::{LogLine, Reindexed};

use crate::render::amount::counted;
use crate::render::clock::Clock;
use crate::render::page::{Line, Page, Paint};
use crate::render::table::table;

/// One line an entry: number, when, of which run, what kind, who, what it says.
pub(crate) fn page(lines: &[LogLine], clock: &Clock) -> Page {
    if lines.is_empty() {
        return Page::from(vec![Line::new().with("no entry fits")]);
    }
    table(0, lines.iter().map(|line| row(line, clock)).collect())
}

fn row(line: &LogLine, clock: &Clock) -> Vec<Line> {
    vec![
        Line::new().painted(Paint::Dim, line.seq),
        Line::new().painted(Paint::Dim, clock.long(line.at)),
        Line::new().with(line.run.as_ref().map(ToString::to_string).unwrap_or_default()),
        Line::new().painted(Paint::Strong, &line.kind),
        Line::new().with(&line.actor),
        Line::new().with(&line.summary),
    ]
}

/// That the index was made again.
pub(crate) fn reindexed(answer: &Reindexed) -> Page {
    let what = format!("  {} can be searched", counted(answer.entries, "entry", "entries"));
    Page::from(vec![Line::new().painted(Paint::Good, "✔ indexed").with(what)])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::render::clock;

    fn line(clock: &Clock) -> LogLine {
        LogLine {
            seq: 1841,
            at: clock.now(),
            run: Some("r-77".parse().unwrap()),
            kind: "intent".to_owned(),
            actor: "ana".to_owned(),
            summary: "flag: PUT shop.flagd.json".to_owned(),
            entry: r#"{"kind":"intent"}"#.to_owned(),
        }
    }

    #[test]
    fn the_log_is_readable() {
        let clock = clock::at("2026-11-22T03:10:00[UTC]");
        let mut second = line(&clock);
        second.seq = 9;
        second.run = None;
        expect![[r#"
            9     2026-11-22 03:10:00        intent  ana  flag: PUT shop.flagd.json
            1841  2026-11-22 03:10:00  r-77  intent  ana  flag: PUT shop.flagd.json
        "#]]
        .assert_eq(&page(&[second, line(&clock)], &clock).to_text(false));
    }
}
