//! Errors: what happened, what was and was not changed, one thing to do next.

use belay_runtime::api::{Ending, Error};

use super::page::{Line, Page, Paint};

/// Up to three parts; a part of several lines is indented under its word.
pub(crate) fn error(error: &Error) -> Page {
    let (word, paint) = word(error.ending);
    let mut page = part(word, paint, &error.what);
    if let Some(changed) = &error.changed {
        page.append(part("changed", Paint::Warn, changed));
    }
    if let Some(next) = &error.next {
        page.append(part("help", Paint::Strong, next));
    }
    page
}

/// What waits for people, or was left out on purpose, is no error.
const fn word(ending: Ending) -> (&'static str, Paint) {
    match ending {
        Ending::Done => ("done", Paint::Good),
        Ending::Waits => ("waits", Paint::Warn),
        Ending::PersonMustDecide => ("decide", Paint::Warn),
        Ending::Partial => ("partial", Paint::Warn),
        Ending::Failed | Ending::Usage | Ending::Refused | Ending::OutsideMandate => ("error", Paint::Bad),
    }
}

fn part(word: &str, paint: Paint, text: &str) -> Page {
    let indent = word.len() + 2;
    let mut lines = text.lines();
    let first = Line::new().painted(paint, format!("{word}:")).with(" ").with(lines.next().unwrap_or_default());
    let rest = lines.map(|line| Line::new().with(" ".repeat(indent)).with(line));
    std::iter::once(first).chain(rest).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn an_error_says_what_was_changed_and_what_to_do() {
        let found =
            Error::refused("outside the mandate: restore would set aside 9,120,004 rows\nthe mandate allows 24,062")
                .changed("flag is off; dataset and model are as they were")
                .next("belay plan standard-rollback checkout-ranker --env prod");
        expect![[r#"
            error: outside the mandate: restore would set aside 9,120,004 rows
                   the mandate allows 24,062
            changed: flag is off; dataset and model are as they were
            help: belay plan standard-rollback checkout-ranker --env prod
        "#]]
        .assert_eq(&error(&found).to_text(false));
    }

    #[test]
    fn an_error_brings_no_escape_sequences() {
        let text = error(&Error::failed("HTTP 502 \u{1b}[2Jall good")).to_text(false);
        assert_eq!(text, "error: HTTP 502 \\u{1b}[2Jall good\n");
    }
}
