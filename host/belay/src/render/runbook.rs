//! Runbooks: in a list, and whole.

use belay_domain::check::Check;
use belay_domain::runbook::{OnFailure, Parameter, RampRecipe, Runbook, Setting, Stage, Step};
use belay_domain::skip::{IfUnreachable, WhenDown};
use belay_runtime::api::RunbookSummary;

use super::amount::limit;
use super::clock::Clock;
use super::page::{Line, Page, Paint};
use super::people;
use super::table::table;

/// One line each: its name, what it serves, how it went last.
pub(crate) fn list(runbooks: &[RunbookSummary], clock: &Clock) -> Page {
    if runbooks.is_empty() {
        return Page::from(vec![Line::new().with("no runbook found")]);
    }
    table(0, runbooks.iter().map(|summary| row(summary, clock)).collect())
}

fn row(summary: &RunbookSummary, clock: &Clock) -> Vec<Line> {
    let serves: Vec<_> = summary.serves.iter().map(|set| set.as_str()).collect();
    let serves =
        if serves.is_empty() { "serves no feature set".to_owned() } else { format!("serves {}", serves.join(", ")) };
    vec![
        Line::new().painted(Paint::Strong, &summary.runbook.name),
        Line::new().with(serves),
        Line::new().painted(
            Paint::Dim,
            last_run(summary, clock).map_or_else(|| "never run".to_owned(), |last| format!("last run {last}")),
        ),
    ]
}

/// `3 days ago, restored in 21 s`
fn last_run(summary: &RunbookSummary, clock: &Clock) -> Option<String> {
    summary.last_run.as_ref().map(|last| format!("{}, {}", clock.ago(last.at), last.ending))
}

/// A runbook as a responder reads it before running it.
pub(crate) fn whole(summary: &RunbookSummary, clock: &Clock) -> Page {
    let runbook = &summary.runbook;
    let title = Line::new().painted(Paint::Strong, &runbook.name).with(format!(": {}", runbook.summary));
    let mut page = Page::from(vec![title]);
    page.gap();
    page.append(table(2, facts(summary, clock)));
    page.gap();
    for stage in &runbook.stages {
        page.append(stage_lines(stage));
    }
    if !runbook.checks.is_empty() {
        page.push(Line::new().with("  ").painted(Paint::Strong, "checks"));
        runbook.checks.iter().for_each(|check| page.push(Line::new().with("    ").with(describe(check))));
    }
    page
}

fn facts(summary: &RunbookSummary, clock: &Clock) -> Vec<Vec<Line>> {
    let runbook = &summary.runbook;
    let serves: Vec<_> = summary.serves.iter().map(|set| set.as_str()).collect();
    let parameters: Vec<_> = runbook.parameters.iter().map(parameter).collect();
    let facts = [
        ("Use it when", runbook.when.clone()),
        ("Not when", runbook.when_not.clone()),
        ("Call", runbook.escalate_to.clone()),
        ("Serves", serves.join(", ")),
        ("Parameters", parameters.join(", ")),
        ("Promises", promises(runbook)),
        ("If it fails", if_it_fails(&runbook.on_failure)),
        ("May ask", summary.people.iter().map(people::asks).collect::<Vec<_>>().join("; ")),
        ("Approve", summary.people.iter().map(people::approves).collect::<Vec<_>>().join("; ")),
        ("Last run", last_run(summary, clock).unwrap_or_else(|| "never".to_owned())),
    ];
    let filled = facts.into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)]).collect()
}

fn if_it_fails(on_failure: &OnFailure) -> String {
    match on_failure {
        OnFailure::Halt => String::new(),
        OnFailure::Undo => "what it wrote is put back".to_owned(),
        OnFailure::Runbook(name) => format!("it goes on with {name}"),
    }
}

fn parameter(parameter: &Parameter) -> String {
    let default = parameter.default.as_ref().map_or_else(|| "to be given".to_owned(), |value| value.to_string());
    format!("{} ({}; {default})", parameter.name, parameter.kind.describe())
}

fn promises(runbook: &Runbook) -> String {
    let restored = runbook.service_level.restored_within_ms.map(|ms| format!("restored within {}", limit(ms)));
    let lost = runbook.service_level.may_lose_ms.map(|ms| format!("sets aside {} of data at the most", limit(ms)));
    restored.into_iter().chain(lost).collect::<Vec<_>>().join(", ")
}

fn stage_lines(stage: &Stage) -> Page {
    let mut page = Page::from(vec![Line::new().with("  ").painted(Paint::Strong, &stage.name)]);
    for step in &stage.steps {
        let line = Line::new().with("    ");
        page.push(match step {
            Step::Resource { resource, ramp: Some(ramp), when_down, .. } => {
                line.with(format!("~ {resource}   {} {}", ramp.attribute, through(ramp))).with(where_down(*when_down))
            }
            Step::Resource { resource, set: None, when_down, .. } => {
                line.with(format!("↩ {resource}")).with(where_down(*when_down))
            }
            Step::Resource { resource, set: Some(settings), when_down, .. } => {
                let settings: Vec<_> =
                    settings.iter().map(|(name, value)| format!("{name} = {}", setting(value))).collect();
                line.with(format!("~ {resource}   {}", settings.join(", "))).with(where_down(*when_down))
            }
            Step::Manual { instruction } => line.painted(Paint::Warn, "☞ by hand").with("   ").with(instruction),
        });
    }
    page
}

