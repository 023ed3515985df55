//! Freezes at their edges, on days when the clock is set, and the lanes through them.

use belay_sdk::{Fault, Judgement, Verdict, json};
use serde_json::{Value, json};

use super::*;

fn judge_at(now: &str, purpose: &str, config: &Value) -> Result<Judgement, Fault> {
    judge_tier(now, purpose, "critical", config)
}

fn judge_tier(now: &str, purpose: &str, tier: &str, config: &Value) -> Result<Judgement, Fault> {
    let ms = now.parse::<Timestamp>().unwrap().as_millisecond();
    let now = json!({"ms": ms, "hour": 3});
    let facts = json!({"schema": 1, "now": now, "purpose": purpose, "feature_set": {"tier": tier}, "stage": {}});
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
        (freeze("2026-12-20T18:00", "2028-12-20T18:00", "UTC"), "more than 400 days"),
        (json!({"from": "2026-12-20T18:00"}), "missing field"),
    ] {
        let fault = judge_at("2020-01-01T00:00:00Z", "rollback", &json!({"freezes": [freeze]})).unwrap_err();
        assert!(matches!(&fault, Fault::Invalid(text) if text.contains(why)), "{fault:?}");
    }
}

/// From Friday evening until Monday morning, but for the first weekend of 2027.
fn weekends() -> Value {
    let mut freeze = freeze("2026-12-04T18:00", "2026-12-07T06:00", "Europe/Berlin");
    freeze["repeats"] = json!("FREQ=WEEKLY;BYDAY=FR");
    freeze["except"] = json!(["2027-01-01"]);
    freeze
}

#[test]
fn a_freeze_comes_again_on_the_same_wall_clock() {
    for (now, frozen) in [
        ("2026-11-28T12:00:00Z", false),
        ("2026-12-04T16:59:59Z", false),
        ("2026-12-04T17:00:00Z", true),
        ("2026-12-07T04:59:59Z", true),
        ("2026-12-07T05:00:00Z", false),
        ("2027-01-02T12:00:00Z", false),
        ("2027-01-09T12:00:00Z", true),
        // Summer: the same wall clock is an hour earlier in UTC.
        ("2027-07-02T15:59:59Z", false),
        ("2027-07-02T16:00:00Z", true),
    ] {
        assert_eq!(is_frozen(now, &weekends()), frozen, "{now}");
    }
    let judged = judge_at("2027-07-03T12:00:00Z", "rollback", &json!({"freezes": [weekends()]})).unwrap();
    let said = "frozen until 2027-07-05T06:00 Europe/Berlin (since 2027-07-02T18:00): trade";
    assert_eq!(judged.verdict, Verdict::Deny(vec![said.to_owned()]));
}

#[test]
fn a_rule_that_is_not_understood_is_a_fault_on_any_day() {
    for (key, value, why) in [
        ("repeats", json!("FREQ=HOURLY"), "FREQ=HOURLY is not understood"),
        ("repeats", json!("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1"), "BYSETPOS in a rule is not understood"),
        ("repeats", json!("BYDAY=FR"), "a rule needs a FREQ"),
        ("repeats", json!("FREQ=WEEKLY;BYDAY=2FR"), "BYDAY with a place"),
        ("except", json!(["1 January"]), "2026-12-25"),
        ("not_for", json!(["tiny"]), "unknown variant"),
    ] {
        let mut freeze = weekends();
        freeze[key] = value;
        let fault = judge_at("2020-01-01T00:00:00Z", "rollback", &json!({"freezes": [freeze]})).unwrap_err();
        assert!(matches!(&fault, Fault::Invalid(text) if text.contains(why)), "{fault:?}");
    }
    let fault = judge_at("2020-01-01T00:00:00Z", "rollback", &json!({})).unwrap_err();
    assert!(matches!(&fault, Fault::Invalid(text) if text.contains("nothing would be frozen")), "{fault:?}");
}

#[test]
fn tiers_can_be_left_out_of_a_freeze_or_have_lanes_of_their_own() {
    let mut small = freeze("2026-12-20T18:00", "2026-12-27T06:00", "UTC");
    small["not_for"] = json!(["experimental"]);
    let judged = |tier: &str, purpose: &str, config: &Value| {
        judge_tier("2026-12-24T12:00:00Z", purpose, tier, config).unwrap().verdict == Verdict::Allow
    };
    let config = json!({
        "freezes": [small],
        "rollbacks": "deny",
        "by_tier": {"critical": {"rollbacks": "allow"}, "standard": {"undos": "allow"}},
    });
    for (tier, purpose, allowed) in [
        ("experimental", "rollback", true),
        ("experimental", "undo", true),
        ("standard", "rollback", false),
        ("standard", "undo", true),
        ("important", "rollback", false),
        ("critical", "rollback", true),
        ("critical", "undo", false),
    ] {
        assert_eq!(judged(tier, purpose, &config), allowed, "{tier} {purpose}");
    }
}

