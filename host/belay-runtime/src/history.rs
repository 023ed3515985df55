//! The history of points, and what belay last knew of each resource: read from the ledger, held nowhere else.

use std::collections::BTreeMap;

use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, FeatureSetName, PointId, ResourceAddress, RunId};
use belay_domain::json::Json;
use belay_domain::point::Point;
use belay_ledger::{Draft, Entry, Filter, Ledger, Object};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::{Error, Mark, PointSummary};
use crate::ledger;
use crate::record::Cause;

const CAPTURED: &str = "point.captured";
const MARKED: &str = "point.marked";
const SEEN: &str = "resource.seen";
const CHANGED_OUTSIDE: &str = "resource.changed_outside";
/// How many sightings are looked through for what belay last knew.
const SIGHTINGS: u64 = 2_000;

#[derive(Serialize, Deserialize)]
struct Captured {
    id: PointId,
    digest: Digest,
    feature_set: FeatureSetName,
    message: String,
}

#[derive(Serialize, Deserialize)]
struct Marked {
    id: PointId,
    digest: Digest,
    mark: Mark,
}

/// What was known of a resource at some moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Sighting {
    pub(crate) resource: ResourceAddress,
    pub(crate) version: String,
    /// The content's digest, which names no content that can be guessed from it alone.
    pub(crate) content: Digest,
    /// Who last changed it, as far as belay knows: a run, or nobody here.
    pub(crate) run: Option<RunId>,
}

/// The drafts of a captured point.
pub(crate) fn captured(cause: &Cause, id: &PointId, point: &Point) -> Result<Draft, Error> {
    let manifest = Json::from(point).map_err(|error| Error::failed(format!("the point can't be recorded: {error}")))?;
    let object = Object::new(manifest.canonical());
    let body = Captured {
        id: id.clone(),
        digest: *object.digest(),
        feature_set: point.feature_set.clone(),
        message: point.message.clone(),
    };
    let mut draft = cause.draft(CAPTURED, json!(body))?;
    draft.objects.push(object);
    Ok(draft)
}

/// The draft of a mark.
pub(crate) fn marked(cause: &Cause, summary: &PointSummary, mark: Mark) -> Result<Draft, Error> {
    cause.draft(MARKED, json!(Marked { id: summary.id.clone(), digest: summary.digest, mark }))
}

/// The draft of a sighting.
pub(crate) fn seen(cause: &Cause, sighting: &Sighting) -> Result<Draft, Error> {
    cause.draft(SEEN, json!(sighting))
}

/// The draft of a resource that changed with no run to explain it.
pub(crate) fn changed_outside(cause: &Cause, before: &Sighting, now: &Sighting) -> Result<Draft, Error> {
    let mut body = json!(now);
    if let Some(body) = body.as_object_mut() {
        body.insert("before".to_owned(), json!(before));
    }
    cause.draft(CHANGED_OUTSIDE, body)
}

/// Every point, the oldest first.
pub(crate) fn points(ledger: &Ledger) -> Result<Vec<PointSummary>, Error> {
    let mut found: BTreeMap<PointId, PointSummary> = BTreeMap::new();
    let mut order = Vec::new();
    for entry in entries(ledger, &[CAPTURED, MARKED], None, false)? {
        if entry.kind == CAPTURED {
            let body: Captured = body(&entry)?;
            let point = manifest(ledger, &body.id, &body.digest)?;
            order.push(body.id.clone());
            found.insert(body.id.clone(), PointSummary { id: body.id, digest: body.digest, point, mark: None });
        } else {
            let body: Marked = body(&entry)?;
            if let Some(point) = found.get_mut(&body.id) {
                point.mark = Some((body.mark, entry.actor.name.clone()));
            }
        }
    }
    Ok(order.into_iter().filter_map(|id| found.remove(&id)).collect())
}

/// One point.
pub(crate) fn point(ledger: &Ledger, id: &PointId) -> Result<PointSummary, Error> {
    points(ledger)?
        .into_iter()
        .find(|point| point.id == *id)
        .ok_or_else(|| Error::usage(format!("there is no rollback point `{id}`")).next("belay point list"))
}

/// The newest point of a set in an environment that is marked good.
pub(crate) fn latest_good(
    ledger: &Ledger,
    set: &FeatureSetName,
    environment: &EnvironmentName,
) -> Result<PointSummary, Error> {
    let fits = |point: &PointSummary| {
        point.point.feature_set == *set
            && point.point.environment == *environment
            && matches!(point.mark, Some((Mark::Good, _)))
    };
    points(ledger)?.into_iter().rev().find(fits).ok_or_else(|| {
        Error::usage(format!("`{set}` has no rollback point in `{environment}` that is marked good"))
            .next(format!("belay point list {set} --env {environment}"))
    })
}

fn manifest(ledger: &Ledger, id: &PointId, digest: &Digest) -> Result<Point, Error> {
    let lost = |why: String| {
        Error::failed(format!("the manifest of `{id}` {why}")).changed("nothing was changed").next("belay audit verify")
    };
    let bytes = ledger.object(digest).map_err(|error| ledger::error(&error))?;
    let bytes = bytes.ok_or_else(|| lost("is missing from the ledger".to_owned()))?;
    if Digest::of(&bytes) != *digest {
        return Err(lost("is not the one that was captured".to_owned()));
    }
    Json::parse_bytes(&bytes).and_then(|json| json.to()).map_err(|error| lost(format!("can't be read: {error}")))
}

/// What belay last knew of a resource.
pub(crate) struct Known {
    pub(crate) sighting: Sighting,
    /// No run explains how it came to be so, and no point has captured it since.
    pub(crate) from_outside: bool,
}

/// What belay last knew of some resources in an environment.
pub(crate) fn last_known(
    ledger: &Ledger,
    environment: &EnvironmentName,
    wanted: &[&ResourceAddress],
) -> Result<BTreeMap<ResourceAddress, Known>, Error> {
    let mut found = BTreeMap::new();
    for entry in entries(ledger, &[SEEN, CHANGED_OUTSIDE], Some(environment), true)? {
        if found.len() == wanted.len() {
            break;
        }
        let sighting: Sighting = body(&entry)?;
        if wanted.contains(&&sighting.resource) {
            let from_outside = entry.kind == CHANGED_OUTSIDE;
            found.entry(sighting.resource.clone()).or_insert(Known { sighting, from_outside });
        }
    }
    Ok(found)
}

fn entries(
    ledger: &Ledger,
    kinds: &[&str],
    environment: Option<&EnvironmentName>,
    newest_first: bool,
) -> Result<Vec<Entry>, Error> {
    let filter = Filter {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        environment: environment.cloned(),
        newest_first,
        limit: newest_first.then_some(SIGHTINGS),
        ..Filter::default()
    };
    ledger.entries(&filter).map_err(|error| ledger::error(&error))
}

fn body<T: serde::de::DeserializeOwned>(entry: &Entry) -> Result<T, Error> {
    entry.body.to().map_err(|error| {
        Error::failed(format!("entry {} of the ledger can't be read: {error}", entry.seq)).next("belay audit verify")
    })
}
