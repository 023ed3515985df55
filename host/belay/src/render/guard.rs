//! Guardrails on cases of the past.

use belay_domain::verdict::Verdict;
use belay_runtime::api::{Backtest, ChangedVerdict, GuardrailMode, TriedVerdict, VerdictWord};

use super::amount::{counted, grouped};
use super::clock::Clock;
use super::conformance::cost;
use super::page::{Line, Page, Paint};
use super::table::table;

/// Each verdict, its reasons, factors and notes, and what it cost.
pub(crate) fn tried(tried: &[TriedVerdict]) -> Page {
    let mut page = Page::new();
    for one in tried {
        page.gap();
        page.push(Line::new().with(format!("{}  ", one.about)).painted(paint(one.verdict), one.verdict.words()));
        reasons(one).into_iter().for_each(|reason| page.push(Line::new().with("  ").with(reason)));
        one.log.iter().for_each(|line| page.push(Line::new().painted(Paint::Dim, "  log  ").with(line)));
        page.push(cost(one.fuel, one.memory_bytes, one.took_us));
    }
    page
}

fn reasons(tried: &TriedVerdict) -> Vec<String> {
    let mut said: Vec<String> = tried.failed.iter().map(ToString::to_string).collect();
    let Some(judgement) = &tried.judgement else { return said };
    match &judgement.verdict {
        Verdict::Allow => {}
        Verdict::Deny(reasons) => said.extend(reasons.iter().cloned()),
        Verdict::NeedsApprovals(quorums) => said.extend(quorums.iter().map(|quorum| {
            let approvals = counted(quorum.approvals.into(), "approval", "approvals");
            format!("{approvals} of {}: {}", quorum.role, quorum.because)
        })),
    }
    said.extend(judgement.factors.iter().map(|factor| format!("risk +{}: {}", factor.score, factor.cause)));
    said.extend(judgement.notes.iter().map(|note| format!("note: {note}")));
    said
}

const fn paint(verdict: VerdictWord) -> Paint {
    match verdict {
        VerdictWord::Allow => Paint::Good,
        VerdictWord::NotAsked => Paint::Dim,
        VerdictWord::NeedsApprovals => Paint::Warn,
        VerdictWord::Deny | VerdictWord::Failed => Paint::Bad,
    }
}

/// The verdicts that would change, then totals.
pub(crate) fn backtest(found: &Backtest, clock: &Clock) -> Page {
    let mut page = Page::new();
    let mode = match found.mode {
        GuardrailMode::Enforce => "enforced in belay.toml",
        GuardrailMode::Monitor => "monitored in belay.toml: shown, not binding",
        GuardrailMode::Absent => "not in belay.toml",
    };
    page.push(Line::new().painted(Paint::Strong, &found.plugin).with(format!("  {}, {mode}", found.digest.short())));
    page.gap();
    page.append(table(2, found.changed.iter().map(|change| row(change, clock)).collect()));
    if found.changed.is_empty() {
        page.push(Line::new().with("  no verdict would change"));
    }
    page.gap();
    let fact = |name: &str, value: String| vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)];
    let mut totals = vec![
        fact("Cases", format!("{}, since {}", grouped(found.cases), clock.long(found.since))),
        fact("Changed", grouped(found.changed.len() as u64)),
        fact("Now", format!("{} allow, {} ask for approvals, {} deny", found.allow, found.needs_approvals, found.deny)),
    ];
    if found.failed > 0 {
        totals.push(fact("No verdict", format!("{}: the plugin fails, which denies", grouped(found.failed))));
    }
    if found.redacted > 0 {
        totals.push(fact(
            "Redacted",
            format!("{}: what was judged is gone and can't be judged again", grouped(found.redacted)),
        ));
    }
    page.append(table(0, totals));
    page
}

fn row(change: &ChangedVerdict, clock: &Clock) -> Vec<Line> {
    let cell = |text: String| Line::new().with(text);
    let run = change.run.as_ref().map_or_else(|| "a plan".to_owned(), ToString::to_string);
    let place = change.environment.as_ref().map(ToString::to_string).unwrap_or_default();
    vec![
        cell(clock.long(change.at)),
        cell(run),
        cell(place),
        cell(change.stage.clone()),
        Line::new()
            .painted(paint(change.before), change.before.words())
            .with(" → ")
            .painted(paint(change.after), change.after.words()),
        cell(change.reasons.join("; ")),
    ]
}
