//! The rules in force, as the ledger knows them. A change of them is an entry.

use belay_domain::digest::Digest;
use belay_ledger::{Draft, Filter, Object};

use crate::api::Error;
use crate::host::Host;
use crate::ledger;
use crate::planner::Ground;

const KIND: &str = "configuration.changed";

/// The drafts that tell the ledger of the rules, feature set and runbook in force, where it does not know them yet.
pub(crate) fn drafts(host: &Host, ground: &Ground) -> Result<Vec<Draft>, Error> {
    let environment = &ground.environment_name;
    let cant = |error: belay_domain::json::NotCanonical| Error::failed(error.to_string());
    let rules = crate::standing::in_force(host)?;
    let runbook = host.workspace.runbooks.get(&ground.runbook.name);
    let runbook = runbook.map(belay_domain::json::Json::from).transpose().map_err(cant)?;
    let set = belay_domain::json::Json::from(&ground.feature_set).map_err(cant)?;
    let mut drafts = Vec::new();
    for (what, json) in [("governance", Some(rules)), ("runbook", runbook), ("feature_set", Some(set))] {
        let Some(json) = json else { continue };
        let object = Object::new(json.canonical());
        let name = match what {
            "governance" => environment.to_string(),
            "runbook" => ground.runbook.name.to_string(),
            _ => ground.feature_set.name().to_string(),
        };
        let known = latest(host, ground, what, &name)?;
        if known == Some(*object.digest()) {
            continue;
        }
        let body = serde_json::json!({ "what": what, "name": name, "digest": object.digest(), "before": known });
        let mut draft = ground.cause.draft(KIND, body)?;
        draft.objects.push(object);
        drafts.push(draft);
    }
    Ok(drafts)
}

/// What the ledger last knew of it.
fn latest(host: &Host, ground: &Ground, what: &str, name: &str) -> Result<Option<Digest>, Error> {
    let filter = Filter {
        kinds: vec![KIND.to_owned()],
        environment: Some(ground.environment_name.clone()),
        newest_first: true,
        ..Filter::default()
    };
    let entries = host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
    let found = entries.iter().find(|entry| {
        let body = entry.body.value();
        body.get("what").is_some_and(|found| found == what) && body.get("name").is_some_and(|found| found == name)
    });
    Ok(found.and_then(|entry| entry.body.value().get("digest")?.as_str()?.parse().ok()))
}
