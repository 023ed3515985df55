//! Approvals: who counts, for how long, and what outlives another plan.

use std::collections::BTreeSet;

use belay_domain::id::Millis;
use belay_domain::mandate::BreakGlass;
use belay_domain::people::{Approval, People, Team, Touched};
use belay_domain::risk::{Band, Bands};
use belay_domain::verdict::{Judgement, Quorum, Verdict};
use belay_engine::{Consent, Finding, GuardrailJudgement, Refusal, Rejection, RunSpec, StageDecision, decide};
use proptest::prelude::*;

use crate::fixture::{self, restore, spec};

fn ranker() -> RunSpec {
    let mut spec = spec(vec![("restore", vec![restore("model", &[], 8)])]);
    let bands = [(25, 0), (60, 1), (85, 2)].map(|(up_to, approvals)| Band { up_to, approvals });
    spec.bands = Bands::try_from(bands.to_vec()).unwrap();
    spec
}

/// Ana and ben ask; ana, cleo and dan approve for ranking; ana and dan break glass; pia approves for payments; ada is admin.
fn people() -> People {
    let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    let ranking = Team {
        members: names(&["ana", "ben"]),
        approvers: names(&["ana", "cleo", "dan"]),
        break_glass: names(&["ana", "dan"]),
        ..Team::default()
    };
    let payments = Team { approvers: names(&["pia", "cleo"]), ..Team::default() };
    People {
        admins: names(&["ada"]),
        teams: [("ranking".parse().unwrap(), ranking), ("payments".parse().unwrap(), payments)].into(),
        ..People::default()
    }
}

/// The request signed by ana, and these people's approvals.
fn consent(approvals: &[&str]) -> Consent {
    let approval = |name: &&str| Approval { person: name.parse().unwrap(), key: format!("SHA256:{name}") };
    Consent {
        request: Some("ana".parse().unwrap()),
        approvals: approvals.iter().map(approval).collect(),
        rejection: None,
        people: people(),
        touched: Some(Touched {
            feature_set: "ranker".parse().unwrap(),
            owner: "ranking".into(),
            environment: "prod".parse().unwrap(),
            resources: BTreeSet::new(),
            connections: BTreeSet::new(),
        }),
    }
}

fn decided(spec: &RunSpec, risk: u32, consent: Consent, verdict: Option<Verdict>) -> StageDecision {
    let plan = fixture::first_plan(spec, 0, |_| {
        fixture::change(fixture::state(9, 1), vec![fixture::operation("model", "8".into(), 8)])
    });
    let Finding::Judged { examined, mut assessment, outside, .. } = fixture::judged(&plan, risk, |_| true) else {
        panic!("judged");
    };
    assessment.risk = risk;
    let said = |verdict| GuardrailJudgement {
        guardrail: "privacy".parse().unwrap(),
        enforced: true,
        judgement: Judgement { verdict, factors: vec![], notes: vec![] },
    };
    let judgements = verdict.into_iter().map(said).collect();
    decide(
        spec,
        &plan,
        &Finding::Judged { examined, assessment, outside, judgements, consent: Box::new(consent) },
        Millis(1),
    )
}

/// In short: what becomes of a plan of this risk.
fn told(spec: &RunSpec, risk: u32, consent: Consent, verdict: Option<Verdict>) -> String {
    match decided(spec, risk, consent, verdict) {
        StageDecision::Permit => "permitted".to_owned(),
        StageDecision::Refuse(refusal) => format!("refused: {refusal}"),
        StageDecision::Ask(asked) => {
            let missing = asked.needs.iter().filter(|need| need.missing() > 0);
            let missing: Vec<String> = missing.map(|need| format!("{} × {}", need.missing(), need.role)).collect();
            let signed = if asked.signed { "" } else { ", and the request's signature" };
            let over = if asked.overrides.is_empty() { String::new() } else { format!(" over {:?}", asked.overrides) };
            format!("waits for [{}]{signed}{over}", missing.join(", "))
        }
        StageDecision::Halt(_) | StageDecision::Skip(_) => "not seen".to_owned(),
    }
}

fn check(risk: u32, approvals: &[&str], expected: &str) {
    assert_eq!(told(&ranker(), risk, consent(approvals), None), expected, "risk {risk}, {approvals:?}");
}

#[test]
fn a_band_asks_for_so_many_approvers_of_the_team() {
    check(20, &[], "permitted");
    check(41, &[], "waits for [1 × approver of ranking]");
    check(41, &["cleo"], "permitted");
    check(61, &["cleo"], "waits for [1 × approver of ranking]");
    check(61, &["cleo", "dan"], "permitted");
    check(86, &["cleo", "dan"], "refused: risk 86 is above every band: 85 is the highest");
}

#[test]
fn only_those_count_who_hold_the_role_now() {
    for other in ["pia", "ben", "ada", "eve"] {
        check(41, &[other], "waits for [1 × approver of ranking]");
    }
}

#[test]
fn nobody_approves_their_own_request_and_nobody_counts_twice() {
    check(41, &["ana"], "waits for [1 × approver of ranking]");
    check(61, &["cleo", "cleo"], "waits for [1 × approver of ranking]");
}

