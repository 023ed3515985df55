//! Whether a log can be relied on, and how far where it can't.

use belay_runtime::api::VerifyAnswer;

use super::super::amount::{counted, grouped};
use super::super::page::{Line, Page, Paint};

/// Whether a ledger or an evidence file is sound, what is not, and what was not checked.
pub(crate) fn page(answer: &VerifyAnswer) -> Page {
    let (paint, word) = if answer.sound { (Paint::Good, "✔ sound") } else { (Paint::Bad, "✘ not sound") };
    let entries = counted(answer.entries, "entry", "entries");
    let of = if answer.evidence { format!(" of {}", grouped(answer.size)) } else { String::new() };
    let what = format!("  {}, {entries}{of}, root {}", answer.origin, answer.root);
    let mut page = Page::from(vec![Line::new().painted(paint, word).with(what)]);
    for problem in &answer.problems {
        page.push(Line::new().with("  ").painted(Paint::Bad, problem));
    }
    if !answer.sound {
        page.push(Line::new().with(trustworthy(answer)));
    }
    if !answer.open_intents.is_empty() {
        let open: Vec<_> = answer.open_intents.iter().map(ToString::to_string).collect();
        let text = format!("  intents without an outcome: {}; a run is under way, or must be resumed", open.join(", "));
        page.push(Line::new().painted(Paint::Warn, text));
    }
    if let Some(size) = answer.since {
        page.push(
            Line::new()
                .with(format!("  it still begins with the {} entries of the checkpoint that was kept", grouped(size))),
        );
    }
    let agreeing =
        [("signatures of people that hold", answer.signatures), ("mandates that it agrees with", answer.witnesses)];
    let agreeing: Vec<_> = agreeing.iter().filter(|(_, count)| *count > 0).collect();
    if !agreeing.is_empty() {
        let text: Vec<_> = agreeing.iter().map(|(what, count)| format!("{what}: {}", grouped(*count))).collect();
        page.push(Line::new().with(format!("  {}", text.join(" · "))));
    }
    for note in &answer.notes {
        page.push(Line::new().painted(Paint::Dim, format!("  {note}")));
    }
    page
}

fn trustworthy(answer: &VerifyAnswer) -> String {
    if answer.evidence {
        format!("  proven to be in the log: {} of them", grouped(answer.trustworthy))
    } else {
        format!("  trustworthy: the first {} of them", grouped(answer.trustworthy))
    }
}

#[cfg(test)]
mod tests {
    use belay_domain::digest::Digest;
    use expect_test::expect;

    use super::*;

    fn answer() -> VerifyAnswer {
        VerifyAnswer {
            sound: true,
            entries: 1_842,
            root: Digest::of(b"root"),
            size: 1_842,
            origin: "shop-ml".to_owned(),
            problems: vec![],
            open_intents: vec![1_841],
            trustworthy: 1_842,
            evidence: false,
            since: None,
            signatures: 0,
            witnesses: 0,
            silence: None,
            notes: vec![],
        }
    }

    #[test]
    fn a_verdict_on_the_log_says_how_far_it_can_be_trusted() {
        expect![[r#"
            ✔ sound  shop-ml, 1,842 entries, root 4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2
              intents without an outcome: 1841; a run is under way, or must be resumed
        "#]]
        .assert_eq(&page(&answer()).to_text(false));
        let answer = VerifyAnswer {
            sound: false,
            problems: vec!["entry 1200: its hash is not the one in the tree".to_owned()],
            open_intents: vec![],
            trustworthy: 1_200,
            ..answer()
        };
        expect![[r#"
            ✘ not sound  shop-ml, 1,842 entries, root 4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2
              entry 1200: its hash is not the one in the tree
              trustworthy: the first 1,200 of them
        "#]]
        .assert_eq(&page(&answer).to_text(false));
    }

    #[test]
    fn evidence_says_what_was_proven_and_what_was_not() {
        let answer = VerifyAnswer {
            entries: 31,
            open_intents: vec![],
            trustworthy: 31,
            evidence: true,
            since: Some(900),
            signatures: 2,
            witnesses: 1,
            notes: vec!["the whole log is not in this file: that no entry was left out is not proven".to_owned()],
            ..answer()
        };
        expect![[r#"
            ✔ sound  shop-ml, 31 entries of 1,842, root 4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2
              it still begins with the 900 entries of the checkpoint that was kept
              signatures of people that hold: 2 · mandates that it agrees with: 1
              the whole log is not in this file: that no entry was left out is not proven
        "#]]
        .assert_eq(&page(&answer).to_text(false));
    }
}
