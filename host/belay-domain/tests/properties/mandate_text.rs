//! What people sign can't be forged from inside: whatever names, labels and reasons hold, the text has the lines that its
//! mandate gives it, and no others.

use belay_domain::fallback::Fallback;
use belay_domain::mandate::{Destination, Mandate, Wanted};
use belay_domain::plain::is_hidden;
use proptest::prelude::*;

use crate::strategies;

/// How many lines a mandate has, by its structure alone.
fn lines(mandate: &Mandate) -> usize {
    let at_least_one = |count: usize| count.max(1);
    let people = 5
        + usize::from(mandate.break_glass.is_some())
        + at_least_one(mandate.desired.len())
        + mandate.parameters.len()
        + mandate.may_skip.iter().count()
        + at_least_one(mandate.stages.len());
    let pinned = mandate.desired.values().filter(|wanted| matches!(wanted, Wanted::Pinned { .. })).count();
    let has_point = matches!(mandate.destination, Destination::Point { .. } | Destination::UndoPoint { .. });
    let machines = 7 + usize::from(has_point) + pinned + mandate.components.len();
    let fallback = match &mandate.on_failure {
        Fallback::Halt | Fallback::Undo(_) => 0,
        Fallback::Runbook(alternate) => {
            1 + at_least_one(alternate.desired.len())
                + alternate.parameters.len()
                + alternate.may_skip.iter().count()
                + at_least_one(alternate.stages.len())
        }
    };
    // The title and two empty lines.
    3 + people + machines + fallback
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_from_outside_makes_a_line_or_hides_in_one(mandate in strategies::mandate()) {
        let text = mandate.text().unwrap();
        prop_assert_eq!(text.lines().count(), lines(&mandate), "{}", text);
        prop_assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || is_hidden(c))), "{:?}", text);
        let digest = mandate.digest().unwrap().to_string();
        let named: Vec<_> = text.lines().filter(|line| line.starts_with("Mandate ")).collect();
        prop_assert_eq!(named, [format!("Mandate    {digest}")]);
        prop_assert_eq!(&mandate.text().unwrap(), &text);
    }

    #[test]
    fn a_mandate_differs_in_nothing_from_itself(mandate in strategies::mandate()) {
        prop_assert_eq!(mandate.difference(&mandate).unwrap(), Default::default());
    }
}
