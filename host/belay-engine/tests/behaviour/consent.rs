//! Approvals: who counts, for how long, and what outlives another plan.

use belay_domain::id::Millis;
use belay_domain::mandate::BreakGlass;
use belay_domain::risk::{Band, Bands};
use belay_domain::verdict::{Judgement, Quorum, Verdict};
use belay_engine::{
    Consent, Finding, GuardrailJudgement, Refusal, Rejection, RunSpec, StageDecision, Voice, decide,
};
use proptest::prelude::*;

use crate::fixture::{self, restore, spec};

fn ranker() -> RunSpec {
    let mut spec = spec(vec![("restore", vec![restore("model", &[], 8)])]);
    let bands = [(25, 0), (60, 1), (85, 2)].map(|(up_to, approvals)| Band { up_to, approvals });
    spec.bands = Bands::try_from(bands.to_vec()).unwrap();
    spec
}

/// `ana: responder of ranking, approver of ranking`
fn voice(text: &str) -> Voice {
    let (person, roles) = text.split_once(": ").unwrap_or((text, ""));
    let roles = roles.split(", ").filter(|role| !role.is_empty()).map(str::to_owned).collect();
    Voice { person: person.to_owned(), roles }
}

fn voices(texts: &[&str]) -> Vec<Voice> {
    texts.iter().map(|text| voice(text)).collect()
}

/// The request signed by ana, and these approvals.
fn consent(approvals: &[&str]) -> Consent {
    let request = Some(voice("ana: responder of ranking, approver of ranking, break-glass"));
    Consent { request, approvals: voices(approvals), ..Consent::default() }
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
    decide(spec, &plan, &Finding::Judged { examined, assessment, outside, judgements, consent }, Millis(1))
}

