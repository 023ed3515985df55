//! Plans that wait, are refused, are blind, are empty.

use belay_domain::digest::Digest;
use belay_domain::examined::{Examined, ExaminedOperation};
use belay_domain::id::{Millis, StepId};
use belay_domain::json::Json;
use belay_domain::mandate::Destination;
use belay_domain::operation::{Body, Change, Expectation, Loss, ObjectWrite, Operation, Reversibility, Write};
use belay_domain::plan::{BlindCause, StagePlan, StepPlan, Subject, Target};
use belay_domain::ramp::{PlannedPart, Ramp};
use belay_domain::risk::{Assessment, Band, Part};
use belay_domain::state::{Desired, Pin, State};
use belay_domain::verdict::{Judgement, Quorum};
use belay_runtime::api::{Goal, GuardrailVerdict, PlannedSkip};
use expect_test::{Expect, expect};

use super::*;
use crate::render::clock;

fn check(answer: &PlanAnswer, expected: Expect) {
    let clock = clock::at("2026-11-22T03:10:00[UTC]");
    expected.assert_eq(&plan(answer, Asked::Rollback(&request()), &clock).to_text(false));
}

fn request() -> PlanRequest {
    PlanRequest {
        runbook: "standard-rollback".parse().unwrap(),
        feature_set: "checkout-ranker".parse().unwrap(),
        environment: Some("prod".parse().unwrap()),
        goal: Some(Goal::LatestGood),
        only: None,
        except: vec![],
        parameters: [].into(),
        incident: Some("INC-4211".parse().unwrap()),
        reason: None,
        break_glass: false,
    }
}

fn state(version: &str) -> State {
    State { version: version.to_owned(), content: Json::from(&version).unwrap(), revision: Json::NULL }
}

fn pinned(version: &str) -> Desired {
    Desired::Pinned(Pin { state: state(version), proof: Json::NULL })
}

fn step(id: (u32, u32), resource: &str, at: &str, desired: Desired, work: Work) -> StepPlan {
    let target = Target {
        resource: resource.parse().unwrap(),
        at: at.parse().unwrap(),
        config: Json::NULL,
        plugin: "p".parse().unwrap(),
        component: Digest::of(b"component"),
        connections: vec![],
        upstream: vec![],
        desired,
        ramp: None,
    };
    StepPlan {
        id: StepId { stage: id.0, step: id.1 },
        subject: Subject::Resource(Box::new(target)),
        work,
        parts: vec![],
    }
}

fn change(observed: &str, operations: &[&str], loss: Option<Loss>, notes: &[&str]) -> Work {
    let operation = |summary: &&str| Operation {
        summary: (*summary).to_owned(),
        write: Write::Object(ObjectWrite {
            connection: "lake".parse().unwrap(),
            key: "k".to_owned(),
            content: Some(Body(vec![])),
            expect: Expectation::Absent,
        }),
        yields: Json::NULL,
        reversibility: Reversibility::Reversible,
        touches: 1,
    };
    let notes = notes.iter().map(|note| (*note).to_owned()).collect();
    let operations = operations.iter().map(operation).collect();
    Work::Change { observed: state(observed), change: Change { operations, factors: vec![], loss, notes } }
}

fn stage(name: &str, index: u32, steps: Vec<StepPlan>, parts: &[(&str, u32)], gate: Gate) -> PlannedStage {
    let plan = StagePlan { environment: "prod".parse().unwrap(), index, stage: name.parse().unwrap(), steps };
    let parts = parts.iter().map(|(cause, score)| Part { cause: (*cause).to_owned(), score: *score });
    let parts: Vec<_> = parts.collect();
    PlannedStage {
        name: name.parse().unwrap(),
        check: PlanCheck::Kept(Examined { plan: plan.digest().unwrap(), operations: vec![] }),
        plan,
        assessment: Assessment { risk: parts.iter().map(|part| part.score).sum(), parts },
        verdicts: vec![
            verdict("blast-radius", Verdict::Allow, &[]),
            verdict("change-window", Verdict::Allow, &["rollback lane"]),
        ],
        no_return: None,
        gate,
        skipped: vec![],
    }
}

fn verdict(plugin: &str, verdict: Verdict, notes: &[&str]) -> GuardrailVerdict {
    let notes = notes.iter().map(|note| (*note).to_owned()).collect();
    GuardrailVerdict {
        plugin: plugin.parse().unwrap(),
        enforced: true,
        judgement: Judgement { verdict, factors: vec![], notes },
        failed: None,
    }
}

fn at_once() -> Gate {
    Gate::RunsAtOnce { band: Band { up_to: 25, approvals: 0 } }
}

