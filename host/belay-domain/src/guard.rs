//! Who notices when something changed between a plan and its write, and whether a write may be performed again. Never
//! asks a plugin.

use serde::{Deserialize, Serialize};

use crate::connection::{ConnectionKind, ConnectionRules, WriteRule};
use crate::operation::{Expectation, KeyvalueChange, KeyvalueWrite, ObjectWrite, Write};

/// Who refuses a write when what it expects has changed. Ordered: later is weaker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// The system itself, in one step with the write.
    System,
    /// The host, which compares just before it writes: another writer can slip in between.
    HostOnly,
    /// Nobody.
    None,
}

/// The rules of the connection's list that allow a write; none: it is not allowed.
pub fn rules_for<'rules>(
    rules: &'rules ConnectionRules,
    write: &Write,
) -> impl Iterator<Item = &'rules WriteRule> + use<'rules> {
    let line = write.line();
    let fits = *write.connection() == rules.name && rules.kind.takes(write);
    rules.writes.iter().filter(move |rule| fits && rule.pattern.matches(&line))
}

/// Who guards a write. Where several rules allow it, the weakest counts.
pub fn guard_of(rules: &ConnectionRules, write: &Write) -> Guard {
    match write {
        Write::Object(object) => guard_of_object(rules.kind, object),
        Write::Keyvalue(keyvalue) => guard_of_keyvalue(keyvalue),
        Write::Http(_) => rules_for(rules, write)
            .map(|rule| if rule.guarded { Guard::System } else { Guard::None })
            .max()
            .unwrap_or(Guard::None),
    }
}

/// Whether performing a write twice does no more than performing it once. Where several rules allow it, all must say
/// so. Objects and single keys always: the same bytes come to lie under the same key, or the second time is refused. By
/// its prefix a key goes that came in between.
pub fn repeatable(rules: &ConnectionRules, write: &Write) -> bool {
    match write {
        Write::Object(_) => true,
        Write::Keyvalue(keyvalue) => match keyvalue.change {
            KeyvalueChange::DeletePrefix { .. } => listed_as_repeatable(rules, write),
            KeyvalueChange::Set { .. }
            | KeyvalueChange::Delete { .. }
            | KeyvalueChange::SetField { .. }
            | KeyvalueChange::DeleteField { .. } => true,
        },
        Write::Http(_) => listed_as_repeatable(rules, write),
    }
}

fn listed_as_repeatable(rules: &ConnectionRules, write: &Write) -> bool {
    let mut allowing = rules_for(rules, write).peekable();
    allowing.peek().is_some() && allowing.all(|rule| rule.repeatable)
}

/// A store compares and writes in one step. A prefix has no bytes to compare.
const fn guard_of_keyvalue(write: &KeyvalueWrite) -> Guard {
    match write.expect {
        Expectation::Absent | Expectation::Bytes(_) => Guard::System,
        Expectation::Anything => Guard::None,
    }
}

/// A directory creates exclusively (`link` fails where the name is taken) but can't compare and replace in one step; a
/// store does both (`If-None-Match`, `If-Match`), but not every store compares before it deletes.
const fn guard_of_object(kind: ConnectionKind, write: &ObjectWrite) -> Guard {
    match (&write.expect, &write.content) {
        (Expectation::Absent, Some(_)) => Guard::System,
        (Expectation::Bytes(_), Some(_)) if matches!(kind, ConnectionKind::Objects) => Guard::System,
        (Expectation::Bytes(_), _) => Guard::HostOnly,
        (Expectation::Anything, _) | (Expectation::Absent, None) => Guard::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Criticality;
    use crate::digest::Digest;
    use crate::operation::{Body, HttpWrite, Reversibility};

    fn rules(kind: ConnectionKind, writes: &[(&str, bool, bool)]) -> ConnectionRules {
        let rule = |&(pattern, guarded, repeatable): &(&str, bool, bool)| WriteRule {
            pattern: pattern.to_owned().try_into().unwrap(),
            object: Vec::new(),
            at_best: Reversibility::Reversible,
            repeatable,
            guarded,
        };
        ConnectionRules {
            name: "c".parse().unwrap(),
            kind,
            criticality: Criticality::Medium,
            writes: writes.iter().map(rule).collect(),
            settle_ms: 0,
        }
    }

    fn post(path: &str) -> Write {
        Write::Http(HttpWrite {
            connection: "c".parse().unwrap(),
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Body(Vec::new()),
            applied: Vec::new(),
            refused: Vec::new(),
        })
    }

    fn object(content: Option<&[u8]>, expect: Expectation) -> Write {
        Write::Object(ObjectWrite {
            connection: "c".parse().unwrap(),
            key: "k".to_owned(),
            content: content.map(|bytes| Body(bytes.to_vec())),
            expect,
        })
    }

    #[test]
    fn a_directory_guards_only_exclusive_creation_itself() {
        let rules = rules(ConnectionKind::Dir, &[("PUT *", false, false), ("DELETE *", false, false)]);
        let digest = Expectation::Bytes(Digest::of(b"x"));
        for (write, guard) in [
            (object(Some(b"x"), Expectation::Absent), Guard::System),
            (object(Some(b"x"), digest.clone()), Guard::HostOnly),
            (object(None, digest), Guard::HostOnly),
            (object(Some(b"x"), Expectation::Anything), Guard::None),
            (object(None, Expectation::Absent), Guard::None),
        ] {
            assert_eq!(guard_of(&rules, &write), guard, "{write:?}");
            assert!(repeatable(&rules, &write));
        }
    }

    #[test]
    fn a_store_guards_replacing_too() {
        let rules = rules(ConnectionKind::Objects, &[("PUT *", false, false), ("DELETE *", false, false)]);
        let digest = Expectation::Bytes(Digest::of(b"x"));
        for (write, guard) in [
            (object(Some(b"x"), Expectation::Absent), Guard::System),
            (object(Some(b"x"), digest.clone()), Guard::System),
            (object(None, digest), Guard::HostOnly),
            (object(Some(b"x"), Expectation::Anything), Guard::None),
        ] {
            assert_eq!(guard_of(&rules, &write), guard, "{write:?}");
            assert!(repeatable(&rules, &write) && rules_for(&rules, &write).count() == 1);
        }
    }

    #[test]
    fn over_http_the_connections_list_says_and_the_weakest_rule_counts() {
        let list = [("POST /guarded", true, false), ("POST /harmless", false, true), ("POST /*", true, true)];
        let rules = rules(ConnectionKind::Http, &list);
        for (path, guard, repeat) in [
            ("/guarded", Guard::System, false),
            ("/harmless", Guard::None, true),
            ("/other", Guard::System, true),
            ("/not/listed", Guard::None, false),
        ] {
            assert_eq!((guard_of(&rules, &post(path)), repeatable(&rules, &post(path))), (guard, repeat), "{path}");
        }
    }

    #[test]
    fn a_write_of_another_kind_or_connection_has_no_rule() {
        let mut http = rules(ConnectionKind::Http, &[("PUT *", true, true), ("POST /x", true, true)]);
        assert_eq!(rules_for(&http, &object(Some(b"x"), Expectation::Absent)).count(), 0);
        assert_eq!(rules_for(&http, &post("/x")).count(), 1);
        http.name = "other".parse().unwrap();
        assert_eq!(rules_for(&http, &post("/x")).count(), 0);
    }
}
