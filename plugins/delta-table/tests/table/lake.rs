//! A lake in memory, filled from the tables that the `deltalake` library wrote.

use std::path::Path;

use belay_sdk::{
    Change, Context, Desired, Expectation, Fault, NoAttributes, Operation, Pin, Reads, Reference, Resource,
    Reverter as _, State, Write, fake,
};
use delta_table::{Config, DeltaTable};

pub(crate) const NOW: u64 = 1_900_000_000_000;

/// The table that every test restores.
pub(crate) fn table() -> Resource<Config> {
    Resource { connection: "lake".to_owned(), id: "shop/clicks".to_owned(), config: Config {} }
}

/// A lake with one fixture as that table.
pub(crate) fn lake(fixture: &str) -> fake::Reads {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(fixture);
    let mut reads = fake::Reads::default();
    fill(&mut reads, &root, "shop/clicks");
    reads
}

fn fill(reads: &mut fake::Reads, folder: &Path, key: &str) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let key = format!("{key}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            fill(reads, &entry.path(), &key);
        } else {
            reads.put("lake", &key, std::fs::read(entry.path()).unwrap());
        }
    }
}

pub(crate) fn commit_key(version: u64) -> String {
    format!("shop/clicks/_delta_log/{version:020}.json")
}

/// An object of the lake.
pub(crate) fn bytes_of(reads: &fake::Reads, key: &str) -> Option<Vec<u8>> {
    let reads: &dyn Reads = reads;
    reads.get_object("lake", key).unwrap()
}

/// The actions of a commit, as JSON.
pub(crate) fn actions(reads: &fake::Reads, version: u64) -> Vec<serde_json::Value> {
    let bytes = bytes_of(reads, &commit_key(version)).unwrap();
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// Appends a commit of somebody else.
pub(crate) fn commit(reads: &mut fake::Reads, version: u64, actions: &[serde_json::Value]) {
    let lines: Vec<String> = actions.iter().map(ToString::to_string).collect();
    reads.put("lake", &commit_key(version), lines.join("\n"));
}

pub(crate) fn observe(reads: &fake::Reads) -> Result<State, Fault> {
    DeltaTable::observe(reads, &table())
}

pub(crate) fn version(reads: &fake::Reads, label: &str) -> Result<Pin, Fault> {
    DeltaTable::locate(reads, &table(), Reference::Version(label.to_owned()))
}

/// Plans from the present along pins.
pub(crate) fn plan_path(reads: &fake::Reads, pins: &[Pin]) -> Result<Vec<Change>, Fault> {
    let moment = Context { now: NOW, key: "r-77/restore/dataset".to_owned() };
    let path = pins.iter().cloned().map(Desired::<NoAttributes>::Pinned).collect();
    DeltaTable::plan(reads, &moment, &table(), observe(reads)?, path)
}

pub(crate) fn plan(reads: &fake::Reads, pin: &Pin) -> Result<Change, Fault> {
    Ok(plan_path(reads, std::slice::from_ref(pin))?.remove(0))
}

/// Does what the host would do with an operation: an exclusive creation.
pub(crate) fn perform(reads: &mut fake::Reads, operation: &Operation) -> Result<(), String> {
    let Write::Object(write) = &operation.write else { return Err("not an object".to_owned()) };
    assert_eq!(write.expect, Expectation::Absent);
    assert_eq!(write.connection, "lake");
    if bytes_of(reads, &write.key).is_some() {
        return Err(format!("{} is there already", write.key));
    }
    reads.put("lake", &write.key, write.content.as_ref().unwrap());
    Ok(())
}

/// Plans, performs, and checks what every restore must hold: the content is the pin's, a second plan is empty, each
/// operation yielded what it said.
pub(crate) fn restore(reads: &mut fake::Reads, pin: &Pin) -> Change {
    let change = plan(reads, pin).unwrap();
    for operation in &change.operations {
        perform(reads, operation).unwrap();
        assert_eq!(observe(reads).unwrap().content, operation.yields);
    }
    assert_eq!(observe(reads).unwrap().content, pin.state.content);
    assert_eq!(plan(reads, pin).unwrap(), Change::nothing());
    change
}

/// A fault's text, if it is one of those that a plugin declines with.
pub(crate) fn unsupported<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    match result {
        Err(Fault::Unsupported(why)) => why,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn missing<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    match result {
        Err(Fault::Missing(why)) => why,
        other => panic!("{other:?}"),
    }
}
