//! The governance in force, held against the files at hand; and who asks, held against what they may. Decides whether
//! work begins at all, never what it does.

use std::collections::BTreeSet;

use belay_domain::digest::Digest;
use belay_domain::governance::{self, Change, InForce};
use belay_domain::id::Millis;
use belay_domain::json::{Json, NotCanonical};
use belay_domain::people::{PersonName, Touched};
use belay_ledger::{Condition, Entry, Filter};
use serde_json::Value;

use crate::api::{Error, Requester};
use crate::host::Host;
use crate::ledger;
use crate::planner::Ground;
use crate::prepare;
use crate::resolve;
use crate::workspace::{Staff, Workspace};

/// The kind of the entries that put a governance in force.
pub(crate) const ACCEPTED: &str = "governance.accepted";
/// How many differences a refusal names.
const NAMED: usize = 6;

/// A governance that was accepted.
pub(crate) struct Accepted {
    pub(crate) in_force: InForce,
    pub(crate) document: Json,
    pub(crate) at: Millis,
    pub(crate) entry: Entry,
}

impl Accepted {
    /// Who may do what by it.
    pub(crate) fn staff(&self) -> Result<Option<Staff>, Error> {
        let staff = self.document.value().get("staff").cloned().unwrap_or(Value::Null);
        Json::new(staff).and_then(|staff| staff.to()).map_err(|error| unreadable(self.in_force.entry, &error))
    }
}

fn unreadable(entry: u64, error: &NotCanonical) -> Error {
    Error::failed(format!("the governance of entry {entry} can't be read: {error}")).next("belay audit verify")
}

/// The governance that was accepted last; none before the first acceptance.
pub(crate) fn accepted(host: &Host) -> Result<Option<Accepted>, Error> {
    let filter = Filter { kinds: vec![ACCEPTED.to_owned()], newest_first: true, limit: Some(1), ..Filter::default() };
    let entries = host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
    let Some(entry) = entries.into_iter().next() else { return Ok(None) };
    let cant = |why: &str| {
        Error::failed(format!("entry {}, which accepted the governance: {why}", entry.seq)).next("belay audit verify")
    };
    let digest = entry.body.value().get("governance").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let digest: Digest = digest.ok_or_else(|| cant("it names none"))?;
    let bytes = host.ledger.object(&digest).map_err(|error| ledger::error(&error))?;
    let bytes = bytes.ok_or_else(|| cant("what it accepted is gone"))?;
    let document = Json::parse_bytes(&bytes).map_err(|error| unreadable(entry.seq, &error))?;
    Ok(Some(Accepted { in_force: InForce { digest, entry: entry.seq }, document, at: entry.at, entry }))
}

/// The governance as the files have it.
pub(crate) fn of_files(host: &Host) -> Result<Json, Error> {
    host.workspace.governance().map_err(|error| Error::failed(format!("the governance has no digest: {error}")))
}

/// The governance that a run is made under: the accepted one, which the files must hold; before the first acceptance,
/// that of the files.
///
/// # Errors
/// Refused where the files differ from what was accepted, with the differences.
pub(crate) fn in_force(host: &Host) -> Result<Json, Error> {
    governance_of(host, &host.workspace)
}

/// The same for a workspace that was read at another moment.
pub(crate) fn governance_of(host: &Host, workspace: &Workspace) -> Result<Json, Error> {
    let files = workspace.governance();
    let files = files.map_err(|error| Error::failed(format!("the governance has no digest: {error}")))?;
    let Some(accepted) = accepted(host)? else { return Ok(files) };
    let differing = binding(&accepted.document, &files);
    if differing.is_empty() { Ok(accepted.document) } else { Err(differs(&differing)) }
}

/// The digest of [`in_force`].
pub(crate) fn digest(host: &Host) -> Result<Digest, Error> {
    in_force(host).map(|document| document.digest())
}

/// The condition under which a run is opened: that no other governance is accepted before its first entry stands.
pub(crate) fn unchanged(host: &Host, governance: &Digest) -> Result<Condition, Error> {
    let expect = accepted(host)?.map(|accepted| accepted.in_force.entry);
    if digest(host)? != *governance {
        return Err(Error::refused("the governance changed while this was planned")
            .changed("nothing was changed")
            .next("belay plan shows what holds now"));
    }
    Ok(Condition::Newest { kind: ACCEPTED.to_owned(), expect })
}

/// What keeps the files from being what was accepted. A key that was revoked since only takes away: it counts at once,
/// and waits for nobody.
fn binding(accepted: &Json, files: &Json) -> Vec<Change> {
    let mut changes = governance::changes(accepted, files);
    changes.retain(|change| change.path != "staff.revoked" || change.before.is_some());
    changes
}

