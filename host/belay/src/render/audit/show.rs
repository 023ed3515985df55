//! One entry, and what places it in the log.

use belay_domain::id::Millis;
use belay_runtime::api::{Attachment, EntryAnswer};

use crate::render::amount::size;
use crate::render::clock::Clock;
use crate::render::page::{Line, Page, Paint};
use crate::render::table::table;

/// One entry whole, with all that a stranger needs to recompute its place in the log.
pub(crate) fn page(answer: &EntryAnswer, clock: &Clock) -> Page {
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

#[cfg(test)]
mod tests {
    use belay_domain::digest::Digest;
    use belay_runtime::api::LogLine;
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
        .assert_eq(&page(&answer, &clock).to_text(false));
    }
}
