//! Real situations, a line each, and the band in which an experienced responder would want it.

use expect_test::{Expect, expect};

use super::*;
use crate::operation::{Loss, Reversibility};
use crate::plan::{BlindCause, StepPlan, Work};
use crate::risk::{Band, Bands};

/// How the bands of the sample workspace answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    AtOnce,
    OneApproval,
    TwoApprovals,
    Refused,
}

use Answer::{AtOnce, OneApproval, Refused, TwoApprovals};

fn answer(risk: u32) -> Answer {
    let bands = [(25, 0), (60, 1), (85, 2)].map(|(up_to, approvals)| Band { up_to, approvals });
    match Bands::try_from(bands.to_vec()).unwrap().of(risk).map(|band| band.approvals) {
        None => Refused,
        Some(0) => AtOnce,
        Some(1) => OneApproval,
        Some(_) => TwoApprovals,
    }
}

fn check(words: &str, case: &Case, wanted: Answer, expected: Expect) {
    let assessment = case.assess();
    expected.assert_eq(&assessment.to_string());
    assert_eq!(answer(assessment.risk), wanted, "{words}: {assessment}");
}

/// The dataset and the model of a critical set go back to a point that is two days old.
fn restore() -> Case {
    Case::of(sample::restore())
}

/// The flag of a critical set is turned off.
fn turn_off() -> Case {
    Case::of(sample::contain())
}

fn with_loss(loss: Option<Loss>) -> Case {
    let mut plan = sample::restore();
    sample::change_of(&mut plan, 0).loss = loss;
    Case::of(plan)
}

fn with_worst(worst: Reversibility) -> Case {
    let mut plan = sample::restore();
    sample::change_of(&mut plan, 0).operations[0].reversibility = worst;
    Case::of(plan)
}

fn deleting(files: u32, consumers: &[Tier]) -> Case {
    let mut plan = sample::restore();
    let deletions = (0..files).map(|file| sample::delete_file(&file.to_string()));
    sample::change_of(&mut plan, 0).operations = deletions.collect();
    Case { feature_set: sample::feature_set(Tier::Critical, consumers), ..Case::of(plan) }
}

/// Only the alias of the model, of a set of this tier.
fn promote_old_model(tier: Tier) -> Case {
    let mut plan = sample::restore();
    plan.steps.remove(0);
    Case { feature_set: sample::feature_set(tier, &[Tier::Standard]), ..Case::of(plan) }
}

/// One file deleted for good, to versions named one by one.
fn purge(tier: Tier) -> Case {
    let mut plan = sample::restore();
    plan.steps.truncate(1);
    let change = sample::change_of(&mut plan, 0);
    change.operations = vec![sample::delete_file("0")];
    change.loss = None;
    let feature_set = sample::feature_set(tier, &[Tier::Standard; 2]);
    Case { feature_set, point_age_ms: None, ..Case::of(plan) }
}

fn with_factor(case: Case, cause: &str, score: u32) -> Case {
    Case { factors: vec![RiskFactor { cause: cause.to_owned(), score }], ..case }
}

fn around(case: Case, runs_on_set: u64, runs_elsewhere: u64, record: Record) -> Case {
    Case { around: Around { runs_on_set, runs_elsewhere, record }, ..case }
}

#[test]
fn what_must_wait_for_nobody() {
    let nothing = Case::of(StagePlan { steps: vec![], ..sample::restore() });
    let many = Case { feature_set: sample::feature_set(Tier::Critical, &[Tier::Standard; 20]), ..turn_off() };
    let experiment = Case { feature_set: sample::feature_set(Tier::Experimental, &[]), ..restore() };
    let untried = around(turn_off(), 0, 0, Record::Untried);
    check("everything is as desired already", &nothing, AtOnce, expect!["0"]);
    check(
        "turn the flag of a bad release off",
        &turn_off(),
        AtOnce,
        expect!["12 = writes 6 + 2 consumers 3 + critical tier 3"],
    );
    check(
        "the same, with twenty consumers",
        &many,
        AtOnce,
        expect!["15 = writes 6 + 20 consumers 6 + critical tier 3"],
    );
    check(
        "the same, by a runbook that nobody ever tried",
        &untried,
        AtOnce,
        expect!["12 = writes 6 + 2 consumers 3 + critical tier 3"],
    );
    check(
        "the same, while restoration waits",
        &around(turn_off(), 1, 0, Record::Proven),
        AtOnce,
        expect!["16 = writes 6 + 1 other run on this set 4 + 2 consumers 3 + critical tier 3"],
    );
    check(
        "the same, in a bad night",
        &around(turn_off(), 2, 6, Record::Proven),
        AtOnce,
        expect![
            "23 = 2 other runs on this set 8 + writes 6 + 2 consumers 3 + critical tier 3 + 6 other runs in flight 3"
        ],
    );
    check(
        "put the data of an experiment back",
        &experiment,
        AtOnce,
        expect!["24 = writes 10 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"],
    );
    check(
        "promote the old model of an ordinary set",
        &promote_old_model(Tier::Standard),
        AtOnce,
        expect!["18 = writes 7 + point's age 6 + 1 consumer 3 + changes since the point 1 + standard tier 1"],
    );
}

