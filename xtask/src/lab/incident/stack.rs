//! The stack that the incident harms: what release pipelines do to each system, and what each serves. Asks the systems
//! themselves, never belay.

mod told;

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use belay_tests::lab::http1::{Answer, Request};
use belay_tests::lab::program;
use belay_tests::lab::table::Table;
use belay_tests::lab::unleash::{Flag, gradual};
use serde_json::{Value, json};

use super::super::state::State;

/// How long until something that was written is served, or an alert fires.
const PATIENCE: Duration = Duration::from_secs(30);
/// The alert that calls the responder.
const RULE: &str =
    "groups: [{ name: shop, rules: [{ alert: ShopServesNonsense, expr: shop_error_ratio > 0.02, for: 1s }] }]\n";
const REGISTRY: &str = "/api/2.0/mlflow";

/// What something serves, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Served {
    pub(crate) what: &'static str,
    pub(crate) found: String,
}

/// The systems of a lab, and this incident's names in them: each incident of a lab has names of its own.
pub(crate) struct Stack<'lab> {
    lab: &'lab State,
    number: usize,
}

impl<'lab> Stack<'lab> {
    /// The next incident's names. All systems must be known.
    pub(crate) fn of(lab: &'lab State) -> Result<Self, String> {
        let stack = Self { lab, number: 0 };
        let played = stack.folder("shop")?.join("incidents");
        let number = fs::read_to_string(&played).ok().and_then(|text| text.parse().ok()).unwrap_or(0) + 1;
        fs::write(&played, usize::to_string(&number)).map_err(|error| format!("{}: {error}", played.display()))?;
        for name in ["unleash", "mlflow", "redis", "feast", "feast/sidecar", "prometheus", "alertmanager"] {
            stack.address(name)?;
        }
        Ok(Self { lab, number })
    }

    /// Where a system listens, or a part of it: `feast/sidecar`.
    pub(crate) fn address(&self, system: &str) -> Result<SocketAddr, String> {
        let found = match system.split_once('/') {
            None => self.lab.systems.get(system).map(|system| system.address),
            Some((whole, part)) => self.lab.systems.get(whole).and_then(|system| system.also.get(part)).copied(),
        };
        found.ok_or_else(|| format!("the lab that is up has no `{system}`\nhelp: cargo xtask lab down, then up"))
    }

    fn folder(&self, system: &str) -> Result<PathBuf, String> {
        let found = self.lab.systems.get(system).map(|system| system.folder.clone());
        found.ok_or_else(|| format!("the lab that is up has no `{system}`\nhelp: cargo xtask lab down, then up"))
    }

    /// A name of this incident: the first has it as it is.
    pub(crate) fn named(&self, name: &str) -> String {
        if self.number == 1 { name.to_owned() } else { format!("{name}_{}", self.number) }
    }

    /// Version 8, live in all systems.
    pub(crate) fn release_good(&self) -> Result<(), String> {
        let flag = Flag::new_on(self.address("unleash")?, &self.named("ranker-v9"));
        flag.add(&gradual(flag.name(), 100));
        Table::create(&self.table()?);
        self.pipeline(json!({ "do": "release_good" }))?;
        self.register_models()?;
        self.promote("1")?;
        self.redis(&["SET", &self.generation(), "8"])?;
        self.redis(&["SET", &format!("{}:8:1", self.named("scores")), "0.7"])?;
        self.open_shop()?;
        self.until("the good features are not served", |stack| Ok(stack.clicks()? == json!([10, 20])))
    }

    /// Version 9, in the order in which a release gone wrong does it.
    pub(crate) fn release_bad(&self) -> Result<(), String> {
        let wrong = json!({ "do": "push", "user_id": [1, 9], "ctr": [9.5, 9.5], "clicks_7d": [-1, -1] });
        self.pipeline(wrong)?;
        self.pipeline(json!({ "do": "release_bad" }))?;
        Table::at(&self.table()?).overwrite();
        self.promote("2")?;
        self.redis(&["SET", &self.generation(), "9"])?;
        self.redis(&["SET", &format!("{}:9:1", self.named("scores")), "-1"])?;
        Flag::on_server(self.address("unleash")?, &self.named("ranker-v9")).on();
        Ok(())
    }

    /// Waits until Prometheus has told Alertmanager.
    pub(crate) fn await_alert(&self) -> Result<(), String> {
        self.until("Alertmanager has no alert", |stack| {
            let alerts = get(stack.address("alertmanager")?, "/api/v2/alerts?active=true")?;
            let mut alerts = alerts.as_array().into_iter().flatten();
            Ok(alerts.any(|alert| alert["labels"]["alertname"] == "ShopServesNonsense"))
        })
    }

    /// Waits until Prometheus has measured the harm.
    pub(crate) fn await_breach(&self) -> Result<(), String> {
        self.until("Prometheus has measured no breach", |stack| {
            let found = get(stack.address("prometheus")?, "/api/v1/query?query=shop_error_ratio%20%3E%200.02")?;
            Ok(found["data"]["result"].as_array().is_some_and(|series| !series.is_empty()))
        })
    }

    /// Waits until all of this is served: Unleash answers each question from a cache of its own for a moment.
    pub(crate) fn await_served(&self, good: &[Served]) -> Result<(), String> {
        self.until(&format!("not all of this is served: {good:?}"), |stack| Ok(stack.served()? == good))
    }

