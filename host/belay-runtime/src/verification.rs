//! Verification for whoever does not take the operator's word: of a workspace's ledger, of a copy of it, of a published
//! log, of an evidence file. The ledger crate checks bytes, hashes and the log's key; here it is checked what people signed, and
//! what they were witnesses of. Changes nothing.

mod witnesses;
mod words;

use std::path::Path;

use belay_domain::digest::Digest;
use belay_ledger::evidence::{Evidence, Examined, is_evidence};
use belay_ledger::keys::KeyChain;
use belay_ledger::note::Verifier;
use belay_ledger::tree::TreeHead;
use belay_ledger::verify::{Report, begins_with, root_of_first, verify, verify_blobs};
use belay_ledger::{Entry, Filter, Ledger};

use crate::api::{Error, Silence, VerifyAnswer, VerifyRequest};
use crate::audit::silence::{overdue, silence_told};
use crate::clock;
use crate::evidence::Records;

/// Verifies the ledger of a workspace, published first so that its checkpoint stands for all of it. A ledger so damaged
/// that it can't be opened is verified too; then it is said what could not be checked.
///
/// # Errors
/// Where the workspace can't be read, or the request is none. What is wrong with the ledger is the answer.
pub fn verify_workspace(workspace: &Path, request: &VerifyRequest) -> Result<VerifyAnswer, Error> {
    let workspace = crate::Workspace::load(workspace).map_err(crate::host::problems)?;
    let key = key(request)?;
    let store = Ledger::open(&workspace.state, &workspace.key);
    if let Ok(store) = &store {
        // What keeps it from being published is found by the verification, which names it better.
        let _ = store.publish();
    }
    let report = verify_blobs(&workspace.state, key.as_ref(), &workspace.key);
    let mut answer = of_folder(&workspace.state, &report, key.as_ref(), request);
    match &store {
        Ok(store) => {
            let look = |size| one_root(store, size);
            people(store, &entries(store)?, &answer.origin.clone(), look, &mut answer);
        }
        Err(error) => answer.notes.push(format!("what people signed was not checked: {error}")),
    }
    if report.is_intact() {
        answer.notes.extend(overdue(&report.silence, clock::now()));
    }
    Ok(answer)
}

/// Verifies an evidence file, a state folder or a published log's folder; needs no workspace and no network.
///
/// # Errors
/// Where nothing is there, or what is there is none of these. What is wrong with it is the answer.
pub fn verify_path(path: &Path, request: &VerifyRequest) -> Result<VerifyAnswer, Error> {
    let key = key(request)?;
    if is_evidence(path) {
        return file(path, key.as_ref(), request);
    }
    if !path.is_dir() {
        return Err(Error::usage(format!("{} is neither a folder nor a file", path.display()))
            .next("belay audit verify FOLDER or FILE"));
    }
    let mut answer = of_folder(path, &verify(path, key.as_ref()), key.as_ref(), request);
    answer.notes.push(
        "what people signed was not checked: it lies beside the log; an evidence file has it, or the workspace"
            .to_owned(),
    );
    Ok(answer)
}

fn key(request: &VerifyRequest) -> Result<Option<Verifier>, Error> {
    let read = |text: &String| {
        let line = text.trim();
        line.parse::<Verifier>().map_err(|error| {
            Error::usage(format!("the key to believe: {error}")).next("name the file ledger.vkey, or its line")
        })
    };
    request.key.as_ref().map(read).transpose()
}

fn of_folder(path: &Path, report: &Report, key: Option<&Verifier>, request: &VerifyRequest) -> VerifyAnswer {
    let mut answer = of_report(report);
    answer.origin = origin(path);
    let beside = || std::fs::read_to_string(published(path).join("ledger.vkey")).ok()?.trim().parse().ok();
    let key = key.cloned().or_else(beside);
    if let Some(kept) = &request.since {
        let root = |wanted| root_of_first(path, report.checkpoint.map_or(0, |head| head.size), wanted);
        let keys = key.map(|key| report.keys(&key));
        since(kept, keys.as_ref(), report.checkpoint.as_ref(), root, &mut answer);
    }
    answer
}

/// Holds the log against a checkpoint that whoever asks has kept.
fn since(
    kept: &str,
    keys: Option<&KeyChain>,
    head: Option<&TreeHead>,
    root: impl FnOnce(u64) -> Result<Digest, String>,
    answer: &mut VerifyAnswer,
) {
    let (Some(keys), Some(head)) = (keys, head) else {
        answer.object("the checkpoint that was kept", "it can't be held against a log without a sound checkpoint");
        return;
    };
    match begins_with(kept, keys, head, root) {
        Ok(old) => answer.since = Some(old.size),
        Err(error) => answer.object("the checkpoint that was kept", &error.to_string()),
    }
}

