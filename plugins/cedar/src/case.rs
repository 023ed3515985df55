//! The question that is put to the policies: who, what, of which feature set, in which case. Its shape is
//! `belay.cedarschema`.

use std::collections::BTreeSet;

use belay_sdk::Fault;
use cedar_policy::{Context, Entities, EntityId, EntityTypeName, EntityUid, Request, Schema};
use serde_json::{Map, Value, json};

use crate::facts::{Destination, Facts, FeatureSet, Loss, Purpose, Stage, Work};

const HOUR_MS: i64 = 3_600_000;

/// The question, and all that is known of people, teams and feature sets.
pub(crate) fn put(facts: &Facts, entities: Vec<Value>, schema: &Schema) -> Result<(Request, Entities), Fault> {
    let unfit = |error: &dyn std::fmt::Display| Fault::Invalid(format!("the case does not fit the schema: {error}"));
    let principal = uid("Person", &facts.requester)?;
    let action = uid(
        "Action",
        match facts.purpose {
            Purpose::Rollback => "rollback",
            Purpose::Undo => "undo",
        },
    )?;
    let resource = uid("FeatureSet", &facts.feature_set.name)?;
    let context = Context::from_json_value(context(facts), Some((schema, &action))).map_err(|error| unfit(&error))?;
    let known = known(facts, entities)?;
    let known = Entities::from_json_value(known.into(), Some(schema))
        .map_err(|error| Fault::Invalid(format!("the entities: {}", with_causes(&error))))?;
    let request = Request::new(principal, action, resource, context, Some(schema)).map_err(|error| unfit(&error))?;
    Ok((request, known))
}

/// Cedar says only with its causes which entity is wrong.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"))
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Fault> {
    let kind: EntityTypeName =
        format!("Belay::{kind}").parse().map_err(|error| Fault::Invalid(format!("Belay::{kind}: {error}")))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

/// The configured entities, and those that the case is about. What is configured of a feature set would contradict the
/// catalog, or say it again.
fn known(facts: &Facts, mut entities: Vec<Value>) -> Result<Vec<Value>, Fault> {
    if entities.iter().any(|entity| is(entity, "FeatureSet", None)) {
        return Err(Fault::Invalid("the entities: feature sets come from the catalog".to_owned()));
    }
    let owner = &facts.feature_set.owner;
    for (kind, id) in [("Person", &facts.requester), ("Team", owner)] {
        if !entities.iter().any(|entity| is(entity, kind, Some(id))) {
            entities.push(json!({"uid": named(kind, id), "attrs": {}, "parents": []}));
        }
    }
    let set = named("FeatureSet", &facts.feature_set.name);
    entities.push(json!({"uid": set, "attrs": feature_set(&facts.feature_set), "parents": [named("Team", owner)]}));
    Ok(entities)
}

fn named(kind: &str, id: &str) -> Value {
    json!({"type": format!("Belay::{kind}"), "id": id})
}

fn is(entity: &Value, kind: &str, id: Option<&str>) -> bool {
    let uid = entity.get("uid");
    // Cedar takes both forms.
    let uid = uid.and_then(|uid| uid.get("__entity")).or(uid);
    let has = |key: &str, wanted: &str| uid.and_then(|uid| uid.get(key)).is_some_and(|found| found == wanted);
    has("type", &format!("Belay::{kind}")) && id.is_none_or(|id| has("id", id))
}

fn feature_set(set: &FeatureSet) -> Value {
    let names: BTreeSet<&str> = set.consumers.iter().map(|consumer| consumer.name.as_str()).collect();
    let highest = set.consumers.iter().map(|consumer| consumer.tier).max();
    json!({
        "owner": named("Team", &set.owner),
        "tier": set.tier,
        "tier_rank": set.tier as i64,
        "resources": set.resources,
        "consumers": names,
        "consumers_rank": highest.map_or(-1, |tier| tier as i64),
    })
}

fn context(facts: &Facts) -> Value {
    let left = facts.lineage.downstream.iter().filter(|below| !below.restored).map(|below| below.resource.as_str());
    let mut context = json!({
        "environment": facts.environment,
        "mode": facts.mode,
        "runbook": facts.runbook.name,
        "now": facts.now,
        "destination": destination(facts),
        "stages": facts.stages,
        "stage": stage(&facts.stage),
        "skipped": facts.skipped,
        "left_downstream": left.collect::<BTreeSet<_>>(),
    });
    add(&mut context, "incident", facts.incident.as_deref().map(Value::from));
    context
}

fn destination(facts: &Facts) -> Value {
    let (kind, id, age_ms) = match &facts.destination {
        Destination::Point { id, age_ms } => ("point", Some(id), Some(*age_ms)),
        Destination::Before { at } => ("before", None, Some(facts.now.ms.saturating_sub(*at))),
        Destination::Versions {} => ("versions", None, None),
        Destination::UndoPoint { run } => ("undo_point", Some(run), None),
    };
    let mut told = json!({"kind": kind});
    add(&mut told, "id", id.map(|id| Value::from(id.as_str())));
    // Whole hours, up: what is a minute too old for a bound in hours is too old.
    add(&mut told, "age_hours", age_ms.map(|age| Value::from(age.saturating_add(HOUR_MS - 1).div_euclid(HOUR_MS))));
    told
}

fn stage(stage: &Stage) -> Value {
    let losses = || {
        stage.steps.iter().filter_map(|step| if let Work::Change { loss } = &step.work { loss.as_ref() } else { None })
    };
    let sum = |of: fn(&Loss) -> i64| losses().map(of).fold(0, i64::saturating_add);
    let count = |fits: fn(&Work) -> bool| stage.steps.iter().filter(|step| fits(&step.work)).count();
    let connections: BTreeSet<&str> = stage.operations.iter().map(|write| write.connection.as_str()).collect();
    let plugins: BTreeSet<&str> = stage.operations.iter().map(|write| write.plugin.as_str()).collect();
    let mut told = json!({
        "index": stage.index,
        "name": stage.name,
        "risk": stage.risk,
        "worst_rank": stage.worst.map_or(-1, |worst| worst as i64),
        "touches": stage.touches,
        "writes": stage.operations.len(),
        "resources": stage.resources,
        "connections": connections,
        "plugins": plugins,
        "rows_set_aside": sum(|loss| loss.rows.unwrap_or(0)),
        "changes_set_aside": sum(|loss| loss.changes),
        "manual": count(|work| matches!(work, Work::Manual {})),
        "blind": count(|work| matches!(work, Work::Blind {})),
    });
    add(&mut told, "worst", stage.worst.map(|worst| json!(worst)));
    told
}

/// Cedar has no null: what isn't there is left out.
fn add(to: &mut Value, key: &str, value: Option<Value>) {
    let members: Option<&mut Map<String, Value>> = to.as_object_mut();
    if let (Some(members), Some(value)) = (members, value) {
        members.insert(key.to_owned(), value);
    }
}
