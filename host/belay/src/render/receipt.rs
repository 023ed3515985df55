//! The receipt of a run: what was and was not done, before → after, and who vouches for it.

use belay_engine::{CheckReceipt, Condition, Ending, PartRecord, Receipt, Response, StepReceipt, Verification};

use super::amount::{limit, took};
use super::complaint::{back, left};
use super::page::{Line, Page, Paint};
use super::run::of_check;
use super::table::table;

/// The whole receipt.
pub(crate) fn receipt(receipt: &Receipt) -> Page {
    let steps = receipt.stages.iter().flat_map(|stage| &stage.steps);
    let steps: Vec<_> = steps.map(|step| row(step, puts_back(receipt, step))).collect();
    let mut page = table(2, steps);
    page.gap();
    page.append(table(2, facts(receipt)));
    page
}

/// Whether a step put back what the run had written before something failed.
fn puts_back(receipt: &Receipt, step: &StepReceipt) -> bool {
    let undo = receipt.failure.as_ref().filter(|failure| failure.response == Response::Undo);
    undo.is_some_and(|failure| step.step.stage >= failure.from_stage)
}

fn row(step: &StepReceipt, puts_back: bool) -> Vec<Line> {
    let at = step.at.as_ref().map(ToString::to_string).unwrap_or_default();
    let label =
        |version: &Option<String>| version.as_deref().map(|v| if v.is_empty() { "absent" } else { v }.to_owned());
    let versions = match (label(&step.before), label(&step.after)) {
        (Some(before), Some(after)) if before != after => format!("{before} → {after}"),
        (Some(version), _) | (None, Some(version)) => version,
        (None, None) => String::new(),
    };
    let paint = match &step.condition {
        Condition::Restored | Condition::AlreadyAsDesired | Condition::DoneBy { .. } => Paint::Good,
        Condition::NotTouched => Paint::Dim,
        Condition::LeftOut | Condition::OnTheWay { .. } | Condition::Acting { .. } => Paint::Warn,
        Condition::Skipped { .. } | Condition::Changed { .. } | Condition::Unknown { .. } => Paint::Bad,
    };
    vec![
        Line::new().painted(Paint::Strong, &step.title),
        Line::new().with(at),
        Line::new().with(versions),
        Line::new().painted(paint, if puts_back { back(&step.condition) } else { left(&step.condition) }),
        Line::new().painted(Paint::Dim, step.took_ms.map(took).unwrap_or_default()),
        Line::new().painted(Paint::Dim, entries(step)),
    ]
}

/// The ledger's numbers of the step's intents.
fn entries(step: &StepReceipt) -> String {
    let entries: Vec<_> = step.acts.iter().filter_map(|act| act.intent).map(|seq| seq.to_string()).collect();
    match entries.len() {
        0 => String::new(),
        1 => format!("entry {}", entries.join("")),
        _ => format!("entries {}", entries.join(", ")),
    }
}

fn facts(receipt: &Receipt) -> Vec<Vec<Line>> {
    let fact = |name: &str, value: Line| vec![Line::new().painted(Paint::Dim, name), value];
    let mut rows: Vec<_> = failure(receipt).into_iter().map(|(name, line)| fact(name, line)).collect();
    let ramps = receipt.stages.iter().flat_map(|stage| &stage.steps).filter(|step| !step.parts.is_empty());
    rows.extend(ramps.map(|step| fact(&format!("Ramp of {}", step.title), Line::new().with(ramp(step, receipt)))));
    rows.extend(receipt.checks.iter().map(|found| fact("Check", check(found, receipt))));
    rows.extend(promise(receipt).map(|line| fact("Service level", line)));
    let ended = receipt.ending.is_some();
    rows.extend(verification(receipt.verification).filter(|_| ended).map(|line| fact("Verified", line)));
    let approved = receipt.stages.iter().filter(|stage| !stage.approved_by.is_empty());
    let approved: Vec<_> =
        approved.map(|stage| format!("{} by {}", stage.name, stage.approved_by.join(", "))).collect();
    if !approved.is_empty() {
        rows.push(fact("Approved", Line::new().with(approved.join(" · "))));
    }
    if !receipt.left_out.is_empty() {
        let stages: Vec<_> = receipt.left_out.iter().map(ToString::to_string).collect();
        rows.push(fact("Stages left out", Line::new().painted(Paint::Warn, stages.join(", "))));
    }
    if !receipt.still_affected.is_empty() {
        rows.push(fact("Still affected", Line::new().with(receipt.still_affected.join(" · "))));
    }
    let wrote = receipt.stages.iter().flat_map(|stage| &stage.steps).any(|step| !step.acts.is_empty());
    if wrote && ended {
        rows.push(fact("Undo", Line::new().with(format!("belay undo {}", receipt.run))));
    }
    rows.push(fact("Record", Line::new().with(format!("belay audit log --run {}", receipt.run))));
    rows
}

