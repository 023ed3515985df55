//! What a run can't be opened with, and that a journal begins with its opening.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod fixture;

use belay_domain::id::Millis;
use belay_engine::{Event, Rejected, Run, RunSpec};

fn spec() -> RunSpec {
    fixture::spec(vec![("contain", vec![fixture::restore("flag", &[], 0)])])
}

/// Why a specification is refused once it was changed like this.
fn refused(change: fn(&mut RunSpec)) -> String {
    let mut spec = spec();
    change(&mut spec);
    Run::open(fixture::opened(spec)).unwrap_err().to_string()
}

#[test]
fn a_specification_whose_parts_do_not_fit_is_refused() {
    assert_eq!(refused(|spec| spec.stages.clear()), "the run can't be opened: the run has no stages");
    assert_eq!(refused(|spec| spec.attempts = 0), "the run can't be opened: a run needs at least one attempt");
    let twice = refused(|spec| {
        let mut twin = spec.stages[0].steps[0].clone();
        twin.id = fixture::step_id(0, 1);
        spec.stages[0].steps.push(twin);
    });
    assert_eq!(twice, "the run can't be opened: two steps are about `flag`");
    assert!(refused(|spec| spec.stages[0].steps[0].id = fixture::step_id(3, 0)).contains("says that it is"));
}

#[test]
fn a_journal_begins_with_its_opening_and_holds_one() {
    assert_eq!(Run::fold([]).unwrap_err(), Rejected::Opening);
    assert_eq!(Run::fold([Event::Locked { stage: 0, at: Millis(0) }]).unwrap_err(), Rejected::Opening);
    let (mut run, _) = Run::open(fixture::opened(spec())).unwrap();
    assert_eq!(run.apply(fixture::opened(spec())), Err(Rejected::Opening));
}

#[test]
fn an_events_kind_is_the_one_in_its_text() {
    let barriers = [
        Event::AbortAsked { by: "bo".into(), reason: String::new(), at: Millis(0) },
        Event::Resumed { epoch: belay_domain::id::Epoch(2), by: "bo".into(), at: Millis(0) },
        fixture::opened(spec()),
    ];
    for event in barriers {
        let text = serde_json::to_value(&event).unwrap();
        assert_eq!(text["kind"], event.kind());
        assert!(event.is_barrier());
    }
}
