//! Some real situations, and the bands that people would expect.

use expect_test::{Expect, expect};

use super::*;
use crate::operation::{Loss, Reversibility};
use crate::plan::{BlindCause, StepPlan, Work};
use crate::risk::{Band, Bands};

/// The bands of the sample workspace: 0, 1 or 2 approvals, or none for what is refused.
fn check(case: &Case, approvals: Option<u32>, expected: Expect) {
    let assessment = case.assess();
    expected.assert_eq(&assessment.to_string());
    let bands = [(25, 0), (60, 1), (85, 2)].map(|(up_to, approvals)| Band { up_to, approvals });
    let bands = Bands::try_from(bands.to_vec()).unwrap();
    assert_eq!(bands.of(assessment.risk).map(|band| band.approvals), approvals, "{assessment}");
}

fn restore() -> Case {
    Case::of(sample::restore())
}

fn contain() -> Case {
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

#[test]
fn without_approval() {
    let untouched = StagePlan { steps: vec![], ..sample::restore() };
    check(&Case::of(untouched), Some(0), expect!["0"]);
    check(&contain(), Some(0), expect!["12 = writes 6 + 2 consumers 3 + critical tier 3"]);
    let many = sample::feature_set(Tier::Critical, &[Tier::Standard; 20]);
    check(
        &Case { feature_set: many, ..contain() },
        Some(0),
        expect!["15 = writes 6 + 20 consumers 6 + critical tier 3"],
    );
    let experiment = sample::feature_set(Tier::Experimental, &[]);
    check(
        &Case { feature_set: experiment, ..restore() },
        Some(0),
        expect!["24 = writes 10 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"],
    );
}

#[test]
fn with_one_approval() {
    check(
        &restore(),
        Some(1),
        expect![
            "41 = writes 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        &Case { point_age_ms: None, ..restore() },
        Some(1),
        expect![
            "35 = writes 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + changes since the point 2"
        ],
    );
    check(
        &Case { downstream: vec![Tier::Critical; 3], ..restore() },
        Some(1),
        expect![
            "53 = 3 resources downstream 12 + writes 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        &with_loss(None),
        Some(1),
        expect!["28 = writes 10 + 2 consumers 6 + point's age 6 + critical tier 5 + changes since the point 1"],
    );
    check(
        &with_loss(Some(Loss { rows: Some(9_120_004), ..sample::loss() })),
        Some(1),
        expect![
            "49 = 2 consumers 11 + writes 10 + 9,120,004 rows set aside 10 + critical tier 10 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        &with_worst(Reversibility::Recoverable),
        Some(1),
        expect![
            "52 = writes 16 + 2 consumers 12 + critical tier 10 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
}

#[test]
fn with_two_approvals() {
    check(
        &Case { point_age_ms: Some(40 * sample::DAY_MS), ..restore() },
        Some(2),
        expect![
            "65 = point too old 20 + writes 10 + point's age 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + changes since the point 2"
        ],
    );
    check(
        &with_worst(Reversibility::Irreversible),
        Some(2),
        expect![
            "75 = writes 28 + 2 consumers 18 + critical tier 15 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    let factor = RiskFactor { cause: "the table has a streaming reader".to_owned(), score: 25 };
    check(
        &Case { factors: vec![factor], ..restore() },
        Some(2),
        expect![
            "66 = the table has a streaming reader 25 + writes 10 + 2 consumers 9 + critical tier 8 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
}

#[test]
fn refused() {
    check(
        &deleting(12, &[Tier::Critical; 8]),
        None,
        expect![
            "100 = 8 consumers 76 + writes 68 + critical tier 32 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
    check(
        &deleting(900, &[Tier::Standard; 2]),
        None,
        expect![
            "100 = writes 157 + 2 consumers 83 + critical tier 69 + 12,031 rows set aside 6 + point's age 6 + changes since the point 2"
        ],
    );
}

#[test]
fn a_stage_that_writes_nothing_has_no_risk_whatever_surrounds_it() {
    let mut plan = sample::restore();
    let blind = Work::Blind { reason: "the registry did not answer".to_owned(), cause: BlindCause::SystemDown };
    let step = StepPlan { work: blind, ..plan.steps[1].clone() };
    plan.steps = vec![step];
    let factor = RiskFactor { cause: "it is Friday".to_owned(), score: 100 };
    let case = Case { factors: vec![factor], downstream: vec![Tier::Critical; 9], ..Case::of(plan) };
    check(&case, Some(0), expect!["0"]);
}

#[test]
fn what_was_not_examined_counts_as_the_worst() {
    let mut case = restore();
    case.examined.operations.clear();
    case.connections.clear();
    check(
        &case,
        None,
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
