//! A plan held against the plan checker, on connections that allow all that an operator can allow: what is refused here
//! is refused everywhere.

use belay_domain::connection::{ConnectionKind, ConnectionRules, Criticality, WriteRule};
use belay_domain::digest::Digest;
use belay_domain::id::{ConnectionName, ResourceAddress, StepId};
use belay_domain::operation::{Change, Reversibility, Write};
use belay_domain::plan::{StagePlan, StepPlan, Subject, Target, Work};
use belay_domain::plan_check::{self, Violation};
use belay_domain::state::{Desired, State};

use crate::fixture::Reverted;

/// Every line that a list of writes can have at its widest.
const ALL: [&str; 9] = ["PUT **", "POST **", "PATCH **", "DELETE **", "SET *", "DEL *", "HSET *", "HDEL *", "UNLINK *"];

/// Why the host would not perform this change, if it would not.
pub(super) fn refused(case: &Reverted, observed: State, wanted: &Desired, change: Change) -> Option<String> {
    let connections = change.operations.iter().map(|operation| open(&operation.write)).collect();
    let found = match plan(case, observed, wanted, change) {
        Ok(plan) => plan_check::examine(&plan, &connections).err()?,
        Err(why) => return Some(why),
    };
    Some(found.iter().map(Violation::to_string).collect::<Vec<_>>().join("; "))
}

/// A connection of the kind that takes such a write.
fn open(write: &Write) -> (ConnectionName, ConnectionRules) {
    let (name, kind) = match write {
        Write::Http(write) => (&write.connection, ConnectionKind::Http),
        Write::Object(write) => (&write.connection, ConnectionKind::Dir),
        Write::Keyvalue(write) => (&write.connection, ConnectionKind::Redis),
    };
    let rule = |line: &str| {
        let pattern = line.to_owned().try_into().ok()?;
        let at_best = Reversibility::Reversible;
        Some(WriteRule { pattern, object: Vec::new(), at_best, repeatable: true, guarded: true })
    };
    let writes = ALL.into_iter().filter_map(rule).collect();
    let rules = ConnectionRules { name: name.clone(), kind, criticality: Criticality::default(), writes, settle_ms: 0 };
    (name.clone(), rules)
}

/// The stage that the change alone would be.
fn plan(case: &Reverted, observed: State, wanted: &Desired, change: Change) -> Result<StagePlan, String> {
    let target = Target {
        resource: name("resource")?,
        at: ResourceAddress { connection: case.resource.connection.clone(), id: case.resource.id.clone() },
        config: case.resource.config.clone(),
        plugin: name("plugin")?,
        component: Digest::of(&[]),
        connections: case.connections.clone(),
        upstream: Vec::new(),
        desired: wanted.clone(),
        ramp: None,
    };
    let step = StepPlan {
        id: StepId { stage: 0, step: 0 },
        subject: Subject::Resource(Box::new(target)),
        work: Work::Change { observed, change },
        parts: Vec::new(),
    };
    Ok(StagePlan { environment: name("fixture")?, index: 0, stage: name("stage")?, steps: vec![step] })
}

fn name<N: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<N, String> {
    text.parse().map_err(|error: N::Err| error.to_string())
}

#[cfg(test)]
mod tests {
    use belay_domain::json::Json;
    use belay_domain::operation::{Body, Expectation, ObjectWrite, Operation};
    use belay_domain::state::Resource;
    use serde_json::json;

    use super::*;
    use crate::systems::Systems;

    fn state(text: &str) -> State {
        let content = Json::new(json!({ "text": text })).unwrap();
        State { version: text.to_owned(), revision: content.clone(), content }
    }

    fn case() -> Reverted {
        Reverted {
            resource: Resource {
                connection: "notes".parse().unwrap(),
                id: "note.txt".to_owned(),
                config: Json::new(json!({})).unwrap(),
            },
            connections: Vec::new(),
            wants: None,
            systems: Systems::default(),
            expect: crate::fixture::Expected::default(),
        }
    }

    /// Writes `good` over `bad`.
    fn write(key: &str) -> Operation {
        Operation {
            summary: "put it back".to_owned(),
            write: Write::Object(ObjectWrite {
                connection: "notes".parse().unwrap(),
                key: key.to_owned(),
                content: Some(Body(b"good".to_vec())),
                expect: Expectation::Bytes(Digest::of(b"bad")),
            }),
            yields: state("good").content,
            reversibility: Reversibility::Reversible,
            touches: 1,
        }
    }

    fn judged(operation: Operation) -> Option<String> {
        let wanted = Desired::Attributes(state("good").content);
        let change = Change { operations: vec![operation], factors: Vec::new(), loss: None, notes: Vec::new() };
        refused(&case(), state("bad"), &wanted, change)
    }

    #[test]
    fn what_some_operator_can_allow_is_let_through() {
        assert_eq!(judged(write("note.txt")), None);
    }

    #[test]
    fn what_none_can_allow_is_refused_with_the_reason() {
        let refused = judged(write("../note.txt")).unwrap();
        assert!(refused.contains("resource, write 1: the key `../note.txt`"), "{refused}");
        let elsewhere = judged(Operation { yields: state("other").content, ..write("note.txt") }).unwrap();
        assert!(elsewhere.contains("after the last write the resource would not be what is wanted"), "{elsewhere}");
    }
}
