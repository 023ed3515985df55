//! What is quarantined, and what no longer is.

use belay_runtime::api::QuarantineAnswer;

use super::page::{Line, Page, Paint};
use super::table::table;

/// One line each.
pub(crate) fn list(found: &[QuarantineAnswer]) -> Page {
    if found.is_empty() {
        return Page::from(vec![Line::new().with("nothing is quarantined")]);
    }
    table(0, found.iter().map(row).collect())
}

/// What was lifted.
pub(crate) fn lifted(found: &[QuarantineAnswer]) -> Page {
    let mut page = Page::from(vec![Line::new().painted(Paint::Good, "lifted")]);
    page.append(table(2, found.iter().map(row).collect()));
    page
}

fn row(found: &QuarantineAnswer) -> Vec<Line> {
    let left = &found.left;
    vec![
        Line::new().with(&found.environment),
        Line::new().painted(Paint::Strong, &left.resource),
        Line::new().with(&left.version),
        Line::new().painted(Paint::Dim, format!("content {}", left.content.short())),
        Line::new().with(format!("left by {} of {}", left.run, left.feature_set)),
    ]
}

#[cfg(test)]
mod tests {
    use belay_domain::digest::Digest;
    use belay_domain::quarantine::Quarantined;
    use expect_test::expect;

    use super::*;

    #[test]
    fn each_says_what_it_is_and_which_run_left_it() {
        let left = Quarantined {
            feature_set: "checkout-ranker".parse().unwrap(),
            name: "dataset".parse().unwrap(),
            resource: "lake/clicks".parse().unwrap(),
            version: "v31".to_owned(),
            content: Digest::of(b"bad"),
            run: "r-77".parse().unwrap(),
        };
        let found = [QuarantineAnswer { environment: "prod".parse().unwrap(), left }];
        expect![[r#"
            prod  lake/clicks  v31  content 2f05d4b689d2  left by r-77 of checkout-ranker
        "#]]
        .assert_eq(&list(&found).to_text(false));
        assert_eq!(list(&[]).to_text(false), "nothing is quarantined\n");
    }
}
