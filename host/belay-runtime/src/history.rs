//! The history of points, and what belay last knew of each resource: read from the ledger, held nowhere else.

use std::collections::BTreeMap;

use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, FeatureSetName, Millis, PointId, ResourceAddress, RunId};
use belay_domain::json::Json;
use belay_domain::point::Point;
use belay_ledger::{Draft, Entry, Filter, Ledger, Object};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::{Error, Mark, PointSummary};
use crate::ledger::{self, Newest};
use crate::quarantine;
use crate::record::Cause;

const CAPTURED: &str = "point.captured";
const MARKED: &str = "point.marked";
const SEEN: &str = "resource.seen";
const CHANGED_OUTSIDE: &str = "resource.changed_outside";
/// How many sightings are looked through for what belay last knew.
const SIGHTINGS: usize = 2_000;

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
    let kinds = vec![CAPTURED.to_owned(), MARKED.to_owned()];
    let entries = ledger.entries(&Filter { kinds, ..Filter::default() }).map_err(|error| ledger::error(&error))?;
    for entry in entries {
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
    newest_point(ledger, None, |point, _| point.id == *id, |_| true)?
        .ok_or_else(|| Error::usage(format!("there is no rollback point `{id}`")).next("belay point list"))
}

/// The newest point of a set in an environment, whatever its mark.
pub(crate) fn latest(
    ledger: &Ledger,
    set: &FeatureSetName,
    environment: &EnvironmentName,
) -> Result<Option<PointSummary>, Error> {
    newest_point(ledger, Some(environment), |point, _| point.feature_set == *set, |_| true)
}

/// The newest point of a set in an environment that is marked good, whatever it holds.
pub(crate) fn newest_good(
    ledger: &Ledger,
    set: &FeatureSetName,
    environment: &EnvironmentName,
) -> Result<Option<PointSummary>, Error> {
    let fits = |point: &Captured, mark| point.feature_set == *set && mark == Some(Mark::Good);
    newest_point(ledger, Some(environment), fits, |_| true)
}

/// The newest point of a set in an environment that is marked good and holds nothing that is quarantined.
pub(crate) fn latest_good(
    ledger: &Ledger,
    set: &FeatureSetName,
    environment: &EnvironmentName,
) -> Result<PointSummary, Error> {
    let quarantine = quarantine::of(ledger, environment)?;
    let sound = |point: &Point| {
        let mut pins = point.pins.values();
        !pins.any(|pinned| quarantine.holds(&pinned.at, &pinned.pin.state.content_digest()).is_some())
    };
    let fits = |point: &Captured, mark| point.feature_set == *set && mark == Some(Mark::Good);
    if let Some(found) = newest_point(ledger, Some(environment), fits, sound)? {
        return Ok(found);
    }
    let but = newest_good(ledger, set, environment)?.map_or("", |_| " and holds nothing that is quarantined");
    Err(Error::usage(format!("`{set}` has no rollback point in `{environment}` that is marked good{but}"))
        .next(format!("belay point list {set} --env {environment}")))
}

/// The newest point that fits, with its last mark. Reads no further back than to it.
fn newest_point(
    ledger: &Ledger,
    environment: Option<&EnvironmentName>,
    fits: impl Fn(&Captured, Option<Mark>) -> bool,
    holds: impl Fn(&Point) -> bool,
) -> Result<Option<PointSummary>, Error> {
    let mut marks: BTreeMap<PointId, (Mark, String)> = BTreeMap::new();
    for entry in Newest::<Entry>::of(ledger, &[CAPTURED, MARKED], environment) {
        let entry = entry?;
        if entry.kind == MARKED {
            let marked: Marked = body(&entry)?;
            // The later mark came first, and it counts.
            marks.entry(marked.id).or_insert((marked.mark, entry.actor.name));
            continue;
        }
        let captured: Captured = body(&entry)?;
        let mark = marks.remove(&captured.id);
        if fits(&captured, mark.as_ref().map(|(mark, _)| *mark)) {
            let point = manifest(ledger, &captured.id, &captured.digest)?;
            if holds(&point) {
                return Ok(Some(PointSummary { id: captured.id, digest: captured.digest, point, mark }));
            }
        }
    }
    Ok(None)
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
    for entry in Newest::<Entry>::of(ledger, &[SEEN, CHANGED_OUTSIDE], Some(environment)).take(SIGHTINGS) {
        if found.len() == wanted.len() {
            break;
        }
        let entry = entry?;
        let sighting: Sighting = body(&entry)?;
        if wanted.contains(&&sighting.resource) {
            let from_outside = entry.kind == CHANGED_OUTSIDE;
            found.entry(sighting.resource.clone()).or_insert(Known { sighting, from_outside });
        }
    }
    Ok(found)
}

/// A sighting and its moment.
pub(crate) struct Sighted {
    pub(crate) at: Millis,
    pub(crate) sighting: Sighting,
    /// No run explains it.
    pub(crate) from_outside: bool,
}

/// Every sighting in an environment, the oldest first.
pub(crate) fn sightings(ledger: &Ledger, environment: &EnvironmentName) -> Result<Vec<Sighted>, Error> {
    let kinds = vec![SEEN.to_owned(), CHANGED_OUTSIDE.to_owned()];
    let filter = Filter { kinds, environment: Some(environment.clone()), ..Filter::default() };
    let entries = ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
    let sighted = |entry: &Entry| {
        Ok(Sighted { at: entry.at, sighting: body(entry)?, from_outside: entry.kind == CHANGED_OUTSIDE })
    };
    entries.iter().map(sighted).collect()
}

fn body<T: serde::de::DeserializeOwned>(entry: &Entry) -> Result<T, Error> {
    entry.body.to().map_err(|error| {
        Error::failed(format!("entry {} of the ledger can't be read: {error}", entry.seq)).next("belay audit verify")
    })
}
