//! Who held which role when, as far as the ledger was told: by each change of the governance.

use std::collections::BTreeMap;
use std::ops::Range;

use belay_domain::digest::Digest;
use belay_domain::id::Millis;
use belay_domain::json::Json;
use belay_ledger::{Entry, Filter, Ledger};
use serde_json::Value;

use crate::api::{Error, ReportRequest, RoleRow};
use crate::ledger;
use crate::standing::ACCEPTED;
use crate::workspace::Staff;

/// A person, a role, and the team that gives it.
type Held = (String, String, Option<String>);

/// Every role that somebody held in a part of the log.
pub(super) fn held(store: &Ledger, request: &ReportRequest, span: &Range<u64>) -> Result<Vec<RoleRow>, Error> {
    let kinds = vec![ACCEPTED.to_owned(), "configuration.changed".to_owned()];
    let filter = Filter { kinds, before: Some(span.end), ..Filter::default() };
    let entries = store.entries(&filter).map_err(|error| ledger::error(&error))?;
    let begins = store.entry(span.start).map_err(|error| ledger::error(&error))?.map_or(Millis(0), |entry| entry.at);
    let mut current: BTreeMap<Held, RoleRow> = BTreeMap::new();
    let mut past = Vec::new();
    for entry in &entries {
        let Some(staff) = staff(store, entry)? else { continue };
        let mut now = BTreeMap::new();
        for (person, role, team) in staff.people.everybody() {
            let held = (person.to_string(), role.to_string(), team.map(ToString::to_string));
            let row = current.remove(&held).unwrap_or_else(|| row(&held, entry));
            now.insert(held, row);
        }
        // What is left is held no longer.
        past.extend(
            std::mem::replace(&mut current, now).into_values().map(|row| RoleRow { to: Some(entry.at), ..row }),
        );
    }
    past.retain(|row| row.to.is_none_or(|to| to >= begins));
    past.extend(current.into_values());
    if let Some(team) = &request.team {
        past.retain(|row| row.team.as_ref().is_none_or(|of| of == team));
    }
    past.sort_by(|a, b| (&a.person, a.entry, &a.role, &a.team).cmp(&(&b.person, b.entry, &b.role, &b.team)));
    Ok(past)
}

fn row((person, role, team): &Held, entry: &Entry) -> RoleRow {
    RoleRow {
        person: person.clone(),
        role: role.clone(),
        team: team.clone(),
        from: entry.at,
        entry: entry.seq,
        to: None,
    }
}

/// The people of the governance that an entry tells of; `None` where it is about something else, or names nobody.
fn staff(store: &Ledger, entry: &Entry) -> Result<Option<Staff>, Error> {
    let text = |name: &str| entry.body.value().get(name).and_then(Value::as_str);
    let digest = match entry.kind.as_str() {
        ACCEPTED => text("governance"),
        _ if text("what") == Some("governance") => text("digest"),
        _ => None,
    };
    let Some(digest) = digest.and_then(|digest| digest.parse::<Digest>().ok()) else { return Ok(None) };
    let bytes = store.object(&digest).map_err(|error| ledger::error(&error))?;
    let staff = bytes.and_then(|bytes| Json::parse_bytes(&bytes).ok()?.value().get("staff").cloned());
    Ok(staff.and_then(|staff| Json::new(staff).ok()?.to().ok()))
}
