//! What an ordinary plugin call takes while others misbehave, as JSON lines.
//!
//! `cargo run --release -p belay-sandbox --example bench_bystanders`: one thread makes ordinary calls, at times alone
//! and at times beside a second thread whose guest does harm. On a machine with two cores each has one.
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made has nothing to say")]

#[path = "../tests/guests/mod.rs"]
mod guests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use belay_sandbox::{CanonicalText, Limits, Plugin, Sandbox};

const ROUNDS: usize = 20;
const CALLS: usize = 1_000;

/// What each hostile guest does until it is stopped.
const HARMS: [(&str, &str, &str); 4] = [
    ("endless loop", "", "(loop $on (br $on)) unreachable"),
    ("memory bomb", "", "(loop $on (drop (memory.grow (i32.const 16))) (br $on)) unreachable"),
    ("deep recursion", "(func $deep (result i32) (call $deep))", "(drop (call $deep)) unreachable"),
    (
        "a million log lines",
        "",
        "(loop $on (call $log (i32.const 0) (i32.const 64) (i32.const 5)) (br $on)) unreachable",
    ),
];

fn main() {
    // An endless loop is to end often enough to be begun again.
    let sandbox = Sandbox::new(Limits { compute_ms: 200, ..Limits::default() }).unwrap();
    let bystander = sandbox.load(&guests::allows(), None).unwrap();
    for (name, more, body) in HARMS {
        let hostile = sandbox.load(&guests::guardrail(more, body), None).unwrap();
        let (alone, beside) = interleaved(&bystander, &hostile);
        let times = |times: &[Duration]| (micros(quantile(times, 50)), micros(quantile(times, 99)));
        let ((alone_50, alone_99), (beside_50, beside_99)) = (times(&alone), times(&beside));
        println!(
            r#"{{"beside":"{name}","alone_p50_us":{alone_50:.1},"alone_p99_us":{alone_99:.1},"p50_us":{beside_50:.1},"p99_us":{beside_99:.1},"p50_ratio":{:.2}}}"#,
            beside_50 / alone_50
        );
    }
}

/// The times of ordinary calls, sorted: alone, and beside the hostile guest. They take turns.
fn interleaved(bystander: &Plugin, hostile: &Plugin) -> (Vec<Duration>, Vec<Duration>) {
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        served(bystander, &mut alone);
        let over = Arc::new(AtomicBool::new(false));
        let harm = std::thread::spawn({
            let (hostile, over) = (hostile.clone(), Arc::clone(&over));
            move || {
                while !over.load(Ordering::Relaxed) {
                    assert!(block_on(judge(&hostile)).is_err(), "it is stopped");
                }
            }
        });
        served(bystander, &mut beside);
        over.store(true, Ordering::Relaxed);
        harm.join().unwrap();
    }
    alone.sort_unstable();
    beside.sort_unstable();
    (alone, beside)
}

fn served(bystander: &Plugin, times: &mut Vec<Duration>) {
    block_on(async {
        for _ in 0..CALLS {
            let since = Instant::now();
            judge(bystander).await.unwrap();
            times.push(since.elapsed());
        }
    });
}

async fn judge(plugin: &Plugin) -> Result<(), belay_sandbox::CallError> {
    let empty = CanonicalText::parse("{}").unwrap();
    plugin.as_guardrail().unwrap().judge(&empty, &empty).await.result.map(drop)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
