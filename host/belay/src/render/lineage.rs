//! What hangs together, and what was active when.

use belay_domain::lineage::Node;
use belay_runtime::api::{ActiveResource, FeaturesAnswer, ImpactAnswer, Seen};

use super::clock::Clock;
use super::page::{Line, Page, Paint};
use super::table::table;

/// What hangs together with a resource or a consumer.
pub(crate) fn impact(answer: &ImpactAnswer) -> Page {
    let impact = &answer.impact;
    let mut rows: Vec<Vec<Line>> = Vec::new();
    let mut group = |name: &str, values: Vec<Line>| {
        let none = || vec![Line::new().painted(Paint::Dim, "none")];
        let values = if values.is_empty() { none() } else { values };
        for (index, value) in values.into_iter().enumerate() {
            let name = if index == 0 { Line::new().painted(Paint::Dim, name) } else { Line::new() };
            rows.push(vec![name, value]);
        }
    };
    group("Is", impact.of.iter().map(node).collect());
    group("Made from", impact.upstream.iter().map(node).collect());
    group("Makes", impact.downstream.iter().map(node).collect());
    let users = impact.consumers.iter();
    group(
        "Used by",
        users.map(|user| Line::new().with(format!("{} ({}), of {}", user.name, user.tier, user.feature_set))).collect(),
    );
    let runbooks = answer.runbooks.iter().map(|covering| {
        let names: Vec<_> =
            covering.covers.iter().map(|node| format!("{} of {}", node.resource, node.feature_set)).collect();
        Line::new().painted(Paint::Strong, &covering.runbook).with(format!("   restores {}", names.join(", ")))
    });
    group("Runbooks", runbooks.collect());
    table(0, rows)
}

fn node(node: &Node) -> Line {
    Line::new().with(&node.at).with(format!("   {} of {}", node.resource, node.feature_set))
}

/// What was active at a moment.
pub(crate) fn features(answer: &FeaturesAnswer, clock: &Clock) -> Page {
    let heading =
        Line::new().painted(Paint::Strong, &answer.environment).with(format!(" at {}", clock.long(answer.at)));
    let mut page = Page::from(vec![heading]);
    for set in &answer.sets {
        page.gap();
        let point = set.point.as_ref().map_or_else(String::new, |point| format!("   newest point then {point}"));
        page.push(Line::new().painted(Paint::Strong, &set.feature_set).painted(Paint::Dim, point));
        page.append(table(2, set.resources.iter().map(|resource| row(resource, clock)).collect()));
    }
    page
}

fn row(resource: &ActiveResource, clock: &Clock) -> Vec<Line> {
    let told = |seen: &Seen| format!("{}, {}", clock.long(seen.at), seen.by);
    let last = match &resource.last {
        Some(seen) => vec![Line::new().with(&seen.version), Line::new().with(format!("last seen {}", told(seen)))],
        None => vec![Line::new().painted(Paint::Warn, "unknown"), Line::new().with("not seen until then")],
    };
    let next = match (&resource.last, &resource.next) {
        (_, None) => "not seen since".to_owned(),
        (Some(last), Some(next)) if last.content == next.content => format!("still so {}", told(next)),
        (_, Some(next)) => format!("next seen as {} {}", next.version, told(next)),
    };
    let heading = [Line::new().with(&resource.name), Line::new().with(&resource.at)];
    heading.into_iter().chain(last).chain([Line::new().painted(Paint::Dim, next)]).collect()
}
