//! What may not be: refusals, approvals, checks.

use belay_domain::check::{Check, DecimalText, Inconclusive, Threshold};
use belay_domain::id::Millis;
use belay_domain::json::Json;
use belay_domain::verdict::{Judgement, Quorum, Verdict};
use belay_engine::{Finding, GuardrailJudgement, RunSpec};
use expect_test::expect;

use crate::fixture::{restore, spec};
use crate::story::{Move::*, check};

pub(crate) fn error_ratio() -> Check {
    Check {
        probe: "json-probe".parse().unwrap(),
        connections: Vec::new(),
        resource: None,
        config: Json::parse("{}").unwrap(),
        measurement: "value".into(),
        must: Threshold::Below(DecimalText::try_from("0.02".to_owned()).unwrap()),
        within_ms: 10_000,
        hold_ms: 1_000,
        inconclusive: Inconclusive::Wait,
    }
}

fn flag() -> RunSpec {
    spec(vec![("contain", vec![restore("flag", &[], 0)])])
}

fn with_risk(finding: Finding, to: u32) -> Finding {
    match finding {
        Finding::Judged { examined, mut assessment, outside, judgements, consent } => {
            assessment.risk = to;
            Finding::Judged { examined, assessment, outside, judgements, consent }
        }
        Finding::Violates { .. } => finding,
    }
}

fn with_verdict(finding: Finding, enforced: bool, verdict: Verdict) -> Finding {
    match finding {
        Finding::Judged { examined, assessment, outside, consent, .. } => {
            let judgement = Judgement { verdict, factors: Vec::new(), notes: Vec::new() };
            let judged = GuardrailJudgement { guardrail: "blast-radius".parse().unwrap(), enforced, judgement };
            Finding::Judged { examined, assessment, outside, judgements: vec![judged], consent }
        }
        Finding::Violates { .. } => finding,
    }
}

fn found(change: fn(Finding) -> Finding, expected: expect_test::Expect) {
    check(flag(), &[Locked(0), Found(0, vec![1], change)], expected);
}

#[test]
fn what_breaks_a_rule_is_refused() {
    found(
        |_| Finding::Violates { violations: vec!["no list allows PUT flag".into()] },
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → unlock, seal
        = {ended:{ending:{kind:refused,stage:contain,refusal:{kind:violations,violations:[no list allows PUT flag]}},sealed:false}}
          flag: NotTouched
    "#]],
    );
}

