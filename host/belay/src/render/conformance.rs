//! What came of trying a plugin.

use belay_conformance::{Check, Outcome, Report, Tried};

use super::amount::{counted, grouped, size};
use super::page::{Line, Page, Paint};
use super::table::table;

/// Each check on a line of its own, what failed below it, and what calls cost.
pub(crate) fn report(report: &Report, plugin: &str) -> Page {
    let mut page = Page::new();
    page.push(Line::new().painted(Paint::Strong, plugin).with(format!(
        "  {}, {}",
        report.world,
        report.digest.short()
    )));
    section(&mut page, "Fixtures", &report.fixtures);
    if report.fixtures.is_empty() {
        page.push(
            Line::new().painted(Paint::Warn, "  none: fixtures/*.toml beside the plugin; without them little is tried"),
        );
    }
    section(&mut page, "Conformance", &report.suite);
    page.gap();
    page.append(table(0, costs(report)));
    page.push(total(report));
    page
}

fn section(page: &mut Page, title: &str, checks: &[Check]) {
    page.gap();
    page.push(Line::new().painted(Paint::Dim, title));
    for check in checks {
        let tried = if check.tried > 1 { format!("  {}", grouped(check.tried)) } else { String::new() };
        let line = |paint, sign: &str| Line::new().painted(paint, format!("  {sign} ")).with(&check.name);
        match &check.outcome {
            Outcome::Passed => page.push(line(Paint::Good, "✔").painted(Paint::Dim, tried)),
            Outcome::LeftOut { why } => {
                page.push(line(Paint::Dim, "○").painted(Paint::Dim, format!("  not tried: {why}")));
            }
            Outcome::Failed { why, more } => {
                page.push(line(Paint::Bad, "✘").painted(Paint::Dim, tried));
                why.iter().for_each(|why| page.push(Line::new().with("      ").with(why)));
                if *more > 0 {
                    page.push(Line::new().painted(Paint::Dim, format!("      and {} more", grouped(*more))));
                }
            }
        }
    }
}

fn costs(report: &Report) -> Vec<Vec<Line>> {
    let figures = &report.figures;
    let row = |name: &str, value: String| vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)];
    vec![
        row("Fuel", format!("{} at most", grouped(figures.fuel))),
        row("Memory", format!("{} at most", size(figures.memory_bytes))),
        row(
            "Time",
            format!("{} a call, {} the slowest", microseconds(figures.median_us), microseconds(figures.slowest_us)),
        ),
    ]
}

/// `0.3 ms`.
pub(crate) fn microseconds(microseconds: u64) -> String {
    format!("{}.{} ms", grouped(microseconds / 1_000), microseconds % 1_000 / 100)
}

fn total(report: &Report) -> Line {
    let checks = report.fixtures.iter().chain(&report.suite);
    let failed = checks.clone().filter(|check| !check.is_fine()).count() as u64;
    let (all, calls) = (checks.count() as u64, counted(report.figures.calls, "call", "calls"));
    if failed == 0 {
        Line::new().painted(Paint::Good, "passed").with(format!("  {}, {calls}", counted(all, "check", "checks")))
    } else {
        Line::new()
            .painted(Paint::Bad, "failed")
            .with(format!("  {failed} of {}, {calls}", counted(all, "check", "checks")))
    }
}

/// Each call, what it said, and what it cost.
pub(crate) fn tried(tried: &[Tried]) -> Page {
    let mut page = Page::new();
    for call in tried {
        page.gap();
        page.push(Line::new().painted(Paint::Strong, &call.what));
        let text = serde_json::to_string_pretty(&call.output).unwrap_or_default();
        text.lines().for_each(|line| page.push(Line::new().with("  ").with(line)));
        call.log.iter().for_each(|line| page.push(Line::new().painted(Paint::Dim, "  log  ").with(line)));
        page.push(cost(call.fuel, call.memory_bytes, call.took_us));
    }
    page
}

/// What one call cost.
pub(crate) fn cost(fuel: u64, memory_bytes: u64, took_us: u64) -> Line {
    let cost = format!("  {} fuel, {}, {}", grouped(fuel), size(memory_bytes), microseconds(took_us));
    Line::new().painted(Paint::Dim, cost)
}