    /// What each system serves now.
    pub(crate) fn served(&self) -> Result<Vec<Served>, String> {
        let flag = Flag::on_server(self.address("unleash")?, &self.named("ranker-v9"));
        let rows = Table::at(&self.table()?).read().rows;
        let view = self.pipeline(json!({ "do": "state" }))?;
        let alias = format!("{REGISTRY}/registered-models/alias?name={}&alias=champion", self.named("checkout-ranker"));
        let model = get(self.address("mlflow")?, &alias)?["model_version"]["version"].clone();
        let served = |what, found: String| Served { what, found };
        Ok(vec![
            served("flag, to clients", flag.served_now()),
            served("rows of the click table", rows.len().to_string()),
            served("feature view's version", format!("v{}", view["version"])),
            served("clicks_7d of users 1 and 2", self.clicks()?.to_string()),
            served("champion model", model.as_str().unwrap_or("none").to_owned()),
            served("cache's generation", self.redis(&["GET", &self.generation()])?),
        ])
    }

    fn table(&self) -> Result<PathBuf, String> {
        Ok(self.folder("lake")?.join(self.named("shop_clicks")))
    }

    fn generation(&self) -> String {
        format!("{}:generation", self.named("scores"))
    }

    /// Tells the shop what to serve, and Prometheus when to call.
    fn open_shop(&self) -> Result<(), String> {
        let shop = json!({
            "flags": format!("http://{}", self.address("unleash")?), "client_token": self.secret("unleash", "client_token"),
            "flag": self.named("ranker-v9"),
            "features": format!("http://{}", self.address("feast")?),
            "service": format!("{}_all", self.named("clicks")),
        });
        let write = |path: PathBuf, text: String| {
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
        };
        write(self.folder("shop")?.join("shop.json"), shop.to_string())?;
        write(self.folder("prometheus")?.join("rules/shop.yml"), RULE.to_owned())?;
        post(self.address("prometheus")?, "/-/reload", &Value::Null).map(|_| ())
    }

    /// The value that models are given for two customers.
    fn clicks(&self) -> Result<Value, String> {
        let asked = json!({
            "feature_service": format!("{}_all", self.named("clicks")), "entities": { "user_id": [1, 2] },
        });
        let found = post(self.address("feast")?, "/get-online-features", &asked)?;
        let mut names = found["metadata"]["feature_names"].as_array().into_iter().flatten();
        let place = names.position(|name| name == "clicks_7d");
        Ok(place.map_or(Value::Null, |place| found["results"][place]["values"].clone()))
    }

    fn pipeline(&self, mut act: Value) -> Result<Value, String> {
        act["view"] = self.named("clicks").into();
        Ok(post(self.address("feast/pipelines")?, "/", &act)?["done"].take())
    }

    fn register_models(&self) -> Result<(), String> {
        let (mlflow, name) = (self.address("mlflow")?, self.named("checkout-ranker"));
        post(mlflow, &format!("{REGISTRY}/registered-models/create"), &json!({ "name": name }))?;
        for weights in ["8", "9"] {
            let run = json!({ "experiment_id": "0", "run_name": format!("{name} {weights}") });
            let run = post(mlflow, &format!("{REGISTRY}/runs/create"), &run)?["run"]["info"].take();
            let root = run["artifact_uri"].as_str().unwrap_or_default().to_owned();
            let folder = root.trim_start_matches("mlflow-artifacts:/");
            let file = format!("/api/2.0/mlflow-artifacts/artifacts/{folder}/model/weights");
            send(mlflow, &Request::new("PUT", &file, weights.as_bytes()))?;
            let version = json!({ "name": name, "source": format!("{root}/model"), "run_id": run["run_id"] });
            post(mlflow, &format!("{REGISTRY}/model-versions/create"), &version)?;
        }
        Ok(())
    }

    fn promote(&self, version: &str) -> Result<(), String> {
        let alias = json!({ "name": self.named("checkout-ranker"), "alias": "champion", "version": version });
        post(self.address("mlflow")?, &format!("{REGISTRY}/registered-models/alias"), &alias).map(|_| ())
    }

    fn redis(&self, words: &[&str]) -> Result<String, String> {
        let port = self.address("redis")?.port().to_string();
        let asked = Command::new(program("redis-cli")).args(["-p", &port]).args(words).output();
        let said = asked.map_err(|error| format!("redis-cli: {error}"))?;
        if !said.status.success() {
            return Err(format!("redis-cli {}: {}", words.join(" "), String::from_utf8_lossy(&said.stderr)));
        }
        Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
    }

    fn until(&self, otherwise: &str, holds: impl Fn(&Self) -> Result<bool, String>) -> Result<(), String> {
        let began = Instant::now();
        loop {
            let found = holds(self);
            if found == Ok(true) {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return found.and(Err(otherwise.to_owned()));
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn get(at: SocketAddr, path: &str) -> Result<Value, String> {
    send(at, &Request::new("GET", path, b""))
}

fn post(at: SocketAddr, path: &str, body: &Value) -> Result<Value, String> {
    send(at, &Request::json("POST", path, body))
}

/// The answer's JSON; `null` where it has none.
fn send(at: SocketAddr, request: &Request) -> Result<Value, String> {
    let what = format!("{} http://{at}{}", request.method, request.target);
    let bytes = request.send(at).map_err(|error| format!("{what}: {error}"))?;
    let answer = Answer::parse(&bytes).ok_or_else(|| format!("{what}: no answer"))?;
    if !(200..300).contains(&answer.status) {
        return Err(format!("{what}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)));
    }
    Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
}
