//! Plugins that misbehave: each is stopped, told what it did, and leaves nothing behind.
#![allow(clippy::unwrap_used, reason = "tests")]

mod guests;

use std::time::Duration;

use belay_domain::id::Millis;
use belay_domain::json::Json;
use belay_domain::state::{Context, Resource};
use belay_domain::verdict::Verdict;
use belay_sandbox::{Access, CallError, CanonicalText, Deadline, Limit, Limits, Sandbox, Status};

/// How `judge` of this guardrail ends under these limits.
async fn judged(component: &[u8], limits: Limits) -> CallError {
    let plugin = Sandbox::new(limits).unwrap().load(component, None).unwrap();
    let empty = CanonicalText::parse("{}").unwrap();
    let call = plugin.as_guardrail().unwrap().judge(&empty, &empty).await;
    let error = call.result.unwrap_err();
    assert_eq!(call.record.summary.status, error.status());
    assert!(call.record.output.starts_with(b"{\"error\":"));
    error
}

#[tokio::test]
async fn whoever_wants_too_much_is_stopped_and_told_which() {
    let few = Limits { fuel: 3_000_000, ..Limits::default() };
    let grows = "(loop $on (drop (memory.grow (i32.const 16))) (br $on)) unreachable";
    let tables = "(loop $on (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $on)) unreachable";
    let notes = "(local $at i32) (drop (memory.grow (i32.const 16)))
        (local.set $at (i32.const 65536))
        (loop $on
            (i32.store (local.get $at) (i32.const 900000))
            (i32.store offset=4 (local.get $at) (i32.const 65536))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $on (i32.lt_u (local.get $at) (i32.const 865536))))
        (i32.store (i32.const 152) (i32.const 65536))
        (i32.store (i32.const 156) (i32.const 100000))
        (i32.const 128)";
    let logs = "(loop $on (call $log (i32.const 0) (i32.const 64) (i32.const 5)) (br $on)) unreachable";
    let cases = [
        ("endless", guests::guardrail("", "(loop $on (br $on)) unreachable"), CallError::OutOfFuel),
        ("memory", guests::guardrail("", grows), CallError::OverLimit(Limit::Memory)),
        ("table", guests::guardrail("(table $t 1 funcref)", tables), CallError::OverLimit(Limit::Table)),
        ("answer", guests::guardrail("", notes), CallError::OverLimit(Limit::Output)),
        ("calls", guests::guardrail("", logs), CallError::OverLimit(Limit::HostCalls)),
        (
            "stack",
            guests::guardrail("(func $deep (result i32) (call $deep))", "(drop (call $deep)) unreachable"),
            CallError::Trap("wasm trap: call stack exhausted".to_owned()),
        ),
        (
            "crash",
            guests::guardrail("", "unreachable"),
            CallError::Trap("wasm trap: wasm `unreachable` instruction executed".to_owned()),
        ),
    ];
    for (name, component, expected) in cases {
        assert_eq!(judged(&component, few).await, expected, "{name}");
    }
}

#[tokio::test]
async fn the_clock_ends_what_fuel_does_not() {
    let limits = Limits { fuel: u64::MAX, compute_ms: 20, ..Limits::default() };
    let endless = guests::guardrail("", "(loop $on (br $on)) unreachable");
    assert_eq!(judged(&endless, limits).await, CallError::TimedOut(Deadline::Computing));
}

/// Computes for some 300 ms of processor time, then allows.
fn busy() -> Vec<u8> {
    let code = "(local $n i32)
        (loop $on
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $on (i32.lt_u (local.get $n) (i32.const 600000000))))
        (i32.const 128)";
    guests::guardrail("", code)
}

#[tokio::test]
async fn who_gets_no_processor_has_not_computed() {
    let limits = Limits { compute_ms: 2_000, ..Limits::default() };
    let plugin = Sandbox::new(limits).unwrap().load(&busy(), None).unwrap();
    let empty = CanonicalText::parse("{}").unwrap();
    let guardrail = plugin.as_guardrail().unwrap();
    let mut call = std::pin::pin!(guardrail.judge(&empty, &empty));
    // One thread for both: at each tick the guest lets others go on, and at the first of them this other one keeps the
    // thread for longer than the guest may compute.
    let mut passes = 0;
    let call = loop {
        let starves = passes == 1;
        tokio::select! {
            biased;
            () = async {
                if starves {
                    std::thread::sleep(Duration::from_millis(2_100));
                }
                tokio::task::yield_now().await
            } => passes += 1,
            call = &mut call => break call,
        }
    };
    assert_eq!(call.result.unwrap().verdict, Verdict::Allow);
    assert!(passes > 1, "it was never kept waiting");
}