fn differs(changes: &[Change]) -> Error {
    let mut lines = vec!["the files are not the governance that was accepted:".to_owned()];
    lines.extend(changes.iter().take(NAMED).map(|change| format!("  {change}")));
    if let Some(more) = changes.len().checked_sub(NAMED).filter(|more| *more > 0) {
        lines.push(format!("  and {more} more"));
    }
    Error::refused(lines.join("\n"))
        .changed("nothing was changed")
        .next("put the files back, or have the change accepted: belay governance diff, then belay governance propose")
}

/// The people in force at this moment, by the ledger and the files as they are now: what somebody signs is held against
/// them. A key that either of the two revokes is revoked.
pub(crate) fn staff(host: &Host) -> Result<Option<Staff>, Error> {
    let files = host.workspace.staff_now().map_err(crate::host::problems)?;
    let Some(accepted) = accepted(host)? else { return Ok(files) };
    let Some(mut staff) = accepted.staff()? else { return Ok(None) };
    if let Some(files) = files {
        staff.revoked.extend(&files.revoked);
    }
    Ok(Some(staff))
}

/// How a requester is told apart who proved with a key who they are; see [`crate::api::Requester`].
const BY_KEY: &str = "SSH key ";
/// How one is told apart whom the account that asked stood for when it asked.
const BY_ACCOUNT: &str = "account ";

/// Whom a requester is: the person of their key; or whom their account of the operating system stands for, which is the
/// person that `os_users` names, or else the one of the same name.
pub(crate) fn person(staff: &Staff, requester: &Requester) -> Option<PersonName> {
    let name = &requester.name;
    if [BY_KEY, BY_ACCOUNT].iter().any(|known| requester.authenticated_by.starts_with(known)) {
        return name.parse().ok();
    }
    let mapped = staff.people.os_users.get(name).cloned();
    mapped.or_else(|| staff.signers.people().into_iter().find(|person| person.as_str() == name).cloned())
}

/// The person whom an account stands for, as the requester of a run that nobody has signed yet.
pub(crate) fn by_account(staff: &Staff, requester: &Requester) -> Option<Requester> {
    let person = person(staff, requester)?;
    let account = &requester.name;
    Some(Requester { name: person.to_string(), authenticated_by: format!("{BY_ACCOUNT}{account}") })
}

/// What a run touches: the resources that it restores, and the connections that it writes or reads for that.
pub(crate) fn touched(
    ground: &Ground,
    stages: &[belay_engine::StageSpec],
    checks: &[belay_domain::check::Check],
) -> Touched {
    let targets = stages.iter().flat_map(|stage| &stage.steps).filter(|step| !step.excepted);
    let targets: Vec<_> = targets.filter_map(|step| step.subject.target()).collect();
    let mut connections: BTreeSet<_> = targets.iter().map(|target| target.at.connection.clone()).collect();
    connections.extend(targets.iter().flat_map(|target| &target.connections).cloned());
    connections.extend(checks.iter().flat_map(|check| &check.connections).cloned());
    Touched {
        feature_set: ground.feature_set.name().clone(),
        owner: ground.feature_set.owner().to_owned(),
        environment: ground.environment_name.clone(),
        resources: prepare::restored(stages),
        connections,
    }
}

fn refused(what: String) -> Error {
    Error::refused(what).changed("nothing was changed")
}

/// Whether all of this lies in the runbook's scope.
///
/// # Errors
/// Refused, with what does not.
pub(crate) fn may_be_touched(host: &Host, ground: &Ground, touched: &Touched) -> Result<(), Error> {
    if let Some(runbook) = host.workspace.runbooks.get(&ground.runbook.name) {
        let outside = runbook.may_touch.outside(touched);
        if !outside.is_empty() {
            let outside = outside.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(refused(format!("the runbook `{}` may not touch {outside}", runbook.name))
                .next("belay runbook list shows which runbook serves what"));
        }
    }
    Ok(())
}

/// Whether the account that asks stands for somebody who may, by the teams.
///
/// # Errors
/// Refused, with who may.
pub(crate) fn may_ask(host: &Host, requester: &Requester, touched: &Touched) -> Result<(), Error> {
    let Some(staff) = host.workspace.staff.as_ref().filter(|staff| !staff.people.teams.is_empty()) else {
        return Ok(());
    };
    let Some(person) = person(staff, requester) else {
        let account = &requester.name;
        let who = staff.people.requesters(touched);
        return Err(refused(format!(
            "the account `{account}` stands for nobody of [people], and {} belongs to {}",
            touched.feature_set, touched.owner
        ))
        .next(format!(
            "may ask: {}; an admin can say whom an account stands for: [people] os_users",
            resolve::list(who)
        )));
    };
    person_may_ask(staff, &person, touched)
}

/// Whether somebody may ask for this, by the teams.
///
/// # Errors
/// Refused, with who may.
pub(crate) fn person_may_ask(staff: &Staff, person: &PersonName, touched: &Touched) -> Result<(), Error> {
    staff.people.may_request(person, touched).map_err(|may_not| {
        let who = resolve::list(&may_not.who);
        refused(may_not.to_string()).next(format!("may ask: {who}"))
    })
}
