//! What an Unleash server answers. Tells "it isn't there" from "that was no answer of Unleash's".

use belay_sdk::{Fault, Reads, Resource, json};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Config;
use crate::event::Event;
use crate::flag::Flag;
use crate::strategy::{Placed, Strategy};

/// RFC 3986: all but unreserved characters.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How far back an event is looked for.
pub(crate) const FURTHEST: u32 = 1_000;

/// A flag's place on a server behind a connection.
pub(crate) struct Server<'a> {
    pub(crate) reads: &'a dyn Reads,
    pub(crate) connection: &'a str,
    pub(crate) flag: &'a str,
    pub(crate) config: &'a Config,
}

#[derive(Deserialize)]
struct FeatureAnswer {
    environments: Vec<EnvironmentAnswer>,
}

#[derive(Deserialize)]
struct EnvironmentAnswer {
    name: String,
    enabled: bool,
    strategies: Vec<Found>,
}

/// A strategy as Unleash writes it, in answers and in events.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    pub(crate) id: String,
    name: String,
    title: Option<String>,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    parameters: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    constraints: Vec<serde_json::Value>,
    #[serde(default)]
    pub(crate) segments: Vec<u64>,
    variants: Option<Vec<serde_json::Value>>,
    sort_order: Option<i64>,
}

#[derive(Deserialize)]
struct EventsAnswer {
    events: Vec<Event>,
}

/// Unleash's own words for why it has no answer.
#[derive(Deserialize)]
struct Refusal {
    name: String,
    message: String,
}

impl From<Found> for Placed {
    fn from(found: Found) -> Self {
        let mut segments = found.segments;
        segments.sort_unstable();
        let strategy = Strategy {
            name: found.name,
            title: found.title,
            disabled: found.disabled,
            parameters: found.parameters,
            constraints: found.constraints,
            segments,
            variants: found.variants.unwrap_or_default(),
        };
        Self { id: Some(found.id), place: found.sort_order.unwrap_or_default(), strategy }
    }
}

impl<'a> Server<'a> {
    /// The server of a resource.
    pub(crate) fn of(reads: &'a dyn Reads, resource: &'a Resource<Config>) -> Self {
        Self { reads, connection: &resource.connection, flag: &resource.id, config: &resource.config }
    }

    /// Below it lies the flag; further parts are appended.
    pub(crate) fn feature(&self) -> String {
        format!("/api/admin/projects/{}/features/{}", encoded(&self.config.project), encoded(self.flag))
    }

    /// Below it lies the flag in its environment.
    pub(crate) fn environment(&self) -> String {
        format!("{}/environments/{}", self.feature(), encoded(&self.config.environment))
    }

    /// The flag; nothing where it is archived, deleted or of another project.
    pub(crate) fn read(&self) -> Result<Option<Flag>, Fault> {
        // The environment's own path answers for an archived flag as if it were there, without strategies.
        let Some(answer) = self.get::<FeatureAnswer>(&self.feature())? else { return Ok(None) };
        let known: Vec<String> = answer.environments.iter().map(|environment| environment.name.clone()).collect();
        let mut environments = answer.environments.into_iter();
        match environments.find(|environment| environment.name == self.config.environment) {
            Some(found) => Ok(Some(Flag::new(found.enabled, found.strategies.into_iter().map(Placed::from).collect()))),
            None => Err(Fault::Missing(format!(
                "the flag `{}` has no environment `{}`; it has {}",
                self.flag,
                self.config.environment,
                known.join(", ")
            ))),
        }
    }

    /// The flag's latest events in its environment, the latest first, at most `limit`.
    pub(crate) fn events(&self, limit: u32) -> Result<Vec<Event>, Fault> {
        let (flag, environment) = (encoded(self.flag), encoded(&self.config.environment));
        let path = format!("/api/admin/search/events?feature=IS%3A{flag}&environment=IS%3A{environment}&limit={limit}");
        Ok(self.get::<EventsAnswer>(&path)?.map_or_else(Vec::new, |answer| answer.events))
    }

    /// The flag's latest event of those that change what clients are served.
    pub(crate) fn last_served(&self) -> Result<Option<u64>, Fault> {
        let last = |events: &[Event]| events.iter().find(|event| event.is_served()).map(|event| event.id);
        let latest = self.events(1)?;
        match last(&latest) {
            None if !latest.is_empty() => Ok(last(&self.events(FURTHEST)?)),
            found => Ok(found),
        }
    }

    /// Whether a segment exists.
    pub(crate) fn has_segment(&self, id: u64) -> Result<bool, Fault> {
        #[derive(Deserialize)]
        struct Segment {
            id: u64,
        }
        let found = self.get::<Segment>(&format!("/api/admin/segments/{id}"))?;
        Ok(found.is_some_and(|segment| segment.id == id))
    }

    /// What a `GET` answers; nothing where Unleash says that it isn't there.
    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Fault> {
        let answer = self.reads.get(self.connection, path)?;
        let what = format!("GET {path} at {}: {}", self.connection, answer.status);
        match answer.status {
            200 => json::answered(&answer.body, &what).map(Some),
            404 => match json::answered::<Refusal>(&answer.body, &what)? {
                refusal if refusal.name == "NotFoundError" => Ok(None),
                refusal => Err(Fault::Unexpected(format!("{what}: {}: {}", refusal.name, refusal.message))),
            },
            status => Err(refused(&what, status)),
        }
    }
}

/// A read that a server did not grant.
pub(crate) fn refused(what: &str, status: u16) -> Fault {
    match status {
        401 | 403 => Fault::Unavailable(format!("{what}: the token is wrong, or not for this")),
        408 | 429 | 500.. => Fault::Unavailable(what.to_owned()),
        _ => Fault::Unexpected(what.to_owned()),
    }
}

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}
