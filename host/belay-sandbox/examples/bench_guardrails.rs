//! What it costs to judge, as JSON lines. Each figure stands beside its baseline from the same run; what is compared
//! takes turns, so that all see the same machine.
//!
//! `cargo xtask bench guardrails` builds the guests and runs this. It prints
//! - a plan of 50 operations by 10 guardrails, from facts to verdicts, without the ledger;
//! - the label check of a JSON request: natively, as a guardrail, and as the same component in a fresh instance of an
//!   engine with epochs as other policy hosts set it up: memory on demand, no pool, no fuel;
//! - `rego`: the same policy by `regorus` natively, read anew each time as a fresh instance must, and prepared once;
//! - `cedar`: a call, and of that what is there before a policy is read.
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made has nothing to say")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use belay_domain::json::Json;
use belay_sandbox::{CanonicalText, Limits, Plugin, Sandbox};
use futures_util::future::join_all;
use serde_json::{Value, json};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Store};

mod bare {
    wasmtime::component::bindgen!({ path: "../../wit", world: "belay:plugin/guardrail", exports: { default: async } });
}

const ROUNDS: usize = 20;
const FACTS: &str = include_str!("../../../wit/facts.example.json");
const REGO: &str = include_str!("../../../plugins/rego/fixtures/freeze.rego");
const CEDAR: &str = include_str!("../../../plugins/cedar/fixtures/team.cedar");
const CALENDAR: &str = include_str!("../../../plugins/change-window/fixtures/company.ics");

struct Nothing;

impl bare::belay::plugin::types::Host for Nothing {}

impl bare::belay::plugin::log::Host for Nothing {
    fn write(&mut self, _: bare::belay::plugin::log::Level, _: String) {}
}

/// A component in an engine as policy hosts commonly have it.
struct Common {
    engine: Engine,
    plugin: bare::GuardrailPre<Nothing>,
}

impl Common {
    fn new(component: &[u8]) -> Self {
        let mut config = Config::new();
        config.epoch_interruption(true);
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::new(&engine);
        bare::Guardrail::add_to_linker::<_, HasSelf<_>>(&mut linker, |nothing| nothing).unwrap();
        let component = Component::new(&engine, component).unwrap();
        let plugin = bare::GuardrailPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        Self { engine, plugin }
    }

    async fn judge(&self, facts: &String, config: &String) {
        let mut store = Store::new(&self.engine, Nothing);
        store.set_epoch_deadline(500);
        let plugin = self.plugin.instantiate_async(&mut store).await.unwrap();
        plugin.belay_plugin_judging().call_judge(&mut store, facts, config).await.unwrap().unwrap();
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    runtime.block_on(async {
        plan(&sandbox).await;
        labels(&sandbox).await;
        rego(&sandbox).await;
        cedar(&sandbox).await;
    });
}

/// A guest as `cargo xtask guests` leaves it: one that belay ships, or one for tests.
fn component(name: &str) -> Vec<u8> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let found = ["plugins", "hostile"]
        .iter()
        .find_map(|folder| std::fs::read(target.join(folder).join(format!("{name}.wasm"))).ok());
    found.unwrap()
}

fn load(sandbox: &Sandbox, name: &str) -> Plugin {
    sandbox.load(&component(name), None).unwrap()
}

fn text(value: &Value) -> CanonicalText {
    CanonicalText::parse(&value.to_string()).unwrap()
}

async fn judge(plugin: &Plugin, facts: &CanonicalText, config: &CanonicalText) {
    plugin.as_guardrail().unwrap().judge(facts, config).await.result.unwrap();
}

/// The contract's example with 50 operations in place of its two.
fn plan_of_50() -> Json {
    let mut facts: Value = serde_json::from_str(FACTS).unwrap();
    let operation = facts["stage"]["operations"][1].clone();
    let operations = (0..50).map(|index| {
        let mut operation = operation.clone();
        operation["index"] = json!(index);
        operation["summary"] = json!(format!("alias champion-{index}: 9 → 8"));
        operation
    });
    facts["stage"]["operations"] = operations.collect();
    Json::new(facts).unwrap()
}

