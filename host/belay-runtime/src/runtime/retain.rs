//! Retention: the blobs of runs and months that are older than the workspace's rule go, all at once. Shows first what
//! would go.

use std::collections::BTreeSet;

use belay_domain::id::Millis;
use belay_identity::Namespace;
use belay_ledger::redaction::Retained;
use belay_ledger::{Batch, Condition, Filter, Scope, kind, month};
use serde_json::json;

use super::Runtime;
use crate::api::{Error, RetainedScope, Retention, SignWith};
use crate::clock;
use crate::ledger;
use crate::record::Cause;
use crate::signing;
use crate::taking::{self, KEPT};
use crate::workspace::Days;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Runs and months in one entry: their names take a part of its 65,535 bytes.
const IN_ONE_ENTRY: usize = 1_000;

impl Runtime {
    /// What would go by the workspace's rule, or by a longer time. Takes nothing away.
    ///
    /// # Errors
    /// There is no rule, and no time was given.
    pub fn retention(&self, older_than: Option<Days>) -> Result<Retention, Error> {
        let days = self.days(older_than)?;
        Ok(shown(days, before(days), self.old_enough(before(days))?))
    }

    /// What is signed to let it go.
    ///
    /// # Errors
    /// The time is shorter than the workspace's rule, or there is no rule.
    pub fn retention_text(&self, older_than: Option<Days>) -> Result<String, Error> {
        let days = self.allowed(older_than)?;
        let going: Vec<_> = self.retention(older_than)?.going.into_iter().map(|scope| scope.name).collect();
        Ok(taking::retention_text(days.0, &day(before(days)), &going))
    }

    /// Lets go what [`Runtime::retention`] shows; an admin or auditor signs. Once this returns, the bytes and the keys that
    /// encrypted them are destroyed.
    pub async fn apply_retention(&self, older_than: Option<Days>, how: SignWith) -> Result<Retention, Error> {
        let days = self.allowed(older_than)?;
        let staff = signing::staff(&self.host)?;
        let moment = before(days);
        let found = self.old_enough(moment)?;
        if found.iter().all(|(_, scope)| scope.held_by.is_some()) {
            return Ok(shown(days, moment, found));
        }
        let text = self.retention_text(older_than)?;
        let signed = self.sign(text, Namespace::Retention, how, None)?;
        taking::must_be_admin_or_auditor(&staff, &signed.by.person, "apply the retention rule")?;
        let cause = Cause::of(&signed.requester());
        let going: Vec<_> = found.iter().filter(|(_, scope)| scope.held_by.is_none()).collect();
        let mut entries = Vec::new();
        for some in going.chunks(IN_ONE_ENTRY) {
            let scopes: Vec<Scope> = some.iter().map(|(scope, _)| scope.clone()).collect();
            let mut body = json!(retained(&scopes));
            if let Some(body) = body.as_object_mut() {
                body.insert("older_than".to_owned(), json!(days));
                body.insert("before".to_owned(), json!(moment));
                body.insert("blobs".to_owned(), json!(some.iter().map(|(_, scope)| scope.blobs).sum::<u64>()));
            }
            let draft = taking::draft(&cause, kind::RETENTION, &signed, &self.rules()?, body)?;
            let kept = KEPT.map(str::to_owned).to_vec();
            let batch = Batch { drafts: vec![draft], conditions: vec![Condition::Retain { scopes, kept }] };
            entries.push(self.commit(batch).await?);
        }
        self.destroy()?;
        Ok(Retention { entries, ..shown(days, moment, found) })
    }

    /// The time that was asked for, or the rule.
    fn days(&self, older_than: Option<Days>) -> Result<Days, Error> {
        older_than.or(self.host.workspace.retention).ok_or_else(|| {
            Error::usage("belay.toml has no [retention]: how old must be what goes?")
                .changed("nothing was taken away")
                .next("belay audit retain --older-than 400d shows what would go")
        })
    }

    /// The same, where it may be applied: never sooner than the rule.
    fn allowed(&self, older_than: Option<Days>) -> Result<Days, Error> {
        let nothing = "nothing was taken away";
        let Some(rule) = self.host.workspace.retention else {
            return Err(Error::refused("belay.toml has no [retention]: no rule lets anything go")
                .changed(nothing)
                .next(
                    "add [retention] older_than = \"400d\" to belay.toml, and have it accepted: docs/governance.md",
                ));
        };
        // The files must be what was accepted: a shorter time that nobody accepted takes nothing away.
        crate::standing::in_force(&self.host)?;
        match older_than {
            Some(days) if days < rule => Err(Error::refused(format!("the rule keeps blobs for {rule}, not {days}"))
                .changed(nothing)
                .next("belay audit retain")),
            Some(days) => Ok(days),
            None => Ok(rule),
        }
    }

    /// The runs that were sealed before a moment, and the months that ended before it, whose blobs are still there.
    fn old_enough(&self, moment: Millis) -> Result<Vec<(Scope, RetainedScope)>, Error> {
        let kept = KEPT.map(str::to_owned);
        let present = self.host.ledger.retainable(&kept).map_err(|error| ledger::error(&error))?;
        let mut found = Vec::new();
        for scope in present {
            let old = match &scope.scope {
                Scope::Month(name) => *name < month(moment),
                Scope::Run(run) => {
                    let filter = Filter {
                        run: Some(run.clone()),
                        kinds: vec!["run.sealed".to_owned()],
                        newest_first: true,
                        limit: Some(1),
                        ..Filter::default()
                    };
                    let sealed = self.host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
                    sealed.first().is_some_and(|entry| entry.at < moment)
                }
            };
            if old {
                let name = match &scope.scope {
                    Scope::Run(run) => run.to_string(),
                    Scope::Month(month) => month.clone(),
                };
                let told = RetainedScope { name, blobs: scope.blobs, held_by: scope.held_by };
                found.push((scope.scope, told));
            }
        }
        Ok(found)
    }
}

/// The last midnight, in UTC, that is so many days ago: what somebody reads and signs stays the same for a day.
fn before(days: Days) -> Millis {
    let today = clock::now().0 / DAY_MS;
    Millis(today.saturating_sub(u64::from(days.0)) * DAY_MS)
}

fn day(at: Millis) -> String {
    let at = i64::try_from(at.0).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    at.map_or_else(|| "an unknown day".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}

fn shown(days: Days, before: Millis, found: Vec<(Scope, RetainedScope)>) -> Retention {
    let scopes = found.into_iter().map(|(_, scope)| scope);
    let (held, going) = scopes.partition(|scope| scope.held_by.is_some());
    Retention { days: days.0, before, going, held, entries: Vec::new() }
}

fn retained(scopes: &[Scope]) -> Retained {
    let (mut runs, mut months) = (BTreeSet::new(), BTreeSet::new());
    for scope in scopes {
        match scope {
            Scope::Run(run) => drop(runs.insert(run.clone())),
            Scope::Month(month) => drop(months.insert(month.clone())),
        }
    }
    Retained { runs, months, kept: KEPT.map(str::to_owned).into() }
}