fn contain() -> PlannedStage {
    let off = Desired::Attributes(Json::parse(r#"{"enabled":false}"#).unwrap());
    let steps = vec![step((0, 0), "flag", "flags/ranker-v9", off, change("on, 100 %", &["turn it off"], None, &[]))];
    stage("contain", 0, steps, &[("writes", 12)], at_once())
}

fn restore() -> PlannedStage {
    let loss = Loss { since: Millis(1_763_604_420_000), changes: 4, rows: Some(12_031) };
    let steps = vec![
        step((1, 0), "dataset", "lake/clicks", pinned("v27"), change("v31", &["restore v27 as v32"], Some(loss), &[])),
        step((1, 1), "model", "registry/ranker@champion", pinned("8"), change("9", &["alias to 8"], None, &[])),
    ];
    let quorum = Quorum { approvals: 1, role: "approver of ranking".to_owned(), because: "risk 41".to_owned() };
    let gate = Gate::NeedsApprovals { quorums: vec![quorum] };
    let parts = [("writes", 18), ("2 consumers", 9), ("critical tier", 8), ("point's age", 6)];
    stage("restore", 1, steps, &parts, gate)
}

fn answer(stages: Vec<PlannedStage>) -> PlanAnswer {
    let at = Millis(1_763_604_420_000);
    PlanAnswer {
        environment: "prod".parse().unwrap(),
        runbook: "standard-rollback".parse().unwrap(),
        feature_set: "checkout-ranker".parse().unwrap(),
        purpose: Purpose::Rollback,
        destination: Some(Destination::Before { at }),
        destination_label: "point rp-0412 (2 days old, marked good by ana)".to_owned(),
        stages,
        changed_since: vec!["dataset by 4 commits".to_owned(), "model promoted 02:07".to_owned()],
        not_covered: vec!["cart-upsell consumes this set".to_owned()],
        on_failure: PlannedFallback::Halt,
        excepted: vec![],
        at,
    }
}

#[test]
fn a_plan_that_waits_reads_at_a_glance() {
    check(
        &answer(vec![contain(), restore()]),
        expect![[r#"
            prod · standard-rollback · checkout-ranker → point rp-0412 (2 days old, marked good by ana)

              contain       risk 12   runs at once
                ~ flag      flags/ranker-v9            on, 100 % → enabled = false   reversible
              restore       risk 41   needs 1 approval (approver of ranking)
                ↩ dataset   lake/clicks                v31 → v27                     reversible
                            4 changes, 12,031 rows since v27 (2025-11-20 02:07) are set aside
                ↩ model     registry/ranker@champion   9 → 8                         reversible

              Changed since the point  dataset by 4 commits · model promoted 02:07
              Risk of contain          12 = writes 12
              Risk of restore          41 = writes 18 + 2 consumers 9 + critical tier 8 + point's age 6
              Guardrails               blast-radius allow · change-window allow (rollback lane)
              Not in this runbook      cart-upsell consumes this set
              Next                     belay run standard-rollback checkout-ranker --env prod --to latest-good --incident INC-4211
        "#]],
    );
}

#[test]
fn a_refused_stage_says_why() {
    let mut refused = restore();
    let reasons = vec!["blast-radius: 23 consumers, at most 20".to_owned()];
    refused.verdicts[0] = verdict("blast-radius", Verdict::Deny(reasons.clone()), &[]);
    refused.gate = Gate::Refused { reasons };
    check(
        &answer(vec![contain(), refused]),
        expect![[r#"
            prod · standard-rollback · checkout-ranker → point rp-0412 (2 days old, marked good by ana)

              contain       risk 12   runs at once
                ~ flag      flags/ranker-v9            on, 100 % → enabled = false   reversible
              restore       risk 41   refused
                            blast-radius: 23 consumers, at most 20
                ↩ dataset   lake/clicks                v31 → v27                     reversible
                            4 changes, 12,031 rows since v27 (2025-11-20 02:07) are set aside
                ↩ model     registry/ranker@champion   9 → 8                         reversible

              Changed since the point  dataset by 4 commits · model promoted 02:07
              Risk of contain          12 = writes 12
              Risk of restore          41 = writes 18 + 2 consumers 9 + critical tier 8 + point's age 6
              Guardrails               blast-radius allow [contain] · change-window allow (rollback lane) · blast-radius deny [restore]
              Not in this runbook      cart-upsell consumes this set
              Next                     belay run standard-rollback checkout-ranker --env prod --to latest-good --incident INC-4211   (ends before restore)
        "#]],
    );
}

#[test]
fn a_broken_rule_is_said_once() {
    let mut broken = restore();
    let rules = vec!["model: no list of `registry` allows POST /api/alias".to_owned()];
    broken.check = PlanCheck::Broken(rules.clone());
    broken.verdicts.clear();
    broken.gate = Gate::Refused { reasons: rules };
    check(
        &answer(vec![broken]),
        expect![[r#"
            prod · standard-rollback · checkout-ranker → point rp-0412 (2 days old, marked good by ana)

              restore       risk 41   refused
                            model: no list of `registry` allows POST /api/alias
                ↩ dataset   lake/clicks                v31 → v27   reversible
                            4 changes, 12,031 rows since v27 (2025-11-20 02:07) are set aside
                ↩ model     registry/ranker@champion   9 → 8       reversible

              Changed since the point  dataset by 4 commits · model promoted 02:07
              Not in this runbook      cart-upsell consumes this set
              Next                     nothing would run: remove the cause, then plan again
        "#]],
    );
}

#[test]
fn a_blind_resource_does_not_hide_the_rest() {
    let mut blind = restore();
    let reason = "unavailable: connection refused".to_owned();
    blind.plan.steps[1] = step(
        (1, 1),
        "model",
        "registry/ranker@champion",
        pinned("8"),
        Work::Blind { reason: reason.clone(), cause: BlindCause::SystemDown },
    );
    blind.verdicts.clear();
    blind.gate = Gate::Blind { reasons: vec![] };
    check(
        &answer(vec![contain(), blind]),
        expect![[r#"
            prod · standard-rollback · checkout-ranker → point rp-0412 (2 days old, marked good by ana)

              contain       risk 12   runs at once
                ~ flag      flags/ranker-v9            on, 100 % → enabled = false   reversible
              restore       risk 41   the run halts before it
                ↩ dataset   lake/clicks                v31 → v27                     reversible
                            4 changes, 12,031 rows since v27 (2025-11-20 02:07) are set aside
                ? model     registry/ranker@champion   unavailable: connection refused

              Changed since the point  dataset by 4 commits · model promoted 02:07
              Risk of contain          12 = writes 12
              Risk of restore          41 = writes 18 + 2 consumers 9 + critical tier 8 + point's age 6
              Guardrails               blast-radius allow · change-window allow (rollback lane)
              Not in this runbook      cart-upsell consumes this set
              Next                     belay run standard-rollback checkout-ranker --env prod --to latest-good --except model --incident INC-4211
        "#]],
    );
}

#[test]
fn where_nothing_else_is_to_be_done_leaving_the_blind_out_is_no_help() {
    let mut blind = restore();
    let reason = "can't be observed: connection refused".to_owned();
    blind.plan.steps.truncate(1);
    blind.plan.steps[0].work = Work::Blind { reason, cause: BlindCause::SystemDown };
    blind.verdicts.clear();
    blind.gate = Gate::Blind { reasons: vec![] };
    let page =
        plan(&answer(vec![blind]), Asked::Rollback(&request()), &clock::at("2026-11-22T03:10:00[UTC]")).to_text(false);
    assert!(page.contains("nothing can be done before it can be observed; then plan again"), "{page}");
    assert!(!page.contains("--except"), "{page}");
}

#[test]
fn what_is_down_and_may_be_skipped_is_shown_as_skipped() {
    let mut down = restore();
    let reason = "can't be observed: delta-table: unavailable: the directory is gone".to_owned();
    let skip = |name: &str, at: &str, with: Option<&str>| PlannedSkip {
        resource: name.parse().unwrap(),
        at: at.parse().unwrap(),
        reason: reason.clone(),
        with: with.map(|name| name.parse().unwrap()),
    };
    down.plan.steps.clear();
    down.verdicts.clear();
    down.gate = Gate::Skipped;
    down.skipped =
        vec![skip("dataset", "lake/clicks", None), skip("model", "registry/ranker@champion", Some("dataset"))];
    let only = down.clone();
    check(
        &answer(vec![contain(), down]),
        expect![[r#"
        prod · standard-rollback · checkout-ranker → point rp-0412 (2 days old, marked good by ana)

          contain       risk 12   runs at once
            ~ flag      flags/ranker-v9            on, 100 % → enabled = false   reversible
          restore                 skipped
            ! dataset   lake/clicks                skipped: can't be observed: delta-table: unavailable: the directory is gone
            ! model     registry/ranker@champion   skipped with dataset, which it is made from

          Changed since the point  dataset by 4 commits · model promoted 02:07
          Risk of contain          12 = writes 12
          Guardrails               blast-radius allow · change-window allow (rollback lane)
          Not in this runbook      cart-upsell consumes this set
          Next                     belay run standard-rollback checkout-ranker --env prod --to latest-good --incident INC-4211
    "#]],
    );
    let page =
        plan(&answer(vec![only]), Asked::Rollback(&request()), &clock::at("2026-11-22T03:10:00[UTC]")).to_text(false);
    assert!(page.contains("nothing can be done before what is down answers"), "{page}");
}

#[test]
fn an_empty_plan_says_that_nothing_needs_doing() {
    let mut empty = restore();
    empty.plan.steps[0] = step((1, 0), "dataset", "lake/clicks", pinned("v27"), change("v32", &[], None, &[]));
    empty.plan.steps[1] = step((1, 1), "model", "registry/ranker@champion", pinned("8"), change("8", &[], None, &[]));
    empty.verdicts.clear();
    empty.gate = Gate::NothingToDo;
    let mut answer = answer(vec![empty]);
    answer.changed_since.clear();
    answer.not_covered.clear();
    check(
        &answer,
        expect![[r#"
        prod · standard-rollback · checkout-ranker → point rp-0412 (2 days old, marked good by ana)

          restore                 nothing to do
            = dataset   lake/clicks                v32, as desired
            = model     registry/ranker@champion   8, as desired

          Next  nothing to do: every resource is as desired
    "#]],
    );
}

#[test]
fn what_the_host_floored_is_what_is_shown() {
    let mut floored = contain();
    floored.check = PlanCheck::Kept(Examined {
        plan: floored.plan.digest().unwrap(),
        operations: vec![ExaminedOperation {
            step: StepId { stage: 0, step: 0 },
            index: 0,
            digest: Digest::of(b"operation"),
            object: "flags/shop.flagd.json".to_owned(),
            reversibility: Reversibility::Irreversible,
            touches: 1,
            repeat_is_safe: true,
            unguarded_by_system: true,
            settle_ms: 0,
        }],
    });
    floored.plan.steps.push(StepPlan {
        id: StepId { stage: 0, step: 1 },
        subject: Subject::Manual { instruction: "Ask the DBA to pause the loader".to_owned() },
        work: Work::Person,
        parts: vec![],
    });
    check(
        &answer(vec![floored]),
        expect![[r#"
        prod · standard-rollback · checkout-ranker → point rp-0412 (2 days old, marked good by ana)

          contain       risk 12   runs at once
            ~ flag      flags/ranker-v9   on, 100 % → enabled = false   irreversible
            ☞ by hand   Ask the DBA to pause the loader

          Changed since the point  dataset by 4 commits · model promoted 02:07
          Risk of contain          12 = writes 12
          Guardrails               blast-radius allow · change-window allow (rollback lane)
          Not in this runbook      cart-upsell consumes this set
          Next                     belay run standard-rollback checkout-ranker --env prod --to latest-good --incident INC-4211
    "#]],
    );
}

#[test]
fn a_ramp_is_shown_as_the_way_that_is_still_to_be_gone() {
    let ramp = Ramp {
        attribute: "rollout".to_owned(),
        through: [50, 25, 10, 0].map(|value| Json::parse(&value.to_string()).unwrap()).into(),
        hold_ms: 30_000,
        checks: true,
    };
    let ramped = |from: u32, found: &str| {
        let operations: Vec<_> = (from..4).map(|part| format!("part {part}")).collect();
        let operations: Vec<_> = operations.iter().map(String::as_str).collect();
        let work = change(found, &operations, None, &[]);
        let desired = ramp.desired(ramp.last()).unwrap();
        let mut planned = step((0, 0), "flag", "flags/ranker-v9", desired, work);
        planned.parts = (from..4).map(|part| PlannedPart { part, operations: 1 }).collect();
        if let Subject::Resource(target) = &mut planned.subject {
            target.ramp = Some(ramp.clone());
        }
        planned
    };
    let planned = |step| answer(vec![stage("contain", 0, vec![step], &[("writes", 12)], at_once())]);
    check(
        &planned(ramped(0, "on, 100 %")),
        expect![[r#"
        prod · standard-rollback · checkout-ranker → point rp-0412 (2 days old, marked good by ana)

          contain    risk 12   runs at once
            ~ flag   flags/ranker-v9   on, 100 % → 50 → 25 → 10 → 0, held 30s each   reversible

          Changed since the point  dataset by 4 commits · model promoted 02:07
          Risk of contain          12 = writes 12
          Guardrails               blast-radius allow · change-window allow (rollback lane)
          Not in this runbook      cart-upsell consumes this set
          Next                     belay run standard-rollback checkout-ranker --env prod --to latest-good --incident INC-4211
    "#]],
    );
    check(
        &planned(ramped(3, "on, 10 %")),
        expect![[r#"
        prod · standard-rollback · checkout-ranker → point rp-0412 (2 days old, marked good by ana)

          contain    risk 12   runs at once
            ~ flag   flags/ranker-v9   on, 10 % → 0   reversible

          Changed since the point  dataset by 4 commits · model promoted 02:07
          Risk of contain          12 = writes 12
          Guardrails               blast-radius allow · change-window allow (rollback lane)
          Not in this runbook      cart-upsell consumes this set
          Next                     belay run standard-rollback checkout-ranker --env prod --to latest-good --incident INC-4211
    "#]],
    );
}
