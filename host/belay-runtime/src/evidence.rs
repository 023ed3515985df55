//! Evidence for a stranger: chosen entries with what they rest on, in one file that needs neither this workspace nor belay
//! to be checked. Reads the ledger, and adds to it only that evidence was given.

mod choose;
mod grounds;
mod readme;
mod records;
mod report;
mod tables;
mod words;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use belay_domain::digest::Digest;
use belay_domain::json::Json;
use belay_ledger::evidence::{Pack, Selection};
use belay_ledger::{Entry, Ledger};
use serde_json::json;

use crate::api::{Error, ExportAnswer, ExportRequest};
use crate::ledger;
use crate::record::Cause;
use crate::runtime::Runtime;

pub(crate) use grounds::mandate;
pub(crate) use records::Records;
pub(crate) use words::{Rules, Unheld, Word, judged, staff, word};

/// The kind of entry that says that evidence was given.
const EXPORTED: &str = "evidence.exported";
/// The Go program that checks a file with Debian's libraries.
const VERIFIER: &str = include_str!("evidence/check/verify.go");

impl Runtime {
    /// Writes evidence into a new file, and records that it was given. Without that record there is no file.
    ///
    /// # Errors
    /// Where no entry fits, the file is there already or can't be written, the ledger is damaged or can't be written.
    pub fn export(&self, request: &ExportRequest, file: &Path) -> Result<ExportAnswer, Error> {
        if file.exists() {
            return Err(Error::usage(format!("{} is there already", file.display())).next("name another file with -o"));
        }
        let store = &self.host.ledger;
        let chosen = choose::entries(store, request)?;
        let part = file.with_added_extension("part");
        let written = write(store, request, &chosen, &part).and_then(|answer| {
            self.record(request, &answer)?;
            // Never over a file that came in between.
            fs::hard_link(&part, file).map_err(|error| cant(file, &error))?;
            Ok(answer)
        });
        // Nothing refers to it, whatever came of it.
        let _ = fs::remove_file(&part);
        written
    }

    fn record(&self, request: &ExportRequest, answer: &ExportAnswer) -> Result<(), Error> {
        let mut cause = Cause::of(&self.host.requester);
        cause.environment.clone_from(&request.environment);
        cause.incident.clone_from(&request.incident);
        let body = json!({
            "about": request.about(), "digest": answer.digest, "entries": answer.entries, "size": answer.size,
            "with_blobs": request.with_blobs, "with_log": request.with_log, "with_components": request.with_components,
        });
        let draft = cause.draft(EXPORTED, body)?;
        let appended = self.host.ledger.append(draft);
        appended
            .map(|_| ())
            .map_err(|error| ledger::error(&error).changed("no file was made; without a record none is given"))
    }
}

fn cant(file: &Path, error: &std::io::Error) -> Error {
    Error::failed(format!("{}: {error}", file.display())).changed("no file was made").next("name another file with -o")
}

/// Entries in a file, and what is signed in them.
struct Chosen {
    entries: Vec<Entry>,
    /// Objects that are components.
    components: BTreeSet<Digest>,
    /// Sizes of the log that mandates name.
    heads: BTreeSet<u64>,
}

fn write(store: &Ledger, request: &ExportRequest, chosen: &Chosen, part: &Path) -> Result<ExportAnswer, Error> {
    let out = File::create(part).map_err(|error| cant(part, &error))?;
    let mut pack = Pack::new(BufWriter::new(out));
    let failed = |error: belay_ledger::Error| ledger::error(&error).changed("no file was made");
    let withheld = if request.with_components { BTreeSet::new() } else { chosen.components.clone() };
    let selection = Selection {
        entries: chosen.entries.iter().map(|entry| entry.seq).collect(),
        with_blobs: request.with_blobs,
        withheld,
        earlier: chosen.heads.iter().copied().chain(request.since).collect(),
        with_log: request.with_log,
        about: Json::new(request.about()).map_err(|error| Error::failed(error.to_string()))?,
    };
    let checkpoint = pack.gather(store, &selection).map_err(failed)?;
    let mut members = vec![
        ("check/verify.go".to_owned(), VERIFIER.to_owned()),
        ("entries.jsonl".to_owned(), tables::lines(store, &chosen.entries)?),
        ("entries.csv".to_owned(), crate::audit::csv::table(&chosen.entries)),
        ("report.html".to_owned(), report::page(store, &checkpoint, request, &chosen.entries)),
    ];
    let rules = Rules::of(store)?;
    let signed = if request.with_blobs { words::members(store, &rules, &chosen.entries)? } else { Vec::new() };
    members.push(("README.md".to_owned(), readme::text(&checkpoint, request, chosen, !signed.is_empty())));
    members.extend(signed);
    for (path, text) in &members {
        pack.add(path, text.as_bytes()).map_err(failed)?;
    }
    let packed = pack.finish(store).map_err(failed)?;
    let out = packed.out.into_inner().map_err(|error| cant(part, error.error()))?;
    out.sync_all().map_err(|error| cant(part, &error))?;
    let bytes = out.metadata().map_err(|error| cant(part, &error))?.len();
    Ok(ExportAnswer {
        origin: store.verifier().name().to_owned(),
        entries: chosen.entries.len() as u64,
        size: checkpoint.head.size,
        root: checkpoint.head.root,
        digest: packed.digest,
        bytes,
        with_log: request.with_log,
        key: store.verifier().to_string(),
    })
}
