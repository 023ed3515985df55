//! Rollback points: in a list, whole, compared.

use belay_domain::point::Origin;
use belay_runtime::api::{Mark, PointDifference, PointSummary};

use super::clock::Clock;
use super::page::{Line, Page, Paint};
use super::table::table;

/// One line each.
pub(crate) fn list(points: &[PointSummary], clock: &Clock) -> Page {
    if points.is_empty() {
        return Page::from(vec![Line::new().with("no rollback point yet: belay point capture FEATURE_SET makes one")]);
    }
    table(0, points.iter().map(|point| row(point, clock)).collect())
}

fn row(summary: &PointSummary, clock: &Clock) -> Vec<Line> {
    let point = &summary.point;
    vec![
        Line::new().painted(Paint::Strong, &summary.id),
        Line::new().with(&point.environment),
        Line::new().with(&point.feature_set),
        Line::new().painted(Paint::Dim, clock.ago(point.captured_at)),
        mark(summary),
        Line::new().with(&point.message),
    ]
}

fn mark(summary: &PointSummary) -> Line {
    match &summary.mark {
        None => Line::new().painted(Paint::Dim, "unmarked"),
        Some((Mark::Good, who)) => Line::new().painted(Paint::Good, format!("good, says {who}")),
        Some((Mark::Bad, who)) => Line::new().painted(Paint::Bad, format!("bad, says {who}")),
    }
}

/// A point with what it pins.
pub(crate) fn whole(summary: &PointSummary, clock: &Clock) -> Page {
    let point = &summary.point;
    let title = Line::new()
        .painted(Paint::Strong, &summary.id)
        .with(format!(" · {} · {} · ", point.environment, point.feature_set))
        .then(mark(summary));
    let mut page = Page::from(vec![title]);
    page.gap();
    page.append(table(2, facts(summary, clock)));
    page.gap();
    let pins = point.pins.iter().map(|(name, pinned)| {
        vec![
            Line::new().with(name),
            Line::new().with(&pinned.at),
            Line::new().with(&pinned.pin.state.version),
            Line::new().painted(Paint::Dim, format!("content {}", pinned.pin.state.content_digest().short())),
        ]
    });
    page.append(table(2, pins.collect()));
    page
}

fn facts(summary: &PointSummary, clock: &Clock) -> Vec<Vec<Line>> {
    let point = &summary.point;
    let origin = match &point.origin {
        Origin::Captured => String::new(),
        Origin::Undo { run } => format!("what {run} had found: undoes that run"),
    };
    let metrics: Vec<_> = point.metrics.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let facts = [
        (
            "Captured",
            format!("{} by {} ({})", clock.long(point.captured_at), point.captured_by, clock.ago(point.captured_at)),
        ),
        ("Is", origin),
        ("Says", point.message.clone()),
        ("Commit", point.commit.clone().unwrap_or_default()),
        ("Metrics", metrics.join(", ")),
        ("Digest", summary.digest.to_string()),
        ("Parent", point.parent.map(|parent| parent.to_string()).unwrap_or_default()),
    ];
    let filled = facts.into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)]).collect()
}

/// What differs, and what does not.
pub(crate) fn difference(differences: &[PointDifference]) -> Page {
    let side = |version: &Option<String>| version.clone().unwrap_or_else(|| "not in it".to_owned());
    let row = |difference: &PointDifference| {
        let (mark, change) = if difference.same {
            (Line::new().painted(Paint::Good, "="), side(&difference.to))
        } else {
            (Line::new().painted(Paint::Warn, "≠"), format!("{} → {}", side(&difference.from), side(&difference.to)))
        };
        vec![mark, Line::new().with(&difference.resource), Line::new().with(change)]
    };
    table(0, differences.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use belay_domain::digest::Digest;
    use belay_domain::id::Millis;
    use belay_domain::json::Json;
    use belay_domain::point::{PinnedResource, Point};
    use belay_domain::state::{Pin, State};
    use expect_test::expect;

    use super::*;
    use crate::render::clock;

    fn summary(clock: &Clock) -> PointSummary {
        let state = State { version: "v27".to_owned(), content: Json::NULL, revision: Json::NULL };
        let pinned = PinnedResource {
            at: "lake/clicks".parse().unwrap(),
            plugin: "delta-table".parse().unwrap(),
            component: Digest::of(b"component"),
            pin: Pin { state, proof: Json::NULL },
        };
        PointSummary {
            id: "rp-0412".parse().unwrap(),
            digest: Digest::of(b"point"),
            point: Point {
                schema: 1,
                environment: "prod".parse().unwrap(),
                feature_set: "checkout-ranker".parse().unwrap(),
                origin: Origin::Captured,
                captured_at: Millis(clock.now().0 - 2 * 86_400_000),
                captured_by: "ana".to_owned(),
                commit: Some("3f2a".to_owned()),
                message: "v8: stable".to_owned(),
                metrics: [("auc".to_owned(), "0.913".to_owned())].into(),
                parent: None,
                pins: [("dataset".parse().unwrap(), pinned)].into(),
            },
            mark: Some((Mark::Good, "ana".to_owned())),
        }
    }

    #[test]
    fn points_are_listed_and_shown() {
        let clock = clock::at("2026-11-22T03:10:00[UTC]");
        expect![[r#"
            rp-0412  prod  checkout-ranker  2 days ago  good, says ana  v8: stable
        "#]]
        .assert_eq(&list(&[summary(&clock)], &clock).to_text(false));
        expect![[r#"
            rp-0412 · prod · checkout-ranker · good, says ana

              Captured  2026-11-20 03:10:00 by ana (2 days ago)
              Says      v8: stable
              Commit    3f2a
              Metrics   auc 0.913
              Digest    251fecd592e56e6c4a95121752f4a73bb802dffc1cc4bce6100206ee2b7cb650

              dataset  lake/clicks  v27  content 74234e98afe7
        "#]]
        .assert_eq(&whole(&summary(&clock), &clock).to_text(false));
    }

    #[test]
    fn a_comparison_says_what_is_the_same() {
        let difference = |resource: &str, from: Option<&str>, to: Option<&str>, same| PointDifference {
            resource: resource.parse().unwrap(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            same,
        };
        let found = [
            difference("dataset", Some("v27"), Some("v31"), false),
            difference("flag", Some("on"), Some("on"), true),
            difference("model", None, Some("9"), false),
        ];
        expect![[r#"
            ≠  dataset  v27 → v31
            =  flag     on
            ≠  model    not in it → 9
        "#]]
        .assert_eq(&super::difference(&found).to_text(false));
    }
}