fn file(path: &Path, key: Option<&Verifier>, request: &VerifyRequest) -> Result<VerifyAnswer, Error> {
    let evidence = Evidence::open(path).map_err(|error| {
        Error::new(crate::api::Ending::Failed, format!("{}: {error}", path.display()))
            .next("belay audit verify takes a state folder, a published log's folder or an evidence file")
    })?;
    let examined = belay_ledger::evidence::verify(&evidence, key);
    let mut answer = of_examined(&examined);
    let head = examined.head;
    let key = key.cloned().or_else(|| evidence.text("ledger.vkey").ok()?.trim().parse().ok());
    let root = |wanted| match &head {
        Some(head) => evidence.root_of_first(head, wanted),
        None => Err("its checkpoint does not hold".to_owned()),
    };
    if let Some(kept) = &request.since {
        let keys = key.map(|key| evidence.keys(&key));
        since(kept, keys.as_ref(), head.as_ref(), root, &mut answer);
    }
    // What is not proven says nothing; that it is not has been said.
    let entries: Vec<Entry> = examined.proven.iter().filter_map(|seq| Evidence::entry(&evidence, *seq)).collect();
    people(&evidence, &entries, &answer.origin.clone(), root, &mut answer);
    if examined.log.is_none() {
        answer.notes.push("the whole log is not in this file: that no entry was left out is not proven".to_owned());
    }
    if examined.blobs.withheld + examined.objects.withheld > 0 {
        let counts = [("blobs", examined.blobs.withheld), ("objects", examined.objects.withheld)];
        let counts = counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{what} {count}"));
        let counts = counts.collect::<Vec<_>>().join(", ");
        answer.notes.push(format!("left out of the file, and so not checked: {counts}"));
    }
    Ok(answer)
}

/// What people signed, and what they were witnesses of.
fn people(
    records: &dyn Records,
    entries: &[Entry],
    origin: &str,
    root: impl Fn(u64) -> Result<Digest, String>,
    answer: &mut VerifyAnswer,
) {
    words::check(records, entries, answer);
    witnesses::check(records, entries, origin, root, answer);
}

fn one_root(store: &Ledger, size: u64) -> Result<Digest, String> {
    let roots = store.roots(&[size].into()).map_err(|error| error.to_string())?;
    roots.get(&size).copied().ok_or_else(|| "the log is shorter".to_owned())
}

/// The entries of which people's words and mandates are checked.
fn entries(store: &Ledger) -> Result<Vec<Entry>, Error> {
    let kinds = words::KINDS.iter().chain(&witnesses::KINDS).map(|kind| (*kind).to_owned()).collect();
    let mut entries =
        store.entries(&Filter { kinds, ..Filter::default() }).map_err(|error| crate::ledger::error(&error))?;
    entries.sort_by_key(|entry| entry.seq);
    Ok(entries)
}

fn of_report(report: &Report) -> VerifyAnswer {
    VerifyAnswer {
        sound: report.is_intact(),
        entries: report.entries,
        root: report.checkpoint.map_or_else(|| Digest::of(b""), |head| head.root),
        size: report.checkpoint.map_or(0, |head| head.size),
        origin: String::new(),
        problems: findings(&report.findings, report.omitted, ""),
        open_intents: report.open_intents.clone(),
        trustworthy: report.proven,
        evidence: false,
        since: None,
        signatures: 0,
        witnesses: 0,
        silence: quiet_times(report),
        notes: clocks(report)
            .into_iter()
            .chain(quiet_times(report).iter().flat_map(silence_told))
            .chain(redacted(report.blobs.redacted))
            .collect(),
    }
}

fn clocks(report: &Report) -> Vec<String> {
    let told = report.clock_steps.iter().take(3).map(|step| {
        let seconds = step.back_ms / 1_000;
        format!(
            "the host's clock stepped back by {seconds} s before entry {}; the order of entries is certain",
            step.entry
        )
    });
    let more = report.clock_steps.len().checked_sub(3).filter(|more| *more > 0);
    told.chain(more.map(|more| format!("and it stepped back {more} times more"))).collect()
}

/// Of a log that is not whole nothing is said: what seems silent may be what is missing.
fn quiet_times(report: &Report) -> Option<Silence> {
    (report.entries > 0 && report.is_intact()).then(|| report.silence.clone())
}

/// What is gone by right: told, so that nobody takes it for what never was.
fn redacted(count: u64) -> Option<String> {
    let (blobs, them) = if count == 1 { ("blob was", "it") } else { ("blobs were", "them") };
    (count > 0).then(|| {
        format!("{count} {blobs} redacted with authority: `belay audit show` of an entry that names {them} says whose")
    })
}

fn of_examined(examined: &Examined) -> VerifyAnswer {
    let of_log = examined.log.clone().unwrap_or_default();
    let mut answer = of_report(&of_log);
    let problems = findings(&examined.findings, examined.omitted, "");
    answer.problems = problems.into_iter().chain(answer.problems).collect();
    answer.sound = examined.is_intact();
    answer.evidence = true;
    answer.entries = examined.entries;
    answer.root = examined.head.map_or_else(|| Digest::of(b""), |head| head.root);
    answer.size = examined.head.map_or(0, |head| head.size);
    answer.origin = examined.origin.clone().unwrap_or_else(|| "an unknown log".to_owned());
    answer.trustworthy = examined.proven.len() as u64;
    answer.notes.extend(redacted(examined.blobs.redacted));
    answer
}

fn findings(findings: &[belay_ledger::verify::Finding], omitted: u64, before: &str) -> Vec<String> {
    let more = (omitted > 0).then(|| format!("and {omitted} more"));
    findings.iter().map(|finding| format!("{before}{finding}")).chain(more).collect()
}

fn published(folder: &Path) -> std::path::PathBuf {
    let log = folder.join("log");
    if log.is_dir() { log } else { folder.to_owned() }
}

/// The first line of a checkpoint is the log's name.
fn origin(folder: &Path) -> String {
    let checkpoint = std::fs::read_to_string(published(folder).join("checkpoint")).unwrap_or_default();
    checkpoint.lines().next().unwrap_or("an unknown log").to_owned()
}
