//! Our reading of a rule against a library's, over rules of every shape that we take.

use jiff::ToSpan as _;
use jiff::civil::{DateTime, date};
use proptest::collection::vec;
use proptest::prelude::*;
use rrule::RRuleSet;

use super::Recurrence;

/// The days on which it begins, by our reading.
fn ours(first: DateTime, rule: &str, days: i32) -> Vec<String> {
    let read = Recurrence::read(rule, |text| super::moment(text.trim_end_matches('Z'), first.time())).unwrap();
    let last = first.date().checked_add(days.days()).unwrap();
    let all = first.date().series(1.day()).take_while(|day| *day <= last);
    all.filter(|day| read.begins_on(first, *day)).map(|day| day.to_string()).collect()
}

/// The same by the library's; none where it refuses the rule, as one that ends before it begins. It leaves out a first
/// day that the rule doesn't name, which calendars show.
fn theirs(first: DateTime, rule: &str, days: i32) -> Option<Vec<String>> {
    let text = format!("DTSTART:{}Z\nRRULE:{rule}", first.strftime("%Y%m%dT%H%M%S"));
    let set: RRuleSet = text.parse().ok()?;
    let last = first.date().checked_add(days.days()).unwrap().to_string();
    let all = set.all(2_000).dates.into_iter().map(|at| at.format("%Y-%m-%d").to_string());
    Some(all.take_while(|day| *day <= last).collect())
}

fn weekday() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
}

fn joined<T: ToString>(name: &str, values: &[T]) -> String {
    if values.is_empty() {
        return String::new();
    }
    format!(";{name}={}", values.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}

/// Weekdays with places or without. Where a rule mixes the two, libraries read it each in their own way; ours takes
/// every day that either names.
fn placed() -> impl Strategy<Value = Vec<String>> {
    let place = prop_oneof![1_i8..=5, -5_i8..=-1];
    let with = (place, weekday()).prop_map(|(place, day)| format!("{place}{day}"));
    prop_oneof![vec(with, 0..3), vec(weekday().prop_map(str::to_owned), 0..3)]
}

fn month_day() -> impl Strategy<Value = i8> {
    prop_oneof![1_i8..=31, -31_i8..=-1]
}

fn rule() -> impl Strategy<Value = String> {
    let months = || vec(1_i8..=12, 0..3);
    let shape = prop_oneof![
        (vec(weekday(), 0..3), vec(month_day(), 0..3), months()).prop_map(|(days, month_days, months)| format!(
            "DAILY{}{}{}",
            joined("BYDAY", &days),
            joined("BYMONTHDAY", &month_days),
            joined("BYMONTH", &months)
        )),
        (vec(weekday(), 0..4), months(), weekday()).prop_map(|(days, months, start)| format!(
            "WEEKLY{}{};WKST={start}",
            joined("BYDAY", &days),
            joined("BYMONTH", &months)
        )),
        (placed(), vec(month_day(), 0..3), months()).prop_map(|(days, month_days, months)| format!(
            "MONTHLY{}{}{}",
            joined("BYDAY", &days),
            joined("BYMONTHDAY", &month_days),
            joined("BYMONTH", &months)
        )),
        (placed(), months()).prop_map(|(days, months)| format!(
            "YEARLY{}{}",
            joined("BYDAY", &days),
            joined("BYMONTH", &months)
        )),
        (vec(month_day(), 0..3), months()).prop_map(|(month_days, months)| format!(
            "YEARLY{}{}",
            joined("BYMONTHDAY", &month_days),
            joined("BYMONTH", &months)
        )),
    ];
    let end = prop_oneof![
        Just(String::new()),
        (1_u32..20).prop_map(|count| format!(";COUNT={count}")),
        (2026_i16..2029, 1_i8..=12, 1_i8..=28)
            .prop_map(|(year, month, day)| format!(";UNTIL={year:04}{month:02}{day:02}T235959Z")),
    ];
    (shape, 1_u32..4, end).prop_map(|(shape, interval, end)| format!("FREQ={shape};INTERVAL={interval}{end}"))
}

proptest! {
    // Each case looks at 900 days, with COUNT at all those before each.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_rule_is_read_as_a_library_reads_it(rule in rule(), offset in 0_i32..800) {
        let first = date(2026, 1, 1).checked_add(offset.days()).unwrap().at(18, 0, 0, 0);
        let (ours, theirs) = (ours(first, &rule, 900), theirs(first, &rule, 900));
        prop_assume!(theirs.is_some());
        let theirs = theirs.unwrap_or_default();
        // Where the rule doesn't name its first day, calendars show it all the same, and count it.
        if theirs.first() == ours.first() {
            prop_assert_eq!(ours, theirs, "{} from {}", rule, first);
        } else {
            prop_assert_eq!(&ours[0], &first.date().to_string());
            if !rule.contains("COUNT") {
                prop_assert_eq!(&ours[1..], &theirs[..], "{} from {}", rule, first);
            }
        }
    }
}
