//! Whether a feature set could be rolled back, and why not.

use belay_runtime::api::{GateAnswer, GateCheck, GateWord};

use super::page::{Line, Page, Paint};
use super::table::table;

/// Each feature set with its checks.
pub(crate) fn gates(answers: &[GateAnswer]) -> Page {
    let mut page = Page::new();
    for (index, answer) in answers.iter().enumerate() {
        if index > 0 {
            page.gap();
        }
        page.append(gate(answer));
    }
    page
}

fn gate(answer: &GateAnswer) -> Page {
    let word = if answer.open {
        Line::new().painted(Paint::Good, "✔ can be rolled back")
    } else {
        Line::new().painted(Paint::Bad, "✘ can't be rolled back")
    };
    let title = Line::new().painted(Paint::Strong, &answer.environment).with(" · ");
    let mut page = Page::from(vec![title.painted(Paint::Strong, &answer.feature_set).with("   ").then(word)]);
    page.append(table(2, answer.checks.iter().map(check).collect()));
    page
}

fn check(check: &GateCheck) -> Vec<Line> {
    let (paint, mark) = match check.word {
        GateWord::Passed => (Paint::Good, "✔"),
        GateWord::Failed => (Paint::Bad, "✘"),
        GateWord::NotTried => (Paint::Dim, "-"),
    };
    vec![Line::new().painted(paint, mark).with(" ").with(&check.check), Line::new().with(&check.found)]
}
