//! Freezes at their edges, on days when the clock is set, and the lanes through them.

use belay_sdk::{Fault, Judgement, Verdict, json};
use serde_json::{Value, json};

use super::*;

fn judge_at(now: &str, purpose: &str, config: &Value) -> Result<Judgement, Fault> {
    let ms = now.parse::<Timestamp>().unwrap().as_millisecond();
    let facts = json!({"schema": 1, "now": {"ms": ms, "hour": 3}, "purpose": purpose, "stage": {}});
    ChangeWindow::judge(
        json::configured(&facts.to_string(), "the facts").unwrap(),
        json::configured(&config.to_string(), "the configuration")?,
    )
}

fn freeze(from: &str, until: &str, zone: &str) -> Value {
    json!({"from": from, "until": until, "time_zone": zone, "reason": "trade"})
}

fn is_frozen(now: &str, freeze: &Value) -> bool {
    judge_at(now, "rollback", &json!({"freezes": [freeze]})).unwrap().verdict != Verdict::Allow
}

#[test]
fn a_freeze_begins_with_its_first_moment_and_ends_before_its_last() {
    let winter = freeze("2026-12-20T18:00", "2026-12-27T06:00:00", "Europe/Berlin");
    for (now, frozen) in [
        ("2026-12-20T16:59:59.999Z", false),
        ("2026-12-20T17:00:00Z", true),
        ("2026-12-27T04:59:59.999Z", true),
        ("2026-12-27T05:00:00Z", false),
    ] {
        assert_eq!(is_frozen(now, &winter), frozen, "{now}");
    }
}

#[test]
fn where_the_clock_is_set_the_freeze_is_the_longer_one() {
    // Berlin, 2026-03-29: 02:00 to 03:00 never comes. 2026-10-25: 02:00 to 03:00 comes twice.
    let from_gap = freeze("2026-03-29T02:30", "2026-03-29T12:00", "Europe/Berlin");
    let until_gap = freeze("2026-03-28T12:00", "2026-03-29T02:30", "Europe/Berlin");
    let from_fold = freeze("2026-10-25T02:30", "2026-10-25T12:00", "Europe/Berlin");
    let until_fold = freeze("2026-10-24T12:00", "2026-10-25T02:30", "Europe/Berlin");
    for (now, freeze, frozen) in [
        ("2026-03-29T00:29:59Z", &from_gap, false),
        ("2026-03-29T00:30:00Z", &from_gap, true),
        ("2026-03-29T01:29:59Z", &until_gap, true),
        ("2026-03-29T01:30:00Z", &until_gap, false),
        ("2026-10-25T00:29:59Z", &from_fold, false),
        ("2026-10-25T00:30:00Z", &from_fold, true),
        ("2026-10-25T01:29:59Z", &until_fold, true),
        ("2026-10-25T01:30:00Z", &until_fold, false),
    ] {
        assert_eq!(is_frozen(now, freeze), frozen, "{now}");
    }
}

#[test]
fn each_kind_of_run_has_its_lane() {
    let freezes = json!([freeze("2026-12-20T18:00", "2026-12-27T06:00", "UTC")]);
    let judged = |purpose: &str, config: Value| judge_at("2026-12-24T12:00:00Z", purpose, &config).unwrap();
    let open = judged("rollback", json!({"freezes": freezes, "rollbacks": "allow"}));
    assert_eq!(open.verdict, Verdict::Allow);
    assert_eq!(open.notes, ["frozen until 2026-12-27T06:00 UTC (since 2026-12-20T18:00): trade; rollback lane"]);
    for (purpose, config) in [
        ("rollback", json!({"freezes": freezes})),
        ("rollback", json!({"freezes": freezes, "rollbacks": "deny", "undos": "allow"})),
        ("undo", json!({"freezes": freezes, "rollbacks": "allow"})),
    ] {
        let verdict = judged(purpose, config).verdict;
        let reason = "frozen until 2026-12-27T06:00 UTC (since 2026-12-20T18:00): trade".to_owned();
        assert_eq!(verdict, Verdict::Deny(vec![reason]));
    }
}

#[test]
fn a_calendar_that_makes_no_sense_is_a_fault_on_any_day() {
    for (freeze, why) in [
        (freeze("2026-12-20T18:00", "2026-12-27T06:00", "Europe/Atlantis"), "time zone"),
        (freeze("2026-12-20T18:00", "2026-12-20T18:00", "UTC"), "ends before"),
        (freeze("2026-12-20T18:00Z", "2026-12-27T06:00", "UTC"), "date and time"),
        (freeze("2026-12-20T18:00+01:00", "2026-12-27T06:00", "UTC"), "date and time"),
        (freeze("2026-02-30T18:00", "2026-12-27T06:00", "UTC"), "date and time"),
        (json!({"from": "2026-12-20T18:00"}), "missing field"),
    ] {
        let fault = judge_at("2020-01-01T00:00:00Z", "rollback", &json!({"freezes": [freeze]})).unwrap_err();
        assert!(matches!(&fault, Fault::Invalid(text) if text.contains(why)), "{fault:?}");
    }
}