#[test]
fn an_unsigned_request_is_approved_by_nobody() {
    let signed_by = |request: Option<&str>| {
        let request = request.map(|name| name.parse().unwrap());
        told(&ranker(), 41, Consent { request, ..consent(&["dan"]) }, None)
    };
    let unsigned = "waits for [], and the request's signature";
    assert_eq!(signed_by(Some("ana")), "permitted");
    assert_eq!(signed_by(None), unsigned);
    // Somebody else's signature is not the requester's.
    assert_eq!(signed_by(Some("ben")), unsigned);
    // Nor is one of somebody who may not ask.
    let mut spec = ranker();
    spec.mandate.requester = "cleo".into();
    let request = Some("cleo".parse().unwrap());
    assert_eq!(told(&spec, 41, Consent { request, ..consent(&["dan"]) }, None), unsigned);
    assert_eq!(told(&ranker(), 20, Consent { request: None, ..consent(&[]) }, None), "permitted");
    // Where nobody could say who counts, nobody does.
    let nobody = "waits for [1 × approver of ranking], and the request's signature";
    assert_eq!(told(&ranker(), 41, Consent::default(), None), nobody);
}

#[test]
fn a_guardrail_asks_for_people_of_its_own() {
    let asks = |role: &str| {
        let quorum = Quorum { approvals: 1, role: role.into(), because: "personal data".into() };
        Some(Verdict::NeedsApprovals(vec![quorum]))
    };
    let of = |approvals: &[&str], role| told(&ranker(), 41, consent(approvals), asks(role));
    assert_eq!(of(&["cleo"], "admin"), "waits for [1 × admin]");
    assert_eq!(of(&["cleo", "ada"], "admin"), "permitted");
    assert_eq!(of(&["dan"], "approver of payments"), "waits for [1 × approver of payments]");
    assert_eq!(of(&["dan", "pia"], "approver of payments"), "permitted");
    // Two roles need two people, whatever roles one of them holds.
    assert_eq!(of(&["cleo"], "approver of payments"), "waits for [1 × approver of payments]");
}

#[test]
fn a_no_ends_it_where_it_comes_from_one_who_could_have_said_yes() {
    let no = |by: &str| {
        let rejection = Some(Rejection { by: by.parse().unwrap(), reason: "the model is fine".into() });
        told(&ranker(), 41, Consent { rejection, ..consent(&["dan"]) }, None)
    };
    assert_eq!(no("cleo"), "refused: cleo rejected it: the model is fine");
    assert_eq!(no("dan"), "refused: dan rejected it: the model is fine");
    assert_eq!(no("ben"), "permitted");
    assert_eq!(no("ana"), "permitted");
}

#[test]
fn two_people_break_the_glass_over_bands_and_denials_and_over_nothing_else() {
    let mut spec = ranker();
    spec.mandate.break_glass = Some(BreakGlass { reason: "nobody answers".into() });
    let deny = || Some(Verdict::Deny(vec!["a freeze".into()]));
    assert_eq!(told(&spec, 20, consent(&[]), None), "permitted");
    assert_eq!(
        told(&spec, 20, consent(&[]), deny()),
        r#"waits for [1 × break-glass of ranking] over ["privacy: a freeze"]"#
    );
    assert_eq!(told(&spec, 20, consent(&["dan"]), deny()), "permitted");
    let above = r#"waits for [1 × break-glass of ranking] over ["risk 99 is above every band: 85 is the highest"]"#;
    assert_eq!(told(&spec, 99, consent(&[]), None), above);
    assert_eq!(told(&spec, 99, consent(&["dan"]), None), "permitted");
    let band = r#"waits for [1 × break-glass of ranking] over ["1 × approver of ranking"]"#;
    assert_eq!(told(&spec, 41, consent(&["cleo"]), None), band);
    assert_eq!(told(&spec, 41, consent(&["ana"]), None), band);
    // Whoever asks must hold the role too.
    let mut asked = spec.clone();
    asked.mandate.requester = "ben".into();
    let of_ben = Consent { request: Some("ben".parse().unwrap()), ..consent(&["dan"]) };
    assert!(told(&asked, 99, of_ben, None).contains("and the request's signature"));
    spec.mandate.expires_at = Millis(0);
    let late = decided(&spec, 99, consent(&["dan"]), None);
    assert!(matches!(late, StageDecision::Refuse(Refusal::Expired { .. })));
}

proptest! {
    /// Held against the rule in other words: enough different people, none of them the requester, each with the role.
    #[test]
    fn a_plan_is_permitted_by_enough_others_and_by_nobody_else(
        risk in 0_u32..100,
        signed in any::<bool>(),
        said in prop::collection::vec(prop::sample::select(vec!["ana", "ben", "cleo", "dan", "pia", "ada"]), 0..6),
    ) {
        let request = signed.then(|| "ana".parse().unwrap());
        let decision = decided(&ranker(), risk, Consent { request, ..consent(&said) }, None);
        let others: BTreeSet<_> = said.iter().filter(|who| matches!(**who, "cleo" | "dan")).collect();
        let enough = match risk {
            0..=25 => true,
            26..=60 => signed && !others.is_empty(),
            61..=85 => signed && others.len() >= 2,
            _ => false,
        };
        prop_assert_eq!(decision == StageDecision::Permit, enough);
        prop_assert_eq!(matches!(decision, StageDecision::Refuse(_)), risk > 85);
    }
}