/// Each part with its time from the request, and how long it was held.
fn ramp(step: &StepReceipt, receipt: &Receipt) -> String {
    let part = |part: &PartRecord| {
        let value = &part.value;
        let Some(reached) = part.reached_at else {
            return format!("{value} {}", if part.passed_over { "passed already" } else { "not reached" });
        };
        let after = took(reached.since(receipt.requested_at));
        let held = part.left_at.map(|left| format!(", held {}", took(left.since(reached)))).unwrap_or_default();
        let cut = part.cut_short_by.as_ref().map(|by| format!(", cut short by {by}")).unwrap_or_default();
        format!("{value} after {after}{held}{cut}")
    };
    step.parts.iter().map(part).collect::<Vec<_>>().join(" · ")
}

/// What failed, and what followed.
fn failure(receipt: &Receipt) -> Vec<(&'static str, Line)> {
    let Some(failure) = &receipt.failure else { return Vec::new() };
    let followed = match &failure.response {
        Response::Undo => "what was written was to be put back".to_owned(),
        Response::Runbook { name } => format!("the runbook {name}"),
    };
    vec![
        ("Failed", Line::new().painted(Paint::Bad, failure.failed.to_string())),
        ("What followed", Line::new().with(followed)),
    ]
}

fn check(found: &CheckReceipt, receipt: &Receipt) -> Line {
    let (standing, value) = match (&found.result, &receipt.ending) {
        // An end without a measurement: there was nothing to measure, or it did not come to that.
        (None, Some(Ending::NothingToDo)) => {
            (Line::new().painted(Paint::Dim, "- not made, nothing was written"), String::new())
        }
        (None, Some(_)) => (Line::new().painted(Paint::Dim, "- not made"), String::new()),
        (result, _) => of_check(result.as_ref()),
    };
    let value = if value.is_empty() { value } else { format!(": {value}") };
    standing.with(format!("  {} {} {}{value}", found.check.probe, found.check.measurement, found.check.must))
}

fn promise(receipt: &Receipt) -> Option<Line> {
    let promise = receipt.promise?;
    let promised = limit(promise.restored_within_ms);
    Some(match promise.took_ms {
        Some(ms) if promise.kept => {
            Line::new().painted(Paint::Good, format!("✔ met: restored in {} of {promised}", took(ms)))
        }
        Some(ms) => Line::new().painted(Paint::Bad, format!("✘ missed: restored in {}, promised {promised}", took(ms))),
        None if receipt.ended_at.is_none() => {
            Line::new().painted(Paint::Warn, format!("not restored yet, promised within {promised}"))
        }
        None => Line::new().painted(Paint::Bad, format!("✘ missed: not restored, promised {promised}")),
    })
}

fn verification(verification: Verification) -> Option<Line> {
    match verification {
        Verification::ByCheck => Some(Line::new().with("by a check, apart from the resources' own plugins")),
        Verification::ByOwnPlugin => Some(Line::new().with("by the resources' own plugins")),
        Verification::ByOwnPluginOnly => Some(Line::new().painted(Paint::Warn, "by its own plugin only")),
        Verification::NotVerified => None,
    }
}

#[cfg(test)]
mod tests {
    use belay_domain::check::{Check, CheckResult, DecimalText, Inconclusive, Threshold};
    use belay_domain::digest::Digest;
    use belay_domain::id::{Millis, StepId};
    use belay_domain::json::Json;
    use belay_domain::mandate::Purpose;
    use belay_domain::operation::Outcome;
    use belay_engine::{ActId, ActRecord, Ending, Promise, StageReceipt};
    use expect_test::{Expect, expect};

    use super::*;

    fn act(intent: u64) -> ActRecord {
        ActRecord {
            act: ActId(0),
            index: 0,
            part: None,
            summary: String::new(),
            operation: Digest::of(b"operation"),
            plan: Digest::of(b"plan"),
            attempt: 1,
            intended_at: Millis(0),
            intent: Some(intent),
            outcome: Some(Outcome::Applied { detail: String::new() }),
            settled: None,
        }
    }

    fn step(title: &str, at: &str, versions: (&str, &str), condition: Condition, acts: Vec<ActRecord>) -> StepReceipt {
        StepReceipt {
            step: StepId { stage: 0, step: 0 },
            title: title.to_owned(),
            at: Some(at.parse().unwrap()),
            before: Some(versions.0.to_owned()),
            after: Some(versions.1.to_owned()),
            condition,
            acts,
            parts: vec![],
            took_ms: Some(400),
        }
    }

