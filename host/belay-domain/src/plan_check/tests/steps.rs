//! A step's work fits it and ends where it should, and its texts can be shown.

use expect_test::expect;

use super::*;
use crate::operation::RiskFactor;
use crate::plan::{BlindCause, Subject, Work};

#[test]
fn a_change_ends_where_the_step_wants() {
    let mut elsewhere = sample::restore();
    operation(&mut elsewhere, 0).yields = sample::json(r#"{"files":"28"}"#);
    check(
        &elsewhere,
        expect![
            "dataset: after the last write the resource would not be what is wanted; the plugin says that it ends elsewhere"
        ],
    );
    let mut nothing = sample::restore();
    sample::change_of(&mut nothing, 0).operations.clear();
    check(
        &nothing,
        expect![
            "dataset: nothing would be written, but what was found is not what is wanted; the plugin planned too little"
        ],
    );
    let mut contained = sample::contain();
    operation(&mut contained, 0).yields = sample::json(r#"{"enabled":true}"#);
    check(
        &contained,
        expect![
            "flag: after the last write the resource would not be what is wanted; the plugin says that it ends elsewhere"
        ],
    );
}

#[test]
fn writes_on_what_is_as_wanted_already_pass() {
    let mut plan = sample::restore();
    if let Work::Change { observed, .. } = &mut plan.steps[0].work {
        observed.content = sample::json(r#"{"files":"27"}"#);
    }
    check(&plan, expect!["passes"]);
    sample::change_of(&mut plan, 0).operations.clear();
    check(&plan, expect!["passes"]);
}

#[test]
fn steps_stand_where_they_say() {
    let mut plan = sample::restore();
    plan.steps[0].id.stage = 7;
    plan.steps.push(plan.steps[1].clone());
    plan.steps[0].work = Work::Person;
    check(
        &plan,
        expect![[r#"
        dataset: the step belongs to stage 7, but stands in stage 1
        model: two steps have the place 1
        model: two steps of the stage are about this resource
        dataset: the step's work does not fit what the step is about"#]],
    );
    let by_hand = Subject::Manual { instruction: "Ask the DBA".to_owned() };
    let mut plan = sample::restore();
    plan.steps[0].subject = by_hand;
    check(&plan, expect!["by hand: the step's work does not fit what the step is about"]);
    plan.steps[0].work = Work::Person;
    check(&plan, expect!["passes"]);
}

#[test]
fn texts_that_could_mislead_are_refused() {
    for text in
        ["\u{1b}[2Jall is well", "a\nb", "a\rb", "off \u{202e}no", "a\u{200b}b", "\u{9b}31m", "\u{feff}", "\u{2028}"]
    {
        let mut summary = sample::restore();
        operation(&mut summary, 0).summary = text.to_owned();
        let mut note = sample::restore();
        sample::change_of(&mut note, 0).notes = vec![text.to_owned()];
        let mut factor = sample::restore();
        sample::change_of(&mut factor, 0).factors = vec![RiskFactor { cause: text.to_owned(), score: 1 }];
        let mut blind = sample::restore();
        blind.steps[0].work = Work::Blind { reason: text.to_owned(), cause: BlindCause::Other };
        let mut found = sample::restore();
        if let Work::Change { observed, .. } = &mut found.steps[0].work {
            observed.version = text.to_owned();
        }
        for plan in [summary, note, factor, blind, found] {
            let found = verdict(&plan, &sample::connections());
            assert!(found.contains("which could mislead a reader"), "{text:?}: {found}");
            assert!(!found.contains(text::misleads), "{found:?}");
        }
    }
    let mut plan = sample::restore();
    operation(&mut plan, 0).summary = "clicks: größer → v27 ✔".to_owned();
    check(&plan, expect!["passes"]);
}

#[test]
fn texts_factors_and_operations_have_limits() {
    let mut plan = sample::restore();
    operation(&mut plan, 0).summary = "x".repeat(MAX_LINE_BYTES + 1);
    let change = sample::change_of(&mut plan, 1);
    change.notes = vec!["a note".to_owned(); MAX_LINES + 1];
    change.factors = vec![RiskFactor { cause: "a reason".to_owned(), score: 101 }];
    check(
        &plan,
        expect![[r#"
            model: a risk factor has 101 points; risk ends at 100
            model: there are 51 notes, at most 50 are allowed
            dataset, write 1: the summary has 301 bytes, at most 300 are allowed"#]],
    );

    let mut plan = sample::restore();
    let change = sample::change_of(&mut plan, 1);
    change.operations = vec![change.operations[0].clone(); MAX_OPERATIONS];
    check(&plan, expect!["restore: 1001 writes in one stage, at most 1000 are allowed; split the runbook's stage"]);
}

#[test]
fn a_number_that_json_cannot_hold_is_refused() {
    let mut plan = sample::restore();
    operation(&mut plan, 0).touches = u64::MAX;
    check(
        &plan,
        expect![[r#"
        restore: a number in the plan is beyond 2⁵³ − 1, so the plan has no digest; the plugin must write it as a string
        dataset, write 1: a number in the plan is beyond 2⁵³ − 1, so the plan has no digest; the plugin must write it as a string"#]],
    );
}