#[tokio::test]
async fn who_never_gets_the_processor_is_ended_all_the_same() {
    let limits = Limits { fuel: u64::MAX, total_ms: 300, ..Limits::default() };
    let endless = guests::guardrail("", "(loop $on (br $on)) unreachable");
    assert_eq!(judged(&endless, limits).await, CallError::TimedOut(Deadline::InAll));
}

#[tokio::test]
async fn a_verdict_out_of_thin_air_is_nonsense() {
    // Verdict 7 of 3; a reason that is not UTF-8; approvals of nobody; a reason beyond the memory's end.
    let verdict = |code: &str| format!("{code} (i32.const 128)");
    for (code, why) in [
        ("(i32.store8 (i32.const 132) (i32.const 7))", "discriminant"),
        (
            "(i32.store8 (i32.const 132) (i32.const 1)) (i32.store (i32.const 136) (i32.const 200))
            (i32.store (i32.const 140) (i32.const 1)) (i32.store (i32.const 200) (i32.const 300))
            (i32.store (i32.const 204) (i32.const 1)) (i32.store8 (i32.const 300) (i32.const 255))",
            "utf-8",
        ),
        ("(i32.store8 (i32.const 132) (i32.const 2))", "for none"),
        (
            "(i32.store8 (i32.const 132) (i32.const 1)) (i32.store (i32.const 136) (i32.const 65532))
            (i32.store (i32.const 140) (i32.const 9))",
            "out of bounds",
        ),
    ] {
        let CallError::Nonsense(reason) = judged(&guests::guardrail("", &verdict(code)), Limits::default()).await
        else {
            unreachable!("{why}");
        };
        assert!(reason.contains(why), "{why}: {reason}");
    }
}

#[tokio::test]
async fn json_without_a_single_form_is_nonsense() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let of = Resource { connection: "dir".parse().unwrap(), id: "x".to_owned(), config: Json::NULL };
    for (content, why) in [
        (r#"{"b":1, "a":2}"#, None),
        ("{", Some("EOF")),
        ("", Some("EOF")),
        (r#"{"a":1,"a":2}"#, Some("`a` is there twice")),
        ("0.5", Some("float")),
        ("9007199254740993", Some("2⁵³")),
        (r#""\ud800""#, Some("hex escape")),
    ] {
        let plugin = sandbox.load(&guests::observes(content), None).unwrap();
        let call = plugin.as_reverter().unwrap().observe(&Access::none(), &of).await;
        match (call.result, why) {
            (Ok(state), None) => {
                assert_eq!((state.version.as_str(), state.content.canonical().as_str()), ("v8", r#"{"a":2,"b":1}"#));
            }
            (Err(CallError::Nonsense(reason)), Some(why)) => {
                assert!(reason.starts_with("the state's content: ") && reason.contains(why), "{content}: {reason}");
            }
            (result, _) => unreachable!("{content}: {result:?}"),
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_not_granted_is_not_asked() {
    let plugin = Sandbox::new(Limits::default()).unwrap().load(&guests::reads(1), None).unwrap();
    let config = Json::parse(r#""pail/key""#).unwrap();
    let moment = Context { now: Millis(0), key: "k".to_owned() };
    let call = plugin.as_probe().unwrap().measure(&Access::none(), &moment, &config, None).await;
    let error = call.result.unwrap_err().to_string();
    assert_eq!(error, "unavailable: this call may not use the connection `pail`; granted: none");
    assert_eq!(call.record.reads.len(), 1);
}

#[tokio::test]
async fn nothing_is_left_of_an_earlier_call() {
    // Denies from the second call on the same instance, by a global and by memory.
    let component = guests::guardrail(
        "(global $calls (mut i32) (i32.const 0))",
        "(i32.store8 (i32.const 132) (i32.or (global.get $calls) (i32.load (i32.const 3000))))
        (global.set $calls (i32.const 1)) (i32.store (i32.const 3000) (i32.const 1)) (i32.const 128)",
    );
    let plugin = Sandbox::new(Limits::default()).unwrap().load(&component, None).unwrap();
    let empty = CanonicalText::parse("{}").unwrap();
    let mut fuel = Vec::new();
    for _ in 0..200 {
        let call = plugin.as_guardrail().unwrap().judge(&empty, &empty).await;
        assert_eq!(call.result.unwrap().verdict, Verdict::Allow);
        assert_eq!(call.record.summary.status, Status::Answered);
        fuel.push(call.record.summary.fuel_used);
    }
    fuel.dedup();
    assert!(fuel.len() == 1 && fuel != [0], "{fuel:?}");
}