fn calendar(text: &str) -> Value {
    json!([{"file": "company.ics", "text": text}])
}

/// The summaries of what holds in the fixture.
fn holding(now: &str, more: &Value) -> Vec<String> {
    let mut config =
        json!({"calendars": calendar(include_str!("../fixtures/company.ics")), "time_zone": "Europe/Berlin"});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    match judge_at(now, "rollback", &config).unwrap().verdict {
        Verdict::Allow => Vec::new(),
        Verdict::Deny(reasons) => reasons.iter().map(|reason| reason.rsplit(": ").next().unwrap().to_owned()).collect(),
        Verdict::NeedsApprovals(_) => panic!("it asks for nobody"),
    }
}

#[test]
fn each_event_of_a_calendar_is_a_freeze() {
    for (now, expected) in [
        // A whole day, on the clock of `time_zone`.
        ("2026-11-26T22:59:59Z", vec![]),
        ("2026-11-26T23:00:00Z", vec!["Black Friday; nothing, really nothing moves"]),
        ("2026-11-27T22:59:59Z", vec!["Black Friday; nothing, really nothing moves"]),
        // The last Thursday of a month, in its own zone: 18:00 in New York is 23:00 UTC.
        ("2026-12-31T22:59:59Z", vec![]),
        ("2026-12-31T23:00:00Z", vec!["Month end"]),
        ("2027-01-28T23:30:00Z", vec!["Month end"]),
        // Moved from the 25th to the 24th of February.
        ("2027-02-25T23:30:00Z", vec![]),
        ("2027-02-24T23:30:00Z", vec!["Month end, moved"]),
        // Excepted.
        ("2027-03-25T22:30:00Z", vec![]),
        // Three times, in UTC, for six hours.
        ("2027-05-01T05:59:00Z", vec!["Audit"]),
        ("2027-05-03T05:59:00Z", vec!["Audit"]),
        ("2027-05-03T06:00:00Z", vec![]),
        ("2027-05-04T01:00:00Z", vec![]),
        // Once more, by a date of its own.
        ("2027-05-10T01:00:00Z", vec!["Audit"]),
        // Cancelled.
        ("2027-06-01T12:00:00Z", vec![]),
    ] {
        assert_eq!(holding(now, &json!({})), expected, "{now}");
    }
}

#[test]
fn events_can_be_chosen_by_their_summary_and_tiers_left_out() {
    let friday = "2026-11-27T12:00:00Z";
    assert_eq!(holding(friday, &json!({"only": "black friday"})).len(), 1);
    assert_eq!(holding(friday, &json!({"only": "audit"})).len(), 0);
    assert_eq!(holding(friday, &json!({"not_for": ["critical"]})).len(), 0);
}

#[test]
fn a_calendar_that_is_not_understood_is_a_fault_that_names_the_event() {
    let event = |lines: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Freeze\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    };
    for (text, why) in [
        (event("DTSTART:20261220T180000Z"), "company.ics, the event `Freeze`: it has neither an end nor a length"),
        (event("DTEND:20261220T180000Z"), "it has no DTSTART"),
        (event("DTSTART:20261220T180000\r\nDTEND:20261221T180000"), "DTSTART names no time zone; set `time_zone`"),
        (event("DTSTART;TZID=W. Europe Standard Time:20261220T180000\r\nDURATION:PT1H"), "no time zone is called"),
        (event("DTSTART:20261320T180000Z\r\nDURATION:PT1H"), "is no date"),
        (event("DTSTART:20261220T180000Z\r\nDURATION:long"), "`long` is no length of time"),
        (event("DTSTART:20261220T180000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=SECONDLY"), "FREQ=SECONDLY"),
        (event("DTSTART:20261220T180000Z\r\nDURATION:PT1H\r\nEXRULE:FREQ=DAILY"), "several rules"),
        (event("DTSTART:20261220T180000Z\r\nDTEND:20261220T170000Z"), "ends before it begins"),
        (event("DTSTART:20261220T180000Z\r\nDURATION:PT1H").replace("END:VEVENT\r\n", ""), "ends what did not begin"),
        ("{}".to_owned(), "company.ics"),
        (String::new(), "no iCalendar file"),
    ] {
        let fault = judge_at("2020-01-01T00:00:00Z", "rollback", &json!({"calendars": calendar(&text)})).unwrap_err();
        assert!(matches!(&fault, Fault::Invalid(found) if found.contains(why)), "{why}: {fault:?}");
    }
}
