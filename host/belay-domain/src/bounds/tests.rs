//! The first plan lies inside; more than it showed does not.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::assess::{Situation, assess};
use crate::digest::Digest;
use crate::fallback::Fallback;
use crate::mandate::{self, Destination, LogHead, Named, Purpose};
use crate::operation::Loss;
use crate::plan_check;
use crate::risk::Band;
use crate::sample;
use crate::skip::Skips;

fn bands() -> Bands {
    let bands = [(25, 0), (60, 1), (85, 2)].map(|(up_to, approvals)| Band { up_to, approvals });
    bands.to_vec().try_into().unwrap()
}

fn examined(plan: &StagePlan) -> Examined {
    plan_check::examine(plan, &sample::connections()).unwrap()
}

fn assessment(plan: &StagePlan, examined: &Examined) -> Assessment {
    assess(&Situation {
        plan,
        examined,
        connections: &sample::connections(),
        feature_set: &sample::ranker(),
        downstream: &[],
        now: sample::NOW,
        point_age_ms: Some(2 * sample::DAY_MS),
        max_point_age_ms: None,
        own: &BTreeSet::new(),
        factors: &[],
        around: crate::assess::Around::default(),
        weights: &crate::assess::weights::Weights::default(),
    })
}

/// The mandate that a first plan gives.
fn mandate(first: &StagePlan, headroom: u64) -> Mandate {
    let examined = examined(first);
    let targets = || first.steps.iter().filter_map(|step| step.subject.target());
    Mandate {
        schema: mandate::SCHEMA,
        run: "r-77".parse().unwrap(),
        purpose: Purpose::Rollback,
        environment: first.environment.clone(),
        requester: "ana".to_owned(),
        incident: None,
        runbook: Named { name: "standard-rollback".parse().unwrap(), digest: Digest::of(b"runbook") },
        feature_set: Named { name: "checkout-ranker".parse().unwrap(), digest: Digest::of(b"set") },
        team: "ranking".to_owned(),
        destination: Destination::Before { at: sample::NOW },
        parameters: BTreeMap::new(),
        desired: targets().map(|t| (t.resource.clone(), Wanted::of_target(t).unwrap())).collect(),
        may_skip: Skips::default(),
        stages: Bounds::of_first_plan(first, &examined, &assessment(first, &examined), &bands(), headroom)
            .into_iter()
            .collect(),
        approvals: Vec::new(),
        break_glass: None,
        on_failure: Fallback::Halt,
        governance: Digest::of(b"rules"),
        components: targets().map(|t| (t.plugin.clone(), t.component)).collect(),
        ledger: LogHead { origin: "shop-ml".to_owned(), size: 0, root: Digest::of(b"") },
        issued_at: sample::NOW,
        expires_at: sample::NOW.plus(1_000),
        nonce: "00".repeat(16),
    }
}

fn admits(mandate: &Mandate, plan: &StagePlan) -> String {
    let examined = examined(plan);
    shown(mandate.admits(plan, &examined, &assessment(plan, &examined), &BTreeMap::new(), sample::NOW))
}

