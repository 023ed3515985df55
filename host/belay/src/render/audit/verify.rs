//! Whether a ledger can be trusted, and how far.

use belay_runtime::api::VerifyAnswer;

use crate::render::amount::{counted, grouped};
use crate::render::page::{Line, Page, Paint};

/// Whether a ledger is sound, and what is not.
pub(crate) fn page(answer: &VerifyAnswer) -> Page {
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
        .assert_eq(&page(&answer).to_text(false));
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
        .assert_eq(&page(&answer).to_text(false));
    }
}
