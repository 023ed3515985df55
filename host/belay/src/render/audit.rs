//! The ledger as a reviewer reads it.

pub(crate) mod replay;

use belay_domain::id::Millis;
use belay_runtime::api::{Attachment, EntryAnswer, LogLine, VerifyAnswer};

use super::amount::{counted, grouped, size};
use super::clock::Clock;
use super::page::{Line, Page, Paint};
use super::table::table;

/// One line an entry: number, when, of which run, what kind, who, what it says.
pub(crate) fn log(lines: &[LogLine], clock: &Clock) -> Page {
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

/// One entry whole, with all that a stranger needs to recompute its place in the log.
pub(crate) fn entry(answer: &EntryAnswer, clock: &Clock) -> Page {
    let line = &answer.line;
    let about = [line.kind.as_str(), line.summary.as_str()].into_iter().filter(|text| !text.is_empty());
    let about: String = about.flat_map(|text| [" · ", text]).collect();
    let title = Line::new().painted(Paint::Strong, format!("entry {}", line.seq)).with(about);
    let mut page = Page::from(vec![title]);
    page.gap();
    page.append(table(2, facts(answer, line.at, clock)));
    page.gap();
    page.push(Line::new().painted(Paint::Dim, "  The entry, canonical JSON"));
    page.push(Line::new().with("  ").with(&line.entry));
    if !answer.attachments.is_empty() {
        page.gap();
        page.push(Line::new().painted(Paint::Dim, "  What it names beside the log"));
        page.append(table(4, answer.attachments.iter().map(attachment).collect()));
    }
    page.gap();
    page.push(Line::new().painted(Paint::Dim, "  Its proof: the hashes beside its way to the root"));
    answer.proof.iter().for_each(|hash| page.push(Line::new().with("    ").with(hash)));
    page.push(Line::new().painted(Paint::Dim, "  The signed checkpoint that the proof leads to"));
    answer.checkpoint.lines().for_each(|text| page.push(Line::new().with("    ").with(text)));
    page
}

fn facts(answer: &EntryAnswer, at: Millis, clock: &Clock) -> Vec<Vec<Line>> {
    let run = answer.line.run.as_ref().map(ToString::to_string).unwrap_or_default();
    let facts = [
        ("When", clock.exact(at)),
        ("Who", answer.line.actor.clone()),
        ("Run", run),
        ("Leaf hash", answer.leaf.to_string()),
    ];
    let filled = facts.into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)]).collect()
}

fn attachment(attachment: &Attachment) -> Vec<Line> {
    let found = match (attachment.size, attachment.redacted_by) {
        (Some(bytes), _) => Line::new().with(size(bytes)),
        (None, Some(by)) => Line::new().painted(Paint::Warn, format!("by entry {by}")),
        (None, None) => Line::new().painted(Paint::Bad, "missing"),
    };
    vec![
        Line::new().with(&attachment.name),
        Line::new().painted(Paint::Dim, attachment.digest),
        found,
        Line::new().with(attachment.text.as_deref().unwrap_or_default()),
    ]
}

/// Whether a ledger is sound, and what is not.
pub(crate) fn verify(answer: &VerifyAnswer) -> Page {
    let (paint, word) = if answer.sound { (Paint::Good, "✔ sound") } else { (Paint::Bad, "✘ not sound") };
    let examined = format!("{}, {}", answer.origin, counted(answer.entries, "entry", "entries"));
    let what = format!("  {examined}, root {}", answer.root);
    let mut page = Page::from(vec![Line::new().painted(paint, word).with(what)]);
    for problem in &answer.problems {
        page.push(Line::new().with("  ").painted(Paint::Bad, problem));
    }
    if !answer.sound {
        page.push(Line::new().with(format!("  trustworthy: the first {} of them", grouped(answer.trustworthy))));
    }
    if !answer.open_intents.is_empty() {
        let open: Vec<_> = answer.open_intents.iter().map(ToString::to_string).collect();
        let text = format!("  intents without an outcome: {}; a run is under way, or must be resumed", open.join(", "));
        page.push(Line::new().painted(Paint::Warn, text));
    }
    page
}

#[cfg(test)]
mod tests {
    use belay_domain::digest::Digest;
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
        .assert_eq(&log(&[second, line(&clock)], &clock).to_text(false));
    }

    #[test]
    fn an_entry_brings_its_proof() {
        let clock = clock::at("2026-11-22T03:10:00[UTC]");
        let answer = EntryAnswer {
            line: line(&clock),
            leaf: Digest::of(b"leaf"),
            proof: vec![Digest::of(b"sibling")],
            checkpoint: "shop-ml\n1842\nroot\n\n— shop-ml sig\n".to_owned(),
            attachments: vec![Attachment {
                digest: Digest::of(b"body"),
                name: "body".to_owned(),
                size: Some(12),
                redacted_by: None,
                text: Some("{\"off\":\u{1b}}".to_owned()),
            }],
        };
        expect![[r#"
            entry 1841 · intent · flag: PUT shop.flagd.json

              When       2026-11-22T03:10:00+00:00
              Who        ana
              Run        r-77
              Leaf hash  9f91161f43433e49a6de6db680d79f60159f2e4ac9172621a12846428158440b

              The entry, canonical JSON
              {"kind":"intent"}

              What it names beside the log
                body  230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5  12 bytes  {"off":\u{1b}}

              Its proof: the hashes beside its way to the root
                7d10de8554ed5ca40f9d0f0e0f4375b5b338af3fb96d33c9b2f53b5289b8f4fe
              The signed checkpoint that the proof leads to
                shop-ml
                1842
                root

                — shop-ml sig
        "#]]
        .assert_eq(&entry(&answer, &clock).to_text(false));
    }

    #[test]
    fn a_verdict_on_the_log_says_how_far_it_can_be_trusted() {
        let mut answer = VerifyAnswer {
            sound: true,
            entries: 1_842,
            root: Digest::of(b"root"),
            origin: "shop-ml".to_owned(),
            problems: vec![],
            open_intents: vec![1_841],
            trustworthy: 1_842,
        };
        expect![[r#"
            ✔ sound  shop-ml, 1,842 entries, root 4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2
              intents without an outcome: 1841; a run is under way, or must be resumed
        "#]]
        .assert_eq(&verify(&answer).to_text(false));
        answer = VerifyAnswer {
            sound: false,
            problems: vec!["entry 1200: its hash is not the one in the tree".to_owned()],
            open_intents: vec![],
            trustworthy: 1_200,
            ..answer
        };
        expect![[r#"
            ✘ not sound  shop-ml, 1,842 entries, root 4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2
              entry 1200: its hash is not the one in the tree
              trustworthy: the first 1,200 of them
        "#]]
        .assert_eq(&verify(&answer).to_text(false));
    }
}
