//! What the plugin makes of configurations and of recorded answers, without a server.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

mod mistakes;
mod paths;
mod presets;
mod record;

use belay_sdk::{Context, Desired, Fault, Operation, Pin, Resource, Reverter, State, Write, fake};
use http_resource::{Attributes, HttpResource};
use serde_json::{Value, json};

/// A resource of this configuration, in TOML.
fn resource(id: &str, config: &str) -> Resource<http_resource::Config> {
    Resource { connection: "api".to_owned(), id: id.to_owned(), config: toml::from_str(config).unwrap() }
}

fn moment() -> Context {
    Context { now: 0, key: "r-7/1.0".to_owned() }
}

fn observe(reads: &fake::Reads, of: &Resource<http_resource::Config>) -> State {
    HttpResource::observe(reads, of).unwrap()
}

fn set(attributes: &Value) -> Desired<Attributes> {
    Desired::Attributes(serde_json::from_value(attributes.clone()).unwrap())
}

fn pinned(state: &State) -> Desired<Attributes> {
    Desired::Pinned(Pin::without_proof(state.clone()))
}

/// The operations to one wanted state.
fn operations(
    reads: &fake::Reads,
    of: &Resource<http_resource::Config>,
    desired: Desired<Attributes>,
) -> Result<Vec<Operation>, Fault> {
    let observed = observe(reads, of);
    let [change] = HttpResource::plan(reads, &moment(), of, observed, vec![desired])?.try_into().unwrap();
    Ok(change.operations)
}

/// `PATCH /x if-match="7" {"a":1}`, as it would be sent; headers that every write has are left out.
fn shown(operation: &Operation) -> String {
    let Write::Http(write) = &operation.write else { panic!("no HTTP write") };
    let headers = write.headers.iter().filter(|(_, value)| value != "application/json");
    let headers: String = headers.map(|(name, value)| format!(" {name}={value}")).collect();
    format!("{} {}{headers} {}", write.method, write.path, String::from_utf8(write.body.clone()).unwrap())
}

fn content(state: &State) -> Value {
    serde_json::from_str(&state.content).unwrap_or(json!("no JSON"))
}
