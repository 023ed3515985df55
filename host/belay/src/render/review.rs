//! Reviews of runs that broke the glass.

use belay_runtime::api::Review;

use super::clock::Clock;
use super::page::{Line, Page, Paint};
use super::table::table;

/// All of them, one line each.
pub(crate) fn list(reviews: &[Review], clock: &Clock) -> Page {
    if reviews.is_empty() {
        return Page::from(vec![Line::new().with("nobody has broken the glass")]);
    }
    let row = |review: &Review| {
        let state = match &review.closed {
            None => Line::new().painted(Paint::Warn, "open"),
            Some(closed) => Line::new().painted(Paint::Good, format!("closed by {}", closed.by)),
        };
        let people = format!("{} and {}", review.requester, review.second);
        [
            Line::new().painted(Paint::Strong, &review.run),
            state,
            Line::new().with(people),
            Line::new().with(clock.ago(review.at)),
        ]
        .into_iter()
        .chain([Line::new().with(&review.reason)])
        .collect()
    };
    table(0, reviews.iter().map(row).collect())
}

/// One, whole.
pub(crate) fn whole(review: &Review, clock: &Clock) -> Page {
    let fact = |name: &str, value: String| vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)];
    let mut page = Page::from(vec![
        Line::new().painted(Paint::Strong, &review.run).with(format!(" broke the glass at {}", clock.long(review.at))),
    ]);
    let mut rows = vec![
        fact("Asked by", review.requester.clone()),
        fact("Agreed by", review.second.clone()),
        fact("Because", review.reason.clone()),
        fact("Incident", review.incident.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)),
    ];
    rows.extend(review.overrides.iter().map(|what| fact("Overrode", what.clone())));
    if !review.skipped.is_empty() {
        rows.push(fact("Skipped", review.skipped.join(", ")));
    }
    rows.push(fact("Record", format!("belay audit show {}", review.entry)));
    match &review.closed {
        None => rows.push(fact("Next", format!("an admin or auditor: belay review close {} --reason …", review.run))),
        Some(closed) => {
            let when = clock.long(closed.at);
            rows.push(fact("Closed by", format!("{} at {when}: {}", closed.by, closed.reason)));
        }
    }
    page.append(table(2, rows));
    page
}