#[test]
fn what_passes_the_mandate_is_refused() {
    found(
        |finding| match finding {
            Finding::Judged { examined, assessment, judgements, consent, .. } => {
                let outside = vec!["9 touched, 2 allowed".into()];
                Finding::Judged { examined, assessment, judgements, consent, outside }
            }
            Finding::Violates { .. } => finding,
        },
        expect![[r#"
            opened → lock lake/flag
            locked → plan flag
            planned [1] → unlock, seal
            = {ended:{ending:{kind:refused,stage:contain,refusal:{kind:outside_mandate,outside:[9 touched, 2 allowed]}},sealed:false}}
              flag: NotTouched
        "#]],
    );
}

#[test]
fn a_binding_denial_is_refused_and_a_monitored_one_is_not() {
    found(
        |finding| with_verdict(finding, true, Verdict::Deny(vec!["too many consumers".into()])),
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → unlock, seal
        = {ended:{ending:{kind:refused,stage:contain,refusal:{kind:denied,reasons:[blast-radius: too many consumers]}},sealed:false}}
          flag: NotTouched
    "#]],
    );
    found(
        |finding| with_verdict(finding, false, Verdict::Deny(vec!["too many consumers".into()])),
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        = working
          flag: NotTouched
    "#]],
    );
}

#[test]
fn people_are_asked_by_band_and_by_guardrail() {
    found(
        |finding| with_risk(finding, 41),
        expect![[r#"
            opened → lock lake/flag
            locked → plan flag
            planned [1] → unlock
            = {waiting:{stage:0,name:contain,plan:4ea22a6f9949fef9877f2b366165359a88dbeb7c739b78a9c6d58e7d844e6155,risk:41,needs:[{role:approver of ranking,approvals:1,because:[risk 41 of contain lies in the band up to 60],given:[],could:[]}],signed:false,by:ana,aim:prod ranker → what the runbook sets,until:1000000000,since:200}}
              flag: NotTouched
        "#]],
    );
    found(
        |finding| {
            let quorum = Quorum { approvals: 2, role: "dpo".into(), because: "personal data".into() };
            with_verdict(finding, true, Verdict::NeedsApprovals(vec![quorum]))
        },
        expect![[r#"
            opened → lock lake/flag
            locked → plan flag
            planned [1] → unlock
            = {waiting:{stage:0,name:contain,plan:4ea22a6f9949fef9877f2b366165359a88dbeb7c739b78a9c6d58e7d844e6155,risk:10,needs:[{role:dpo,approvals:2,because:[personal data],given:[],could:[]}],signed:false,by:ana,aim:prod ranker → what the runbook sets,until:1000000000,since:200}}
              flag: NotTouched
        "#]],
    );
}

#[test]
fn above_the_last_band_is_refused() {
    found(
        |finding| with_risk(finding, 61),
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → unlock, seal
        = {ended:{ending:{kind:refused,stage:contain,refusal:{kind:risk_too_high,risk:61,limit:60}},sealed:false}}
          flag: NotTouched
    "#]],
    );
}

#[test]
fn an_empty_plan_asks_nobody() {
    check(
        flag(),
        &[Locked(0), Found(0, vec![0], |finding| with_risk(finding, 99))],
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [0] → unlock, seal
        = {ended:{ending:{kind:nothing_to_do},sealed:false}}
          flag: AlreadyAsDesired
    "#]],
    );
}

#[test]
fn a_waiting_run_is_planned_again_when_it_is_resumed() {
    let waiting = Found(0, vec![1], |finding| with_risk(finding, 41));
    check(
        flag(),
        &[Locked(0), waiting, Resume(1), Locked(0), Plan(0, vec![1])],
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → unlock
        resumed 1 → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        = working
          flag: NotTouched
    "#]],
    );
}

#[test]
fn a_resource_that_cannot_be_seen_halts_the_run_before_its_stage() {
    check(
        flag(),
        &[Locked(0), Blind(0), Resume(1)],
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned blind → unlock
        resumed 1 → lock lake/flag
        = working
          flag: NotTouched
    "#]],
    );
}

#[test]
fn an_expired_mandate_permits_nothing() {
    let mut spec = flag();
    spec.mandate.expires_at = Millis(150);
    check(
        spec,
        &[Locked(0), Plan(0, vec![1])],
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → unlock, seal
        = {ended:{ending:{kind:refused,stage:contain,refusal:{kind:expired,expired_at:150}},sealed:false}}
          flag: NotTouched
    "#]],
    );
}

#[test]
fn a_check_passes_once_it_held() {
    let mut spec = flag();
    spec.checks.push(error_ratio());
    let restored = [Locked(0), Plan(0, vec![1]), Intend(1), Applied(1), Confirm((0, 0), 0, 0)];
    let mut passes = restored.to_vec();
    passes.extend([Measure(0, Some("0.5")), Wake(1)]);
    passes.extend((2..=4).flat_map(|wake| [Measure(0, Some("0.01")), Wake(wake)]));
    passes.extend([Measure(0, Some("0.01")), Seal]);
    check(
        spec.clone(),
        &passes,
        expect![[r#"
            opened → lock lake/flag
            locked → plan flag
            planned [1] → act 1 (flag.0 try 1)
            intent 1 → nothing
            applied 1 → confirm flag
            confirmed (0, 0) 0, 0 to do → unlock, measure 0
            measured Some("0.5") → wake 1 after 250 ms
            woke 1 → measure 0
            measured Some("0.01") → wake 2 after 250 ms
            woke 2 → measure 0
            measured Some("0.01") → wake 3 after 250 ms
            woke 3 → measure 0
            measured Some("0.01") → wake 4 after 287 ms
            woke 4 → measure 0
            measured Some("0.01") → unlock, seal
            sealed → nothing
            = {ended:{ending:{kind:done},sealed:true}}
              flag: Restored
        "#]],
    );
    let mut fails = restored.to_vec();
    fails.extend([Clock(20_000), Measure(0, None)]);
    check(
        spec,
        &fails,
        expect![[r#"
        opened → lock lake/flag
        locked → plan flag
        planned [1] → act 1 (flag.0 try 1)
        intent 1 → nothing
        applied 1 → confirm flag
        confirmed (0, 0) 0, 0 to do → unlock, measure 0
        measured None → unlock, seal
        = {ended:{ending:{kind:failed,check:0,result:{kind:inconclusive,reason:no data}},sealed:false}}
          flag: Restored
    "#]],
    );
}