fn shown(admitted: Result<(), Vec<Outside>>) -> String {
    match admitted {
        Ok(()) => "inside".to_owned(),
        Err(outside) => outside.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

/// A mandate for the sample's restoration with a headroom of 2, and a later plan.
fn check(alter: impl FnOnce(&mut StagePlan), expected: Expect) {
    let mut plan = sample::restore();
    let mandate = mandate(&plan, 2);
    alter(&mut plan);
    expected.assert_eq(&admits(&mandate, &plan));
}

fn set_aside(plan: &mut StagePlan, rows: Option<u64>) {
    sample::change_of(plan, 0).loss = Some(Loss { rows, ..sample::loss() });
}

#[test]
fn the_bounds_show_what_people_sign() {
    let bounds = mandate(&sample::restore(), 2).stages.remove(0);
    assert_eq!((bounds.worst, bounds.highest_risk, bounds.most_touches), (Some(Reversibility::Reversible), 60, 18));
    assert_eq!(bounds.most_rows_set_aside, [("dataset".parse().unwrap(), 24_062)].into());
}

#[test]
fn a_risk_that_the_bands_refuse_has_no_bounds() {
    let plan = sample::restore();
    let refused = Assessment { risk: 86, parts: Vec::new() };
    assert_eq!(Bounds::of_first_plan(&plan, &examined(&plan), &refused, &bands(), 2), None);
}

#[test]
fn twice_as_much_is_inside_and_more_is_not() {
    check(|_| {}, expect!["inside"]);
    check(|plan| set_aside(plan, Some(24_062)), expect!["inside"]);
    check(
        |plan| set_aside(plan, Some(9_120_004)),
        expect!["restore would set aside 9,120,004 rows of dataset, the mandate allows 24,062"],
    );
    check(
        |plan| set_aside(plan, None),
        expect!["restore can't tell how many rows of dataset it would set aside, the mandate allows 24,062"],
    );
    let touch = |touches| move |plan: &mut StagePlan| sample::change_of(plan, 0).operations[0].touches = touches;
    check(touch(17), expect!["inside"]);
    check(touch(18), expect!["restore would touch 19 things, the mandate allows 18"]);
}

#[test]
fn a_stage_that_is_done_already_stays_inside() {
    check(|plan| plan.steps.clear(), expect!["inside"]);
}

#[test]
fn a_worse_write_or_a_higher_risk_is_outside() {
    let worsen = |worst| move |plan: &mut StagePlan| sample::change_of(plan, 1).operations[0].reversibility = worst;
    check(
        worsen(Reversibility::Recoverable),
        expect!["restore holds a write that is recoverable, the mandate allows reversible ones at worst"],
    );
    check(
        worsen(Reversibility::Irreversible),
        expect![[r#"
        restore has risk 72, the mandate allows 60
        restore holds a write that is irreversible, the mandate allows reversible ones at worst"#]],
    );
}

#[test]
fn where_nothing_was_to_be_written_nothing_may_be() {
    let mut first = sample::contain();
    let later = first.clone();
    sample::change_of(&mut first, 0).operations.clear();
    if let Work::Change { observed, .. } = &mut first.steps[0].work {
        observed.content = sample::json(r#"{"enabled":false}"#);
    }
    expect![[r#"
        contain holds a write that is reversible, the mandate allows no write
        contain would touch 1 thing, the mandate allows 0"#]]
    .assert_eq(&admits(&mandate(&first, 2), &later));
}

#[test]
fn another_outcome_place_or_stage_is_outside() {
    check(
        |plan| {
            if let crate::plan::Subject::Resource(target) = &mut plan.steps[1].subject {
                target.desired = sample::pinned("7", r#"{"version":"8"}"#);
            }
        },
        expect!["model would go elsewhere than the mandate says"],
    );
    check(
        |plan| plan.environment = "staging".parse().unwrap(),
        expect!["the plan is for staging, the mandate for prod"],
    );
    check(|plan| plan.stage = "repair".parse().unwrap(), expect!["the mandate has no stage repair"]);
    expect![[r#"
        flag would go elsewhere than the mandate says
        the plugin flagd-flag is b06de62b7481, the mandate names no such plugin
        the mandate has no stage contain"#]]
    .assert_eq(&admits(&mandate(&sample::restore(), 2), &sample::contain()));
}

#[test]
fn another_component_is_outside() {
    let plan = sample::restore();
    let mandate = mandate(&plan, 2);
    let examined = examined(&plan);
    let with = |name: &str| {
        let in_use = [(name.parse().unwrap(), Digest::of(b"another"))].into();
        shown(mandate.admits(&plan, &examined, &assessment(&plan, &examined), &in_use, sample::NOW))
    };
    expect!["the plugin delta-table is ae448ac86c4e, the mandate names 5419b3754e01"].assert_eq(&with("delta-table"));
    expect!["the plugin change-window is ae448ac86c4e, the mandate names no such plugin"]
        .assert_eq(&with("change-window"));
}

#[test]
fn a_mandate_ends() {
    let plan = sample::restore();
    let mandate = mandate(&plan, 2);
    let examined = examined(&plan);
    let at = |now| shown(mandate.admits(&plan, &examined, &assessment(&plan, &examined), &BTreeMap::new(), now));
    expect!["inside"].assert_eq(&at(sample::NOW.plus(999)));
    expect!["the mandate ran out 0 seconds ago"].assert_eq(&at(sample::NOW.plus(1_000)));
    expect!["the mandate ran out 3,600 seconds ago"].assert_eq(&at(sample::NOW.plus(3_601_000)));
}

#[test]
fn an_examination_of_another_plan_does_not_count() {
    let plan = sample::restore();
    let other = examined(&sample::contain());
    let admitted = mandate(&plan, 2).admits(&plan, &other, &assessment(&plan, &other), &BTreeMap::new(), sample::NOW);
    assert!(admitted.unwrap_err().contains(&Outside::NotExamined("restore".parse().unwrap())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_first_plan_lies_inside_its_own_mandate_and_more_touches_do_not(
        touches in 1..1_000_000_u64,
        rows in prop::option::of(0..1_000_000_u64),
        headroom in 1..5_u64,
        more in 1..1_000_u64,
    ) {
        let mut plan = sample::restore();
        sample::change_of(&mut plan, 0).operations[0].touches = touches;
        set_aside(&mut plan, rows);
        let mandate = mandate(&plan, headroom);
        prop_assert_eq!(admits(&mandate, &plan), "inside");
        // The model's one thing is counted too.
        sample::change_of(&mut plan, 0).operations[0].touches = (touches + 1) * headroom - 1 + more;
        prop_assert!(admits(&mandate, &plan).contains("would touch"));
    }
}