async fn plan(sandbox: &Sandbox) {
    let freeze =
        json!({"from": "2026-12-18T18:00", "until": "2027-01-04T08:00", "time_zone": "Europe/Berlin", "reason": "x"});
    let weekends = json!({"from": "2026-12-04T18:00", "until": "2026-12-07T06:00", "time_zone": "Europe/Berlin",
        "reason": "weekends", "repeats": "FREQ=WEEKLY;BYDAY=FR"});
    let calendar = json!([{"file": "company.ics", "text": CALENDAR}]);
    let line = json!({"owners": ["ranking"], "runbooks": ["standard-*"]});
    let pair = json!({"resource": "model", "recorded": {"input": "clicks"}, "of": "dataset"});
    let mut asked = Vec::new();
    for (name, config) in [
        ("blast_radius", json!({"max_consumers": 20, "max_operations": 100})),
        ("blast_radius", json!({"max_resources": 5})),
        ("change_window", json!({"freezes": [freeze]})),
        ("change_window", json!({"freezes": [weekends], "rollbacks": "allow"})),
        ("change_window", json!({"calendars": calendar, "time_zone": "Europe/Berlin", "rollbacks": "allow"})),
        ("point_age", json!({"oldest": {"critical": "7d"}})),
        ("scope", json!({"allow": [line]})),
        ("scope", json!({"allow": [{"environments": ["prod"]}]})),
        ("tag_match", json!({"pairs": [pair], "unknown": "note"})),
        ("tag_match", json!({"pairs": []})),
    ] {
        asked.push((load(sandbox, name), text(&config)));
    }
    let facts = plan_of_50();
    let (mut all, mut each) = (Vec::new(), vec![Vec::new(); asked.len()]);
    for _ in 0..ROUNDS * 25 {
        let since = Instant::now();
        let told = CanonicalText::from(&facts);
        join_all(asked.iter().map(|(plugin, config)| judge(plugin, &told, config))).await;
        all.push(since.elapsed());
        for ((plugin, config), times) in asked.iter().zip(&mut each) {
            let since = Instant::now();
            judge(plugin, &told, config).await;
            times.push(since.elapsed());
        }
    }
    print("a plan of 50 operations by 10 guardrails", &mut all);
    let slowest = each
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            quantile(times, 50)
        })
        .max()
        .unwrap();
    println!(r#"{{"what":"the slowest of the ten by itself","p50_us":{:.1}}}"#, micros(slowest));
}