/// In short: what becomes of a plan of this risk.
fn told(spec: &RunSpec, risk: u32, consent: Consent, verdict: Option<Verdict>) -> String {
    match decided(spec, risk, consent, verdict) {
        StageDecision::Permit => "permitted".to_owned(),
        StageDecision::Refuse(refusal) => format!("refused: {refusal}"),
        StageDecision::Ask(asked) => {
            let missing: Vec<String> = asked
                .quorums
                .iter()
                .filter(|standing| standing.missing() > 0)
                .map(|standing| format!("{} × {}", standing.missing(), standing.role))
                .collect();
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
    check(41, &["cleo: approver of ranking"], "permitted");
    check(61, &["cleo: approver of ranking"], "waits for [1 × approver of ranking]");
    check(61, &["cleo: approver of ranking", "dan: approver of ranking"], "permitted");
    check(86, &["cleo: approver of ranking", "dan: approver of ranking"], "refused: risk 86 is above every band: 85 is the highest");
}

#[test]
fn only_those_count_who_hold_the_role_now() {
    check(41, &["cleo: approver of payments"], "waits for [1 × approver of ranking]");
    check(41, &["cleo: responder of ranking"], "waits for [1 × approver of ranking]");
    check(41, &["cleo"], "waits for [1 × approver of ranking]");
    // A role that no team scopes holds everywhere.
    check(41, &["cleo: approver"], "permitted");
}

#[test]
fn nobody_approves_their_own_request_and_nobody_counts_twice() {
    check(41, &["ana: approver of ranking"], "waits for [1 × approver of ranking]");
    let twice = ["cleo: approver of ranking", "cleo: approver of ranking"];
    check(61, &twice, "waits for [1 × approver of ranking]");
}

#[test]
fn an_unsigned_request_is_approved_by_nobody() {
    let cleo = voices(&["cleo: approver of ranking"]);
    let unsigned = Consent { approvals: cleo.clone(), ..Consent::default() };
    assert_eq!(told(&ranker(), 41, unsigned.clone(), None), "waits for [], and the request's signature");
    // Somebody else's signature is not the requester's, and a signature of one who may not ask is none.
    for request in ["ben: responder of ranking", "ana: approver of ranking"] {
        let other = Consent { request: Some(voice(request)), ..unsigned.clone() };
        assert_eq!(told(&ranker(), 41, other, None), "waits for [], and the request's signature", "{request}");
    }
    assert_eq!(told(&ranker(), 20, unsigned, None), "permitted");
}

#[test]
fn a_guardrail_asks_for_people_of_its_own() {
    let asks = |role: &str| {
        let quorum = Quorum { approvals: 1, role: role.into(), because: "personal data".into() };
        Some(Verdict::NeedsApprovals(vec![quorum]))
    };
    let of = |approvals: &[&str], role| told(&ranker(), 41, consent(approvals), asks(role));
    assert_eq!(of(&["cleo: approver of ranking"], "admin"), "waits for [1 × admin]");
    assert_eq!(of(&["cleo: approver of ranking", "ada: admin"], "admin"), "permitted");
    assert_eq!(of(&["cleo: approver of ranking"], "approver of payments"), "waits for [1 × approver of payments]");
    // One person may stand for two roles.
    assert_eq!(of(&["cleo: approver of ranking, approver of payments"], "approver of payments"), "permitted");
}

#[test]
fn a_no_ends_it_where_it_comes_from_one_who_could_have_said_yes() {
    let no = |by: &str| {
        let rejection = Some(Rejection { by: voice(by), reason: "the model is fine".into() });
        told(&ranker(), 41, Consent { rejection, ..consent(&["dan: approver of ranking"]) }, None)
    };
    assert_eq!(no("cleo: approver of ranking"), "refused: cleo rejected it: the model is fine");
    assert_eq!(no("cleo: responder of ranking"), "permitted");
    assert_eq!(no("ana: approver of ranking"), "permitted");
}

#[test]
fn two_people_break_the_glass_over_bands_and_denials_and_over_nothing_else() {
    let mut spec = ranker();
    spec.mandate.break_glass = Some(BreakGlass { reason: "nobody answers".into() });
    let deny = || Some(Verdict::Deny(vec!["a freeze".into()]));
    let second = ["dan: break-glass"];
    assert_eq!(told(&spec, 20, consent(&[]), None), "permitted");
    assert_eq!(told(&spec, 20, consent(&[]), deny()), r#"waits for [1 × break-glass] over ["privacy: a freeze"]"#);
    assert_eq!(told(&spec, 20, consent(&second), deny()), "permitted");
    assert_eq!(
        told(&spec, 99, consent(&[]), None),
        r#"waits for [1 × break-glass] over ["risk 99 is above every band: 85 is the highest"]"#
    );
    assert_eq!(told(&spec, 99, consent(&second), None), "permitted");
    let band = r#"waits for [1 × break-glass] over ["1 × approver of ranking"]"#;
    assert_eq!(told(&spec, 41, consent(&["cleo: approver of ranking"]), None), band);
    assert_eq!(told(&spec, 41, consent(&["ana: break-glass"]), None), band);
    // Whoever asks must hold the role too.
    let request = Some(voice("ana: responder of ranking"));
    let one = Consent { request, ..consent(&second) };
    assert!(told(&spec, 99, one, None).contains("and the request's signature"));
    let refused = |spec: &RunSpec| decided(spec, 99, consent(&second), None);
    spec.mandate.expires_at = Millis(0);
    assert!(matches!(refused(&spec), StageDecision::Refuse(Refusal::Expired { .. })));
}

proptest! {
    /// Held against the rule in other words: enough different people, none of them the requester, each with the role.
    #[test]
    fn a_plan_is_permitted_by_enough_others_and_by_nobody_else(
        risk in 0_u32..100,
        signed in any::<bool>(),
        said in prop::collection::vec((0_usize..4, any::<bool>()), 0..6),
    ) {
        let names = ["ana", "ben", "cleo", "dan"];
        let approvals: Vec<Voice> = said
            .iter()
            .map(|(who, holds)| voice(&format!("{}: {}", names[*who], if *holds { "approver of ranking" } else { "auditor" })))
            .collect();
        let request = signed.then(|| voice("ana: responder of ranking"));
        let decision = decided(&ranker(), risk, Consent { request, approvals, ..Consent::default() }, None);
        let others: std::collections::BTreeSet<_> =
            said.iter().filter(|(who, holds)| *who != 0 && *holds).map(|(who, _)| who).collect();
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