#[test]
fn what_one_other_person_should_see() {
    let located = Case { point_age_ms: None, ..restore() };
    let downstream = Case { downstream: vec![Tier::Critical; 3], ..restore() };
    let large = with_loss(Some(Loss { rows: Some(9_120_004), ..sample::loss() }));
    let computed_again = with_worst(Reversibility::Recoverable);
    check(
        "put data and model of a critical set back",
        &restore(),
        OneApproval,
        expect![
            "41 = writes 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        "the same, to versions named one by one",
        &located,
        OneApproval,
        expect![
            "35 = writes 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + changes since the point 2"
        ],
    );
    check(
        "the same, with three resources made from it left",
        &downstream,
        OneApproval,
        expect![
            "53 = 3 resources downstream 12 + writes 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        "the same, where nobody can tell what is lost",
        &with_loss(None),
        OneApproval,
        expect!["28 = writes 10 + 2 consumers 6 + point's age 6 + critical tier 5 + changes since the point 1"],
    );
    check(
        "the same, with nine million rows set aside",
        &large,
        OneApproval,
        expect![
            "49 = 2 consumers 11 + writes 10 + 9,120,004 rows set aside 10 + critical tier 10 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        "the same, where undoing means computing again",
        &computed_again,
        OneApproval,
        expect![
            "52 = writes 16 + 2 consumers 12 + critical tier 10 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    let untried = around(restore(), 0, 0, Record::Untried);
    check(
        "the same, by a runbook that nobody ever tried",
        &untried,
        OneApproval,
        expect![
            "45 = writes 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + point's age 6 + runbook untried here 4 + changes since the point 2"
        ],
    );
    let failed = around(restore(), 0, 0, Record::WentBadly);
    check(
        "the same, after it failed the last time",
        &failed,
        OneApproval,
        expect![
            "51 = writes 10 + runbook's last run failed 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        "the same, beside another run on the set",
        &around(restore(), 1, 0, Record::Proven),
        OneApproval,
        expect![
            "45 = writes 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + point's age 6 + 1 other run on this set 4 + changes since the point 2"
        ],
    );
    check(
        "delete one file of an ordinary set for good",
        &purge(Tier::Standard),
        OneApproval,
        expect!["37 = writes 22 + 2 consumers 12 + standard tier 2 + changes since the point 1"],
    );
}

#[test]
fn what_two_other_people_should_see() {
    let old = Case { point_age_ms: Some(40 * sample::DAY_MS), ..restore() };
    let streaming = with_factor(restore(), "the table has a streaming reader", 25);
    let all_at_once =
        around(with_loss(Some(Loss { rows: Some(9_120_004), ..sample::loss() })), 1, 2, Record::WentBadly);
    let for_good = with_worst(Reversibility::Irreversible);
    check(
        "put it back to a point of last month",
        &old,
        TwoApprovals,
        expect![
            "65 = point too old 20 + writes 10 + point's age 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + changes since the point 2"
        ],
    );
    check(
        "the same, with a write that nothing undoes",
        &for_good,
        TwoApprovals,
        expect![
            "75 = writes 28 + 2 consumers 18 + critical tier 15 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        "the same, under a stream that reads it",
        &streaming,
        TwoApprovals,
        expect![
            "66 = the table has a streaming reader 25 + writes 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        "much data, a run beside it, and it failed before",
        &all_at_once,
        TwoApprovals,
        expect![
            "65 = 2 consumers 11 + writes 10 + 9,120,004 rows set aside 10 + critical tier 10 + runbook's last run failed 10 + point's age 6 + 1 other run on this set 4 + changes since the point 2 + 2 other runs in flight 2"
        ],
    );
}

#[test]
fn what_nobody_should_do_by_rollback() {
    let for_critical_consumers = deleting(12, &[Tier::Critical; 8]);
    check(
        "delete a dozen files under critical consumers",
        &for_critical_consumers,
        Refused,
        expect![
            "100 = 8 consumers 76 + writes 68 + critical tier 32 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        "delete most of a table",
        &deleting(900, &[Tier::Standard; 2]),
        Refused,
        expect![
            "100 = writes 157 + 2 consumers 83 + critical tier 69 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
}

#[test]
fn a_stage_that_writes_nothing_has_no_risk_whatever_surrounds_it() {
    let mut plan = sample::restore();
    let blind = Work::Blind { reason: "the registry did not answer".to_owned(), cause: BlindCause::SystemDown };
    plan.steps = vec![StepPlan { work: blind, ..plan.steps[1].clone() }];
    let case = Case { downstream: vec![Tier::Critical; 9], ..Case::of(plan) };
    let case = around(with_factor(case, "it is Friday", 100), 9, 9, Record::WentBadly);
    assert_eq!(case.assess().to_string(), "0");
}

#[test]
fn what_was_not_examined_counts_as_the_worst() {
    let mut case = restore();
    case.examined.operations.clear();
    case.connections.clear();
    check(
        "nobody looked at the plan",
        &case,
        Refused,
        expect![
            "100 = writes 42 + 2 consumers 25 + critical tier 21 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
}

#[test]
fn what_the_run_restores_is_not_left_downstream() {
    let name = |text: &str| text.parse::<ResourceName>().unwrap();
    let (set, plan) = (sample::ranker(), sample::restore());
    let left = |restored: &[&str]| {
        let restored = restored.iter().map(|text| name(text)).collect();
        left_downstream(&set, &plan, &restored).into_iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(left(&["dataset"]), [name("model")]);
    assert_eq!(left(&["dataset", "model"]), []);
}