/// `through 50, 25, 10, 0, held 30s each`
fn through(ramp: &RampRecipe) -> String {
    let values: Vec<_> = ramp.through.iter().map(setting).collect();
    format!("through {}, held {} each", values.join(", "), limit(ramp.hold_ms))
}

const fn where_down(when_down: WhenDown) -> &'static str {
    match when_down.if_unreachable {
        IfUnreachable::Halt => "",
        IfUnreachable::Skip => "   (skipped where its system is down)",
    }
}

fn setting(setting: &Setting) -> String {
    match setting {
        Setting::Value(value) => value.to_string(),
        Setting::Parameter(name) => format!("the parameter {name}"),
    }
}

/// `json-probe value below 0.02, within 3m, for 30s`.
fn describe(check: &Check) -> String {
    let hold = if check.hold_ms == 0 { String::new() } else { format!(", for {}", limit(check.hold_ms)) };
    format!("{} {} {}, within {}{hold}", check.probe, check.measurement, check.must, limit(check.within_ms))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use belay_domain::check::{DecimalText, Inconclusive, Threshold};
    use belay_domain::id::Millis;
    use belay_domain::json::Json;
    use belay_domain::runbook::{ParameterKind, ServiceLevel};
    use belay_runtime::api::LastRun;
    use expect_test::expect;

    use super::*;
    use crate::render::clock;

    fn summary(clock: &Clock) -> RunbookSummary {
        let resource = |name: &str, set| Step::Resource {
            resource: name.parse().unwrap(),
            set,
            connections: vec![],
            ramp: None,
            when_down: WhenDown::default(),
        };
        let setting = Setting::Parameter("rollout_to".to_owned());
        let steps = vec![
            resource("flag", Some(BTreeMap::from([("rollout".to_owned(), setting)]))),
            resource("dataset", None),
            Step::Manual { instruction: "Ask the DBA to pause the loader".to_owned() },
        ];
        RunbookSummary {
            runbook: Runbook {
                name: "standard-rollback".parse().unwrap(),
                summary: "Turn the release off, then put its data back".to_owned(),
                when: "a release degrades what users see".to_owned(),
                when_not: String::new(),
                escalate_to: "ml-platform on call".to_owned(),
                tags: vec![],
                parameters: vec![Parameter {
                    name: "rollout_to".to_owned(),
                    kind: ParameterKind::Integer,
                    default: Some(Json::parse("0").unwrap()),
                }],
                stages: vec![Stage { name: "contain".parse().unwrap(), steps }],
                checks: vec![Check {
                    probe: "json-probe".parse().unwrap(),
                    connections: vec![],
                    resource: None,
                    config: Json::parse("{}").unwrap(),
                    measurement: "value".to_owned(),
                    must: Threshold::Below(DecimalText::try_from("0.02".to_owned()).unwrap()),
                    within_ms: 180_000,
                    hold_ms: 30_000,
                    inconclusive: Inconclusive::Wait,
                }],
                service_level: ServiceLevel { restored_within_ms: Some(300_000), may_lose_ms: Some(86_400_000) },
                on_failure: OnFailure::Halt,
                may_touch: belay_domain::people::Scope::default(),
                limits: belay_domain::limits::Terms::default(),
                leaves: vec![],
            },
            serves: vec!["checkout-ranker".parse().unwrap(), "search-ranker".parse().unwrap()],
            people: vec![],
            last_run: Some(LastRun {
                run: "r-70".parse().unwrap(),
                at: Millis(clock.now().0 - 3 * 86_400_000),
                ending: "restored in 21 s".to_owned(),
            }),
        }
    }

    #[test]
    fn a_list_says_what_each_serves_and_how_it_went() {
        let clock = clock::at("2026-11-22T03:10:00[UTC]");
        expect![[r#"
            standard-rollback  serves checkout-ranker, search-ranker  last run 3 days ago, restored in 21 s
        "#]]
        .assert_eq(&list(&[summary(&clock)], &clock).to_text(false));
        assert_eq!(list(&[], &clock).to_text(false), "no runbook found\n");
    }

    #[test]
    fn a_runbook_reads_like_a_recipe() {
        let clock = clock::at("2026-11-22T03:10:00[UTC]");
        expect![[r#"
            standard-rollback: Turn the release off, then put its data back

              Use it when  a release degrades what users see
              Call         ml-platform on call
              Serves       checkout-ranker, search-ranker
              Parameters   rollout_to (a whole number; 0)
              Promises     restored within 5m, sets aside 24h of data at the most
              Last run     3 days ago, restored in 21 s

              contain
                ~ flag   rollout = the parameter rollout_to
                ↩ dataset
                ☞ by hand   Ask the DBA to pause the loader
              checks
                json-probe value below 0.02, within 3m, for 30s
        "#]]
        .assert_eq(&whole(&summary(&clock), &clock).to_text(false));
    }
}
