//! Legal holds: set by an admin or auditor, lifted by another one.

use belay_identity::Namespace;
use belay_ledger::{Batch, Condition, Entry, OnHold, kind};
use serde_json::json;

use super::Runtime;
use crate::api::{Error, Hold, HoldChange, SignWith};
use crate::ledger;
use crate::record::Cause;
use crate::signing;
use crate::taking;

impl Runtime {
    /// What is signed to change the holds.
    pub fn hold_text(&self, change: &HoldChange, reason: &str) -> Result<String, Error> {
        if let HoldChange::Lift(hold) = change {
            self.hold(*hold)?;
        }
        Ok(taking::hold_text(change, reason))
    }

    /// Sets a hold, or lifts one; gives those in force afterwards.
    pub async fn change_hold(&self, change: HoldChange, reason: String, how: SignWith) -> Result<Vec<Hold>, Error> {
        let staff = signing::staff(&self.host)?;
        let text = self.hold_text(&change, &reason)?;
        let signed = self.sign(text, Namespace::Hold, how, None)?;
        let person = &signed.by.person;
        let mut cause = Cause::of(&signed.requester());
        cause.reason = Some(reason);
        let (kind, body, condition) = match change {
            HoldChange::Set(covers) => {
                taking::must_be_admin_or_auditor(&staff, person, "set a hold")?;
                match &covers {
                    OnHold::Run(run) => cause.run = Some(run.clone()),
                    OnHold::Incident(incident) => cause.incident = Some(incident.clone()),
                    OnHold::Everything => {}
                }
                (kind::HOLD_SET, json!({ "covers": covers }), Condition::Hold(covers))
            }
            HoldChange::Lift(hold) => {
                taking::must_be_another(&staff, person, &self.hold(hold)?.by)?;
                (kind::HOLD_LIFTED, json!({ "hold": hold }), Condition::Lift(hold))
            }
        };
        let draft = taking::draft(&cause, kind, &signed, &self.rules()?, body)?;
        self.commit(Batch { drafts: vec![draft], conditions: vec![condition] }).await?;
        self.holds()
    }

    /// The holds in force, the oldest first.
    pub fn holds(&self) -> Result<Vec<Hold>, Error> {
        let holds = self.host.ledger.holds().map_err(|error| ledger::error(&error))?;
        holds.into_iter().map(|seq| self.hold(seq)).collect()
    }

    fn hold(&self, seq: u64) -> Result<Hold, Error> {
        let holds = self.host.ledger.holds().map_err(|error| ledger::error(&error))?;
        let entry = if holds.contains(&seq) { self.host.ledger.entry(seq) } else { Ok(None) };
        let hold = entry.map_err(|error| ledger::error(&error))?.and_then(|entry| told(&entry));
        hold.ok_or_else(|| {
            Error::usage(format!("entry {seq} holds nothing"))
                .changed("nothing was recorded")
                .next("belay audit hold list")
        })
    }
}

fn told(entry: &Entry) -> Option<Hold> {
    let covers: OnHold = serde_json::from_value(entry.body.value().get("covers")?.clone()).ok()?;
    let reason = entry.reason.clone().unwrap_or_default();
    Some(Hold { entry: entry.seq, at: entry.at, covers, by: entry.actor.name.clone(), reason })
}
