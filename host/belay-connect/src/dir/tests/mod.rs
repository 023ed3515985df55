//! Claims about directories.

mod lists;
mod reads;
mod staging;
mod writes;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use belay_domain::connection::{ConnectionKind, ConnectionRules, Criticality, WriteRule};
use belay_domain::digest::Digest;
use belay_domain::id::{ConnectionName, Millis};
use belay_domain::json::{self, Json};
use belay_domain::operation::{Body, Expectation, ObjectWrite, Operation, Outcome, Reversibility, Write};
use tempfile::TempDir;

use crate::{Clock, ConnectionSpec, Connections, DirTarget, Permit, Target};

/// A connection `lake` to a folder beside which lies one that nobody may reach.
struct Lake {
    outer: TempDir,
    connections: Connections,
}

impl Lake {
    /// With these files; a name that ends with `/` is a folder.
    fn with(files: &[(&str, &str)]) -> Self {
        let outer = tempfile::tempdir().unwrap();
        fs::create_dir_all(outer.path().join("lake")).unwrap();
        fs::create_dir_all(outer.path().join("outside")).unwrap();
        fs::write(outer.path().join("outside/secret"), "outside").unwrap();
        let connections = open(&outer.path().join("lake"), |_| {});
        let lake = Self { outer, connections };
        for (key, content) in files {
            let path = lake.path(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if key.ends_with('/') { fs::create_dir_all(path).unwrap() } else { fs::write(path, content).unwrap() }
        }
        lake
    }

    fn path(&self, key: &str) -> std::path::PathBuf {
        self.outer.path().join("lake").join(key)
    }

    fn text(&self, key: &str) -> Option<String> {
        fs::read_to_string(self.path(key)).ok()
    }

    /// Everything in a folder, staging files too.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    async fn perform(&self, write: ObjectWrite) -> Outcome {
        self.connections.perform(permit(write), clock()).await.outcome
    }
}

fn open(path: &Path, adjust: impl FnOnce(&mut DirTarget)) -> Connections {
    let rule = |pattern: &str| WriteRule {
        pattern: pattern.to_owned().try_into().unwrap(),
        object: Vec::new(),
        at_best: Reversibility::Reversible,
        repeatable: false,
        guarded: false,
    };
    let rules = ConnectionRules {
        name: name(),
        kind: ConnectionKind::Dir,
        criticality: Criticality::Medium,
        writes: vec![rule("PUT **"), rule("DELETE **")],
        settle_ms: 0,
    };
    let mut target = DirTarget::new(path);
    adjust(&mut target);
    Connections::open(vec![ConnectionSpec { rules, target: Target::Dir(target), confirm_within_ms: 0 }]).unwrap()
}

fn name() -> ConnectionName {
    "lake".parse().unwrap()
}

fn clock() -> Clock {
    Arc::new(|| Millis(1))
}

fn permit(write: ObjectWrite) -> Permit {
    let operation = Operation {
        summary: "restore".to_owned(),
        write: Write::Object(write),
        yields: Json::NULL,
        reversibility: Reversibility::Reversible,
        touches: 1,
    };
    let digest = json::digest_of(&operation).unwrap();
    Permit::new(operation, digest, Millis(1)).unwrap()
}

fn put(key: &str, content: &str, expect: Expectation) -> ObjectWrite {
    ObjectWrite { connection: name(), key: key.to_owned(), content: Some(Body(content.into())), expect }
}

fn delete(key: &str, expect: Expectation) -> ObjectWrite {
    ObjectWrite { connection: name(), key: key.to_owned(), content: None, expect }
}

fn bytes(content: &str) -> Expectation {
    Expectation::Bytes(Digest::of(content.as_bytes()))
}

fn applied(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Applied { .. } => true,
        Outcome::NotApplied { .. } | Outcome::Unknown { .. } => false,
    }
}

/// Why it was not applied; panics if it was, or may have been.
fn refused(outcome: Outcome) -> String {
    match outcome {
        Outcome::NotApplied { reason } => reason,
        Outcome::Applied { .. } | Outcome::Unknown { .. } => panic!("{outcome:?}"),
    }
}
