//! What a guarded call costs beside the same call on bare wasmtime, as JSON lines.
//!
//! `cargo run --release -p belay-sandbox --example bench_calls [guardrail.wasm]`: with the same pool, fuel, epochs and
//! limits, interleaved, and how many guarded calls two threads make. Without a file it takes a guest written by hand.
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made has nothing to say")]

#[path = "../tests/guests/mod.rs"]
mod guests;

use std::time::{Duration, Instant};

use belay_sandbox::{CanonicalText, Limits, Plugin, Sandbox};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder};

mod bare {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "belay:plugin/guardrail",
        imports: { default: trappable },
        exports: { default: async },
    });
}

const ROUNDS: usize = 40;
const CALLS: usize = 1_000;

struct Host(StoreLimits);

impl bare::belay::plugin::types::Host for Host {}

impl bare::belay::plugin::log::Host for Host {
    fn write(&mut self, _: bare::belay::plugin::log::Level, _: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

struct Bare {
    engine: Engine,
    plugin: bare::GuardrailPre<Host>,
}

impl Bare {
    fn new(component: &[u8]) -> Self {
        let engine = Engine::new(&belay_sandbox::settings()).unwrap();
        let mut linker = Linker::new(&engine);
        bare::Guardrail::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host).unwrap();
        let component = Component::new(&engine, component).unwrap();
        let plugin = bare::GuardrailPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        Self { engine, plugin }
    }

    async fn judge(&self, facts: &String, config: &String) {
        let limits = StoreLimitsBuilder::new().memory_size(128 << 20).table_elements(10_000).build();
        let mut store = Store::new(&self.engine, Host(limits));
        store.limiter(|host| &mut host.0);
        store.set_fuel(20_000_000_000).unwrap();
        store.set_epoch_deadline(500);
        let plugin = self.plugin.instantiate_async(&mut store).await.unwrap();
        plugin.belay_plugin_judging().call_judge(&mut store, facts, config).await.unwrap().unwrap();
    }
}

/// Some 1 KB in the shape that guardrails are given.
fn facts() -> CanonicalText {
    let operations: Vec<_> = (0..10)
        .map(|step| format!(r#"{{"step":{step},"resource":"registry/ranker@champion","reversibility":"reversible"}}"#))
        .collect();
    let operations = operations.join(",");
    CanonicalText::parse(&format!(
        r#"{{"schema":1,"feature_set":{{"name":"ranker","consumers":[{{"name":"search","tier":"critical"}}]}},
        "stage":{{"resources":["dataset","model","flag"],"operations":[{operations}],"risk":41}}}}"#
    ))
    .unwrap()
}

fn main() {
    let component = std::env::args().nth(1).map_or_else(guests::allows, |path| std::fs::read(path).unwrap());
    let plugin = Sandbox::new(Limits::default()).unwrap().load(&component, None).unwrap();
    let bare = Bare::new(&component);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let (bare, guarded) = runtime.block_on(interleaved(&bare, &plugin));
    for (what, times) in [("bare", &bare), ("guarded", &guarded)] {
        let (p50, p99) = (quantile(times, 50), quantile(times, 99));
        println!(r#"{{"what":"{what}","p50_us":{:.2},"p99_us":{:.2}}}"#, micros(p50), micros(p99));
    }
    println!(r#"{{"what":"guarded/bare","p50":{:.2}}}"#, micros(quantile(&guarded, 50)) / micros(quantile(&bare, 50)));
    let rate = runtime.block_on(throughput(&plugin, 2, Duration::from_secs(2)));
    println!(r#"{{"what":"guarded, two threads","calls_per_s":{rate:.0}}}"#);
}

/// The time of each call, sorted: bare ones, guarded ones. They take turns, so that both see the same machine.
async fn interleaved(bare: &Bare, plugin: &Plugin) -> (Vec<Duration>, Vec<Duration>) {
    let (facts, config) = (facts(), CanonicalText::parse("{}").unwrap());
    let (facts_text, config_text) = (facts.as_str().to_owned(), config.as_str().to_owned());
    let guardrail = plugin.as_guardrail().unwrap();
    let (mut bare_times, mut guarded_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for _ in 0..CALLS {
            let since = Instant::now();
            bare.judge(&facts_text, &config_text).await;
            bare_times.push(since.elapsed());
        }
        for _ in 0..CALLS {
            let since = Instant::now();
            guardrail.judge(&facts, &config).await.result.unwrap();
            guarded_times.push(since.elapsed());
        }
    }
    bare_times.sort_unstable();
    guarded_times.sort_unstable();
    (bare_times, guarded_times)
}

/// Guarded calls a second of so many tasks, each on a thread of its own.
async fn throughput(plugin: &Plugin, tasks: usize, length: Duration) -> f64 {
    let since = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let plugin = plugin.clone();
            tokio::spawn(async move {
                let (facts, config) = (facts(), CanonicalText::parse("{}").unwrap());
                let mut calls = 0_u32;
                while since.elapsed() < length {
                    plugin.as_guardrail().unwrap().judge(&facts, &config).await.result.unwrap();
                    calls += 1;
                }
                calls
            })
        })
        .collect();
    let mut calls = 0_u32;
    for task in running {
        calls += task.await.unwrap();
    }
    f64::from(calls) / since.elapsed().as_secs_f64()
}

fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
