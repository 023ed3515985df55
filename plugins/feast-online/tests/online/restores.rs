//! What is stored, what was, and how it is brought back.

use belay_sdk::{Change, Loss, Pin, Reference, Reversibility, json};
use serde_json::{Value, json};

use crate::recorded::{answering, answers, at, locate, observe, plan, present, writes};

#[test]
fn values_are_text_and_what_is_missing_is_nothing_and_not_1970() {
    let good = observe(&at("good")).unwrap();
    assert_eq!(good.version, "v0, values of 2026-11-20T00:00:00Z");
    let content: Value = serde_json::from_str(&good.content).unwrap();
    let expected = r#"
        {
          "rows": [
            {
              "at": "2026-11-20T00:00:00Z",
              "entity": {
                "user_id": "1"
              },
              "values": {
                "clicks_7d": "10",
                "ctr": "0.125"
              }
            },
            {
              "at": "2026-11-20T00:00:00Z",
              "entity": {
                "user_id": "2"
              },
              "values": {
                "clicks_7d": "20",
                "ctr": "0.25"
              }
            },
            {
              "at": null,
              "entity": {
                "user_id": "9"
              },
              "values": {
                "clicks_7d": null,
                "ctr": null
              }
            }
          ],
          "version": 0
        }"#;
    assert_eq!(content, serde_json::from_str::<Value>(expected).unwrap());
    assert_eq!(observe(&at("released")).unwrap().version, "v1, no values");
}

#[test]
fn what_the_store_would_keep_is_cleared_first_and_each_write_yields_what_it_said() {
    let good = present(&at("good"));
    let change = plan(&at("pushed"), &good).unwrap();
    let [clear, materialise] = writes(&change).try_into().unwrap();
    assert_eq!((clear.0.as_str(), materialise.0.as_str()), ("online/clear", "online/materialise"));
    assert_eq!(clear.1, materialise.1);
    let until = answers("good")["online/read"]["now"].as_u64().unwrap();
    assert_eq!((clear.1["version"].as_u64(), clear.1["end"].as_u64()), (Some(0), Some(until)));
    assert_eq!(clear.1["start"].as_u64(), Some(until - 30 * 86_400_000));

    // The recorded sidecar did exactly these two.
    let content = |moment: &str| observe(&at(moment)).unwrap().content;
    assert!(json::same(&change.operations[0].yields, &content("cleared")), "{change:?}");
    assert!(json::same(&change.operations[1].yields, &content("materialised")), "{change:?}");
    assert_eq!(content("materialised"), good.state.content);

    let figures: Vec<_> = change.operations.iter().map(|done| (done.reversibility, done.touches)).collect();
    assert_eq!(figures, [(Reversibility::Recoverable, 2), (Reversibility::Recoverable, 3)]);
    assert_eq!(change.loss, Some(Loss { since: until, changes: 2, rows: Some(2) }));
    assert_eq!((change.factors, change.notes), (Vec::new(), Vec::new()));

    let change = plan(&at("cleared"), &good).unwrap();
    assert_eq!(writes(&change), [materialise], "nothing is in the way any more");
    assert_eq!(
        change.loss,
        Some(Loss { since: until, changes: 0, rows: Some(0) }),
        "a resumed run stays in its mandate"
    );
    assert_eq!(plan(&at("materialised"), &good).unwrap(), Change::nothing());
}

#[test]
fn values_of_entities_that_are_not_compared_are_put_right_too() {
    let mut answers = answers("good");
    answers["online/compare"]["standing"] = 5.into();
    let change = plan(&answering(&answers), &present(&at("good"))).unwrap();
    assert_eq!(change.operations.len(), 2);
    assert_eq!(change.operations[0].yields, observe(&at("good")).unwrap().content, "none of them is compared");
}

#[test]
fn a_view_at_another_version_is_planned_for_the_one_that_was_pinned() {
    let change = plan(&at("released"), &present(&at("good"))).unwrap();
    assert_eq!(writes(&change).len(), 1);
    assert_eq!(writes(&change)[0].1["version"], 0);
    assert_eq!(change.notes, ["`clicks` is at v1: it must be back at v0 first, and the sidecar refuses otherwise"]);
}

#[test]
fn a_batch_source_that_changed_elsewhere_raises_the_risk() {
    let mut answers = answers("pushed");
    answers["online/compare"]["sha256"] = "0".repeat(64).into();
    answers["online/compare"]["count"] = 4.into();
    let change = plan(&answering(&answers), &present(&at("good"))).unwrap();
    assert_eq!(
        change.factors[0].cause,
        "the batch source gives other values than when the point was captured (3 → 4 rows)"
    );
}

#[test]
fn a_state_that_was_only_seen_is_restored_until_its_latest_moment() {
    let mut seen = present(&at("good"));
    seen.proof = "null".to_owned();
    let change = plan(&at("pushed"), &seen).unwrap();
    assert_eq!(writes(&change)[0].1["end"], answers("good")["online/read"]["latest"]);
    assert_eq!(change.notes, ["only the configured entities were looked at when this state was seen"]);
}

#[test]
fn versions_and_moments_are_what_the_batch_source_gives() {
    let good = present(&at("good"));
    let version = locate(&at("pushed"), Reference::Version("v0".to_owned())).unwrap();
    assert_eq!(version.state.content, good.state.content);
    let moment = locate(&at("pushed"), Reference::At(1_795_200_000_000)).unwrap();
    assert_eq!(moment.state.content, good.state.content);
    let proof: Value = serde_json::from_str(&moment.proof).unwrap();
    assert_eq!((proof["until"].as_u64(), proof["count"].as_u64()), (Some(1_795_200_000_000), Some(3)));
}

#[test]
fn an_undo_to_no_values_clears_what_was_materialised_for_the_version() {
    let nothing = Pin::without_proof(observe(&at("released")).unwrap());
    // The view is at that version, whose values were materialised meanwhile.
    let mut answers = answers("good");
    for rows in ["online/read", "online/compare"] {
        answers[rows]["version"] = 1.into();
    }
    answers["online/compare"]["standing"] = 3.into();
    let change = plan(&answering(&answers), &nothing).unwrap();
    let [(path, asked)] = writes(&change).try_into().unwrap();
    assert_eq!((path.as_str(), asked), ("online/clear", json!({ "version": 1, "start": 0, "end": 0 })));
    assert!(json::same(&change.operations[0].yields, &nothing.state.content));
    let latest = answers["online/read"]["latest"].as_u64().unwrap();
    assert_eq!(change.loss, Some(Loss { since: latest, changes: 3, rows: Some(3) }));
    assert_eq!((change.operations[0].touches, change.notes.len()), (3, 2), "{change:?}");

    // The view is still elsewhere, and nothing is stored: what is left is that the view comes back.
    let mut elsewhere = self::answers("released");
    elsewhere["online/read"]["version"] = 0.into();
    elsewhere["online/compare"]["standing"] = 0.into();
    let change = plan(&answering(&elsewhere), &nothing).unwrap();
    assert_eq!((writes(&change).len(), change.operations[0].touches), (1, 0));
    assert_eq!(plan(&at("released"), &nothing).unwrap(), Change::nothing());
}
