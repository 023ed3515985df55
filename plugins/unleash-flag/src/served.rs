//! The flag as clients get it. What was written is served a moment later, and by whom a token speaks for.
//!
//! Unleash looks once a second which event was the last, its *revision*, and until then answers SDKs as before: it keeps
//! each of their answers by query and revision, and tells them that nothing has changed. A question for one flag is another
//! query, of which nothing may be kept, so its answer can be ahead of theirs. What they get follows from the revision, which
//! every answer names. So one small question tells what theirs would, however many flags there are.

use belay_sdk::{Fault, json};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::flag::Content;
use crate::server::{Server, encoded, refused};

#[derive(Deserialize)]
struct Answer {
    features: Vec<Feature>,
    query: Query,
    #[serde(default)]
    meta: Meta,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Meta {
    /// The last event of which clients know. Servers before Unleash 5 name none, and one that doesn't look has 0.
    revision_id: Option<u64>,
}

#[derive(Deserialize)]
struct Query {
    environment: Option<String>,
}

#[derive(Deserialize)]
struct Feature {
    name: String,
    enabled: bool,
    #[serde(default)]
    strategies: Vec<Served>,
}

/// A strategy without its segments: their constraints stand among its own.
#[derive(Deserialize)]
struct Served {
    name: String,
    #[serde(default)]
    parameters: Map<String, Value>,
    #[serde(default)]
    constraints: Vec<Value>,
    #[serde(default)]
    variants: Vec<Value>,
}

/// That clients get the flag as it is. Anything else is a fault: the host asks again for as long as `settle` says.
pub(crate) fn check(server: &Server, expected: &Content) -> Result<(), Fault> {
    let Some(connection) = server.config.served_by.as_deref() else { return Ok(()) };
    let path = format!("/api/client/features?namePrefix={}", encoded(server.flag));
    let answer = server.reads.get(connection, &path)?;
    let what = format!("GET {path} at {connection}: {}", answer.status);
    if answer.status != 200 {
        return Err(refused(&what, answer.status));
    }
    let answer: Answer = json::answered(&answer.body, &what)?;
    let (environment, served) = (&server.config.environment, answer.query.environment);
    if served.as_ref().is_some_and(|served| served != environment) {
        let served = served.unwrap_or_default();
        return Err(Fault::Invalid(format!(
            "clients behind {connection} are served environment `{served}`, not `{environment}`"
        )));
    }
    let Some(feature) = answer.features.into_iter().find(|feature| feature.name == server.flag) else {
        return Err(Fault::Unavailable(format!(
            "clients behind {connection} are not served the flag `{}`",
            server.flag
        )));
    };
    if let Some(difference) = difference(&feature, expected) {
        return Err(Fault::Unavailable(format!("clients behind {connection} are still served the flag {difference}")));
    }
    let known = answer.meta.revision_id.filter(|revision| *revision > 0);
    match (known, server.last_served()?) {
        (Some(known), Some(last)) if known < last => Err(Fault::Unavailable(format!(
            "clients behind {connection} are served what was there at event {known}, and event {last} changed the flag"
        ))),
        (Some(_) | None, _) => Ok(()),
    }
}

fn difference(served: &Feature, expected: &Content) -> Option<String> {
    match (served.enabled, expected.enabled) {
        (false, false) => None,
        (true, false) => Some("on".to_owned()),
        (false, true) => Some("off".to_owned()),
        (true, true) => {
            let expected: Vec<_> = expected.used().collect();
            let same = served.strategies.len() == expected.len()
                && served.strategies.iter().zip(&expected).all(|(served, expected)| {
                    served.name == expected.name
                        && served.parameters == expected.parameters
                        && served.variants == expected.variants
                        && expected.constraints.iter().all(|constraint| served.constraints.contains(constraint))
                        && (!expected.segments.is_empty() || served.constraints.len() == expected.constraints.len())
                });
            (!same).then(|| "with other strategies".to_owned())
        }
    }
}