    fn whole() -> Receipt {
        let check = Check {
            probe: "json-probe".parse().unwrap(),
            connections: vec![],
            resource: None,
            config: Json::NULL,
            measurement: "value".to_owned(),
            must: Threshold::Below(DecimalText::try_from("0.02".to_owned()).unwrap()),
            within_ms: 0,
            hold_ms: 0,
            inconclusive: Inconclusive::Wait,
        };
        Receipt {
            run: "r-77".parse().unwrap(),
            purpose: Purpose::Rollback,
            environment: "prod".parse().unwrap(),
            ending: Some(Ending::Done),
            requested_at: Millis(0),
            ended_at: Some(Millis(22_000)),
            restored_at: Some(Millis(21_000)),
            promise: Some(Promise { restored_within_ms: 300_000, took_ms: Some(21_000), kept: true }),
            failure: None,
            stages: vec![StageReceipt {
                name: "restore".parse().unwrap(),
                assessment: None,
                plan: None,
                approved_by: vec![],
                finished: true,
                steps: vec![
                    step("dataset", "lake/clicks", ("v31", "v32"), Condition::Restored, vec![act(1_841)]),
                    step("model", "registry/ranker@champion", ("8", "8"), Condition::AlreadyAsDesired, vec![]),
                ],
            }],
            left_out: vec![],
            checks: vec![CheckReceipt { check, result: Some(CheckResult::Passed { value: "0.013".to_owned() }) }],
            verification: Verification::ByCheck,
            still_affected: vec!["cart-upsell consumes this set".to_owned()],
        }
    }

    fn check_page(found: &Receipt, expected: Expect) {
        // The heading keeps the page's own indentation in the snapshot.
        expected.assert_eq(&format!("receipt\n{}", receipt(found).to_text(false)));
    }

    #[test]
    fn a_receipt_says_before_and_after_and_who_vouches() {
        check_page(
            &whole(),
            expect![[r#"
            receipt
              dataset  lake/clicks               v31 → v32  restored            0.4 s  entry 1841
              model    registry/ranker@champion  8          as desired already  0.4 s

              Check           ✔ passed  json-probe value below 0.02: 0.013
              Service level   ✔ met: restored in 21 s of 5m
              Verified        by a check, apart from the resources' own plugins
              Still affected  cart-upsell consumes this set
              Undo            belay undo r-77
              Record          belay audit log --run r-77
        "#]],
        );
    }

    #[test]
    fn a_ramp_is_told_part_by_part() {
        let value = |value: u32| Json::parse(&value.to_string()).unwrap();
        let part = |number, reached: Option<u64>, left: Option<u64>| PartRecord {
            value: value(number),
            passed_over: false,
            reached_at: reached.map(Millis),
            left_at: left.map(Millis),
            cut_short_by: None,
        };
        let mut found = whole();
        let reached = Condition::OnTheWay { reached: 3, of: 4 };
        let mut flag = step("flag", "flags/ranker-v9", ("on, 60 %", "on, 10 %"), reached, vec![act(1_839)]);
        flag.parts = vec![
            PartRecord { passed_over: true, ..part(75, None, None) },
            part(50, Some(400), Some(30_500)),
            PartRecord { cut_short_by: Some("ana".to_owned()), ..part(10, Some(31_000), Some(43_200)) },
            part(0, None, None),
        ];
        found.stages[0].steps = vec![flag];
        check_page(
            &found,
            expect![[r#"
            receipt
              flag  flags/ranker-v9  on, 60 % → on, 10 %  left at part 3 of 4  0.4 s  entry 1839

              Ramp of flag    75 passed already · 50 after 0.4 s, held 30 s · 10 after 31 s, held 12 s, cut short by ana · 0 not reached
              Check           ✔ passed  json-probe value below 0.02: 0.013
              Service level   ✔ met: restored in 21 s of 5m
              Verified        by a check, apart from the resources' own plugins
              Still affected  cart-upsell consumes this set
              Undo            belay undo r-77
              Record          belay audit log --run r-77
        "#]],
        );
    }

    #[test]
    fn a_halt_shows_what_is_unknown() {
        let mut halted = whole();
        halted.ending = None;
        halted.checks.clear();
        halted.promise = Some(Promise { restored_within_ms: 300_000, took_ms: None, kept: false });
        halted.verification = Verification::ByOwnPluginOnly;
        let unknown = Condition::Unknown { reason: "no answer".to_owned() };
        halted.stages[0].steps[1] =
            step("model", "registry/ranker@champion", ("9", "9"), unknown, vec![act(1_843), act(1_850)]);
        check_page(
            &halted,
            expect![[r#"
            receipt
              dataset  lake/clicks               v31 → v32  restored  0.4 s  entry 1841
              model    registry/ranker@champion  9          unknown   0.4 s  entries 1843, 1850

              Service level   ✘ missed: not restored, promised 5m
              Still affected  cart-upsell consumes this set
              Record          belay audit log --run r-77
        "#]],
        );
    }
}
