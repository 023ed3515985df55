//! Whatever a plugin proposes, the checker answers, and what it says can be shown.

use std::collections::BTreeMap;

use belay_domain::connection::{ConnectionKind, ConnectionRules, Criticality, WriteRule};
use belay_domain::id::ConnectionName;
use belay_domain::operation::{Reversibility, Write};
use belay_domain::plan::{StagePlan, Subject};
use belay_domain::plan_check::{examine, misleads};
use proptest::prelude::*;

use crate::strategies;

/// Rules that allow every write of a plan through the connection that it names, so that each is examined to its end.
fn generous(plan: &StagePlan) -> BTreeMap<ConnectionName, ConnectionRules> {
    let rule = |method: &str, path: &str| WriteRule {
        pattern: format!("{method} {path}").try_into().unwrap(),
        object: vec!["/name".to_owned()],
        at_best: Reversibility::Reversible,
        repeatable: false,
        guarded: false,
    };
    let of = |write: &Write| {
        let (kind, path) = match write {
            Write::Http(_) => (ConnectionKind::Http, "/**"),
            Write::Object(_) => (ConnectionKind::Dir, "**"),
            Write::Keyvalue(_) => (ConnectionKind::Redis, "*"),
        };
        let name = write.connection().clone();
        let methods: &[&str] = match kind {
            ConnectionKind::Http | ConnectionKind::Dir | ConnectionKind::Objects => &["PUT", "POST", "PATCH", "DELETE"],
            ConnectionKind::Redis => &["SET", "DEL", "HSET", "HDEL", "UNLINK"],
        };
        let writes = methods.iter().map(|method| rule(method, path)).collect();
        ConnectionRules { name, kind, criticality: Criticality::Medium, writes, settle_ms: 0 }
    };
    plan.operations().map(|planned| of(&planned.operation.write)).map(|rules| (rules.name.clone(), rules)).collect()
}

/// Lets each step write through whatever connection it names.
fn lend(plan: &mut StagePlan, connections: &BTreeMap<ConnectionName, ConnectionRules>) {
    for step in &mut plan.steps {
        if let Subject::Resource(target) = &mut step.subject {
            target.connections = connections.keys().cloned().collect();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_checker_always_answers_in_words_that_can_be_shown(mut plan in strategies::stage_plan()) {
        let connections = generous(&plan);
        lend(&mut plan, &connections);
        match examine(&plan, &connections) {
            Ok(examined) => prop_assert_eq!(examined.operations.len(), plan.operations().count()),
            Err(found) => {
                prop_assert!(!found.is_empty());
                for violation in found {
                    let words = violation.to_string();
                    prop_assert!(!words.contains(misleads), "{words:?}");
                }
            }
        }
    }
}
