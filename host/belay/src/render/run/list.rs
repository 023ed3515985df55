//! Runs in a list.

use belay_engine::Status;
use belay_runtime::api::RunSummary;

use super::standing::of_run;
use crate::render::clock::Clock;
use crate::render::page::{Line, Page, Paint};
use crate::render::table::table;

/// One line each.
pub(crate) fn list(runs: &[RunSummary], clock: &Clock) -> Page {
    if runs.is_empty() {
        return Page::from(vec![Line::new().with("no run yet")]);
    }
    table(0, runs.iter().map(|run| row(run, clock)).collect())
}

fn row(run: &RunSummary, clock: &Clock) -> Vec<Line> {
    let incident = run.incident.as_ref().map(ToString::to_string).unwrap_or_default();
    let under_way = matches!(run.view.status, Status::Working | Status::Checking | Status::Stopping);
    let standing = match (run.owned, under_way) {
        // Who is at work is told with who paused it.
        (true, _) if matches!(run.view.status, Status::Paused(_)) => of_run(&run.view.status),
        (true, _) => of_run(&run.view.status).with(format!(", by {}", run.view.owner)),
        (false, true) => Line::new().painted(Paint::Warn, format!("◌ interrupted: belay resume {}", run.run)),
        (false, false) => of_run(&run.view.status),
    };
    vec![
        Line::new().painted(Paint::Strong, &run.run),
        Line::new().with(&run.environment),
        Line::new().with(format!("{} · {}", run.runbook, run.feature_set)),
        Line::new().with(incident),
        Line::new().painted(Paint::Dim, format!("{}, {}", run.requester, clock.ago(run.requested_at))),
        standing,
    ]
}

#[cfg(test)]
mod tests {
    use belay_domain::id::Millis;
    use expect_test::expect;

    use super::*;
    use crate::render::run::sample;

    #[test]
    fn a_list_says_who_is_at_work() {
        let run = |view: belay_engine::RunView, owned| RunSummary {
            run: view.run.clone(),
            environment: "prod".parse().unwrap(),
            runbook: "standard-rollback".parse().unwrap(),
            feature_set: "checkout-ranker".parse().unwrap(),
            incident: None,
            requester: "ana".to_owned(),
            requested_at: Millis(view.requested_at.0),
            view,
            owned,
            receipt: sample::receipt(),
            whole_run: String::new(),
        };
        let runs = [
            run(sample::settling(), true),
            run(sample::settling(), false),
            run(sample::halted(), false),
            run(sample::done(), false),
        ];
        expect![[r#"
            r-77  prod  standard-rollback · checkout-ranker    ana, just now  ● working, by ana
            r-77  prod  standard-rollback · checkout-ranker    ana, just now  ◌ interrupted: belay resume r-77
            r-77  prod  standard-rollback · checkout-ranker    ana, just now  ✘ halted
            r-77  prod  standard-rollback · checkout-ranker    ana, just now  ✔ restored
        "#]]
        .assert_eq(&list(&runs, &sample::clock()).to_text(false));
    }
}
