//! One operation held against its connection's rules: what may not be is refused, what is left is seen as the host
//! sees it.

use std::collections::BTreeMap;

use crate::connection::{ConnectionRules, WriteRule};
use crate::examined::ExaminedOperation;
use crate::guard::{self, Guard};
use crate::id::ConnectionName;
use crate::json;
use crate::operation::{KeyvalueChange, Operation, Reversibility, Write};
use crate::plan::PlannedOperation;

use super::identity::Written;
use super::violation::{Breach, rule_for};
use super::{MAX_LINE_BYTES, http, identity, keyvalue, object, text};

pub(super) fn apply(
    planned: &PlannedOperation<'_>,
    connections: &BTreeMap<ConnectionName, ConnectionRules>,
) -> Result<(Written, ExaminedOperation), Vec<Breach>> {
    let operation = planned.operation;
    let rules = connection(planned, connections).map_err(|breach| vec![breach])?;
    let allowing: Vec<&WriteRule> = guard::rules_for(rules, &operation.write).collect();
    let repeatable = guard::repeatable(rules, &operation.write);
    let harmless = allowing.iter().all(|rule| rule.repeatable);
    let mut breaches: Vec<Breach> = text::check("the summary", &operation.summary, MAX_LINE_BYTES).collect();
    if allowing.is_empty() {
        breaches.push(not_allowed(rules, operation));
    }
    breaches.extend(match &operation.write {
        Write::Http(write) => http::check(write),
        Write::Object(write) => object::check(write, harmless),
        Write::Keyvalue(write) => keyvalue::check(write, harmless),
    });
    let written = match &operation.write {
        Write::Http(write) => identity::of_http(write, &allowing),
        Write::Object(write) => Ok(identity::of_object(write)),
        Write::Keyvalue(write) => Ok(identity::of_keyvalue(write)),
    };
    let digest = json::digest_of(operation).map_err(|_| Breach::NotCanonical);
    match (written, digest) {
        (Ok(written), Ok(digest)) if breaches.is_empty() => {
            let by_system = guard::guard_of(rules, &operation.write) == Guard::System;
            let examined = ExaminedOperation {
                step: planned.step,
                index: planned.index,
                digest,
                object: written.name.clone(),
                reversibility: reversibility(operation, &allowing),
                touches: operation.touches.max(counted(&operation.write)),
                repeat_is_safe: repeatable || by_system,
                unguarded_by_system: !by_system,
                settle_ms: rules.settle_ms,
            };
            Ok((written, examined))
        }
        (written, digest) => {
            breaches.extend(written.err().into_iter().flatten());
            breaches.extend(digest.err());
            Err(breaches)
        }
    }
}

/// The rules of the operation's connection, if its step may write through it.
fn connection<'rules>(
    planned: &PlannedOperation<'_>,
    connections: &'rules BTreeMap<ConnectionName, ConnectionRules>,
) -> Result<&'rules ConnectionRules, Breach> {
    let write = &planned.operation.write;
    let name = write.connection();
    if *name != planned.target.at.connection && !planned.target.connections.contains(name) {
        return Err(Breach::ForeignConnection { connection: name.clone() });
    }
    let rules = connections.get(name).ok_or_else(|| Breach::UnknownConnection { connection: name.clone() })?;
    if rules.kind.takes(write) {
        Ok(rules)
    } else {
        Err(Breach::WrongKind { connection: name.clone(), kind: rules.kind })
    }
}

fn not_allowed(rules: &ConnectionRules, operation: &Operation) -> Breach {
    let line: String = operation.write.line().chars().filter(|c| !text::misleads(*c)).take(400).collect();
    let rule = rule_for(&line, floor(&operation.write).max(operation.reversibility));
    Breach::NotAllowed { connection: rules.name.clone(), line, rule }
}

/// The worst of what the plugin declared, what the connection's list allows at best and what the host knows.
fn reversibility(operation: &Operation, allowing: &[&WriteRule]) -> Reversibility {
    let declared = operation.reversibility.max(floor(&operation.write));
    allowing.iter().fold(declared, |worst, rule| worst.max(rule.at_best))
}

/// What the host can count: one request, one object, one key, or as many keys as a prefix may cost.
const fn counted(write: &Write) -> u64 {
    match write {
        Write::Keyvalue(write) => match write.change {
            KeyvalueChange::DeletePrefix { most, .. } => most,
            KeyvalueChange::Set { .. }
            | KeyvalueChange::Delete { .. }
            | KeyvalueChange::SetField { .. }
            | KeyvalueChange::DeleteField { .. } => 1,
        },
        Write::Http(_) | Write::Object(_) => 1,
    }
}

/// What is deleted is gone from its system: at best it can be made again.
fn floor(write: &Write) -> Reversibility {
    let deletes = match write {
        Write::Http(write) => write.method == "DELETE",
        Write::Object(write) => write.content.is_none(),
        Write::Keyvalue(write) => write.change.value().is_none(),
    };
    if deletes { Reversibility::Recoverable } else { Reversibility::Reversible }
}