async fn labels(sandbox: &Sandbox) {
    let request = text(&json!({
        "uid": "1299d386-525b-4032-98ae-1949f69f9cfc", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "operation": "CREATE", "userInfo": {"username": "admin", "groups": ["system:masters", "system:authenticated"]},
        "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "nginx", "namespace": "default",
            "labels": {"owner": "ranking", "cost-center": "42", "app": "nginx", "tier": "web"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx:1.25", "ports": [{"containerPort": 80}]}]}},
    }));
    let config = text(&json!({"mandatory": ["owner", "cost-center"], "denied": ["debug"]}));
    let plugin = load(sandbox, "labels");
    let common = Common::new(&component("labels"));
    let (request_text, config_text) = (request.as_str().to_owned(), config.as_str().to_owned());
    let (mut native, mut guarded, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for _ in 0..500 {
            native.push(timed(|| drop(black_box(labels::check(&request_text, &config_text).unwrap()))));
        }
        for _ in 0..500 {
            let since = Instant::now();
            judge(&plugin, &request, &config).await;
            guarded.push(since.elapsed());
        }
        for _ in 0..500 {
            let since = Instant::now();
            common.judge(&request_text, &config_text).await;
            others.push(since.elapsed());
        }
    }
    let native = print("labels, native Rust", &mut native);
    let guarded = print("labels, a guardrail", &mut guarded);
    let others = print("labels, a fresh instance as policy hosts have it", &mut others);
    println!(r#"{{"what":"labels, guardrail/native","p50":{:.1}}}"#, guarded / native);
    println!(r#"{{"what":"labels, as policy hosts have it/guardrail","p50":{:.1}}}"#, others / guarded);
    let rate = throughput(&plugin, &request, &config).await;
    println!(
        r#"{{"what":"labels, a guardrail on two threads","calls_per_s":{rate:.0},"against_12000":{:.1}}}"#,
        rate / 12_000.0
    );
}

/// Decisions a second on two threads.
async fn throughput(plugin: &Plugin, facts: &CanonicalText, config: &CanonicalText) -> f64 {
    let since = Instant::now();
    let running: Vec<_> = (0..2)
        .map(|_| {
            let (plugin, facts, config) = (plugin.clone(), facts.clone(), config.clone());
            tokio::spawn(async move {
                let mut calls = 0_u32;
                while since.elapsed() < Duration::from_secs(2) {
                    judge(&plugin, &facts, &config).await;
                    calls += 1;
                }
                calls
            })
        })
        .collect();
    let calls = join_all(running).await.into_iter().map(Result::unwrap).sum::<u32>();
    f64::from(calls) / since.elapsed().as_secs_f64()
}

async fn rego(sandbox: &Sandbox) {
    let owners = json!({"owners": {"ranking": "#ranking-incidents"}});
    let config = text(&json!({"policies": [{"file": "freeze.rego", "text": REGO}], "data": owners}));
    let facts = text(&serde_json::from_str(FACTS).unwrap());
    let plugin = load(sandbox, "rego");
    let prepared = engine(&owners);
    let (mut anew, mut once, mut guarded) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for _ in 0..20 {
            anew.push(timed(|| eval(engine(&owners), &facts)));
            once.push(timed(|| eval(prepared.clone(), &facts)));
            let since = Instant::now();
            judge(&plugin, &facts, &config).await;
            guarded.push(since.elapsed());
        }
    }
    let anew = print("rego, regorus natively, read anew", &mut anew);
    let once = print("rego, regorus natively, prepared", &mut once);
    let guarded = print("rego, the guardrail", &mut guarded);
    println!(
        r#"{{"what":"rego, guardrail/native","read_anew":{:.1},"prepared":{:.1}}}"#,
        guarded / anew,
        guarded / once
    );
}

fn engine(data: &Value) -> regorus::Engine {
    let mut engine = regorus::Engine::new();
    engine.add_policy("freeze.rego".to_owned(), REGO.to_owned()).unwrap();
    engine.add_data_json(&data.to_string()).unwrap();
    engine
}

fn eval(mut engine: regorus::Engine, facts: &CanonicalText) {
    engine.set_input_json(facts.as_str()).unwrap();
    for rule in ["data.belay.deny", "data.belay.warn"] {
        black_box(engine.eval_rule(rule.to_owned()).unwrap());
    }
}

async fn cedar(sandbox: &Sandbox) {
    let facts = text(&serde_json::from_str(FACTS).unwrap());
    let with = |policies: &str| text(&json!({"policies": [{"file": "team.cedar", "text": policies}]}));
    let (whole, least) = (with(CEDAR), with("permit (principal, action, resource);"));
    let plugin = load(sandbox, "cedar");
    let (mut calls, mut setups, mut described) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS * 10 {
        let since = Instant::now();
        judge(&plugin, &facts, &whole).await;
        calls.push(since.elapsed());
        let since = Instant::now();
        judge(&plugin, &facts, &least).await;
        setups.push(since.elapsed());
        let since = Instant::now();
        plugin.describe().await.result.unwrap();
        described.push(since.elapsed());
    }
    print("cedar, four policies", &mut calls);
    print("cedar, the least policy: what is set up for any", &mut setups);
    print("cedar, a fresh instance that says what it is", &mut described);
}

fn timed(act: impl FnOnce()) -> Duration {
    let since = Instant::now();
    act();
    since.elapsed()
}

/// Prints the middle and the slow end; gives the middle, in microseconds.
fn print(what: &str, times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    let (p50, p99) = (micros(quantile(times, 50)), micros(quantile(times, 99)));
    println!(r#"{{"what":"{what}","p50_us":{p50:.1},"p99_us":{p99:.1}}}"#);
    p50
}

fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
