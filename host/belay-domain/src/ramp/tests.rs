//! Which parts are behind a content, and how a path becomes one change.

use super::*;
use crate::sample::json;

fn ramp(through: &[&str]) -> Ramp {
    let through = through.iter().map(|value| json(value)).collect();
    Ramp { attribute: "rollout".to_owned(), through, hold_ms: 30_000, checks: true }
}

fn passed(through: &[&str], content: &str) -> u32 {
    ramp(through).passed(&json(content))
}

#[test]
fn what_is_there_or_behind_is_passed() {
    let down = ["50", "25", "10", "0"];
    for (found, parts) in [(100, 0), (51, 0), (50, 1), (30, 1), (25, 2), (1, 3), (0, 4), (-1, 3)] {
        assert_eq!(passed(&down, &format!(r#"{{"rollout":{found},"enabled":true}}"#)), parts, "{found}");
    }
    assert_eq!(ramp(&down).start(&json(r#"{"rollout":100}"#), 0), 0);
    assert_eq!(ramp(&down).start(&json(r#"{"rollout":100}"#), 2), 2);
    assert_eq!(ramp(&down).start(&json(r#"{"rollout":0}"#), 1), 3);
    let up = ["10", "50", "50", "100"];
    for (found, parts) in [(0, 0), (10, 1), (49, 1), (50, 3), (100, 4), (101, 3)] {
        assert_eq!(passed(&up, &format!(r#"{{"rollout":{found}}}"#)), parts, "{found}");
    }
}

#[test]
fn without_a_direction_only_what_is_there_is_passed() {
    assert_eq!(passed(&["50", "10", "20"], r#"{"rollout":30}"#), 0);
    assert_eq!(passed(&["50", "10", "20"], r#"{"rollout":10}"#), 2);
    assert_eq!(passed(&[r#""blue""#, r#""green""#], r#"{"rollout":"blue"}"#), 1);
    assert_eq!(passed(&["0"], r#"{"rollout":-5}"#), 0);
    assert_eq!(passed(&["0"], r#"{"rollout":0}"#), 1);
    for content in ["null", "{}", r#"{"rollout":null}"#, r#"{"rollout":"0"}"#] {
        assert_eq!(passed(&["50", "0"], content), 0, "{content}");
    }
}

#[test]
fn a_part_wants_its_value() {
    let ramp = ramp(&["50", "0"]);
    assert_eq!(ramp.desired(1), Some(Desired::Attributes(json(r#"{"rollout":0}"#))));
    assert_eq!(ramp.desired(2), None);
    assert_eq!(ramp.path_from(1), [Desired::Attributes(json(r#"{"rollout":0}"#))]);
    assert_eq!((ramp.count(), ramp.last()), (2, 1));
}

#[test]
fn a_path_becomes_one_change_and_its_parts_stay_known() {
    let part = |operations: usize, score, rows| Change {
        operations: vec![crate::sample::turn_off(); operations],
        factors: vec![RiskFactor { cause: "sticky".to_owned(), score }],
        loss: Some(Loss { rows, ..crate::sample::loss() }),
        notes: vec!["callers without a key get the default".to_owned()],
    };
    let (whole, parts) = joined(1, vec![part(1, 3, Some(10)), part(0, 9, Some(5)), part(2, 4, Some(1))]);
    assert_eq!(whole.operations.len(), 3);
    assert_eq!(whole.factors, [RiskFactor { cause: "sticky".to_owned(), score: 9 }]);
    assert_eq!(whole.notes.len(), 1);
    assert_eq!(whole.loss, Some(Loss { changes: 12, rows: Some(16), ..crate::sample::loss() }));
    let mut plan = crate::sample::contain().steps.remove(0);
    plan.parts = parts;
    assert_eq!(plan.parts().collect::<Vec<_>>(), [(1, 0..1), (2, 1..1), (3, 1..3)]);
    assert_eq!(plan.part_of(2), Some((3, 1..3)));
    assert_eq!(plan.part_of(3), None);
    let (whole, _) = joined(0, vec![part(1, 0, Some(1)), part(1, 0, None)]);
    assert_eq!(whole.loss.unwrap().rows, None, "what can't be told of a part can't be told of all");
}
