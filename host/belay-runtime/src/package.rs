//! The rollback package: a mandate with all that it needs in one file. Made on belay's host, and good there only: what
//! a package says is held against what the ledger recorded when it was made.
//!
//! `belay-package 1\n`, the SHA-256 of all that follows in hex, `\n`, the index's length in decimal, `\n`, the index
//! (canonical JSON: name, length and SHA-256 of each part, in order), then the parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use belay_domain::digest::Digest;
use belay_domain::id::RunId;
use belay_domain::json::Json;
use belay_engine::RunSpec;
use belay_ledger::{Blob, Entry, Filter, Object};
use serde::{Deserialize, Serialize};

use crate::api::Error;
use crate::bindings;
use crate::clock;
use crate::host::Host;
use crate::identity;
use crate::ledger;
use crate::planner::Ground;
use crate::prepare;
use crate::record::Cause;
use crate::resolve;
use crate::standing;

const MAGIC: &[u8] = b"belay-package 1\n";
const MADE: &str = "package.made";
const SPEC: &str = "run.json";
/// The largest package that is read, in bytes.
const MAX_BYTES: usize = 512 << 20;

#[derive(Serialize, Deserialize)]
struct Part {
    name: String,
    size: u64,
    sha256: Digest,
}

/// Makes a package and records it.
pub(crate) async fn write(host: &Host, ground: &Ground, spec: &RunSpec) -> Result<Vec<u8>, Error> {
    let mut parts: Vec<(String, Vec<u8>)> = vec![
        (SPEC.to_owned(), canonical(spec)?),
        ("mandate.json".to_owned(), canonical(&spec.mandate)?),
        ("feature_set.json".to_owned(), canonical(&ground.feature_set)?),
    ];
    let rules = standing::in_force(host)?;
    parts.push(("governance.json".to_owned(), rules.canonical().into_bytes()));
    if let Some(runbook) = host.workspace.runbooks.get(&ground.runbook.name) {
        parts.push(("runbook.json".to_owned(), canonical(runbook)?));
    }
    if let belay_domain::mandate::Destination::Point { digest, .. } = &ground.destination
        && let Some(point) = host.ledger.object(digest).map_err(|error| ledger::error(&error))?
    {
        parts.push(("point.json".to_owned(), point));
    }
    for (plugin, digest) in &spec.mandate.components {
        let bytes = host.component(plugin)?;
        if Digest::of(&bytes) != *digest {
            return Err(Error::refused(format!("the plugin `{plugin}` changed since it was pinned"))
                .changed("no package was made")
                .next("belay plugin list"));
        }
        parts.push((format!("components/{plugin}.wasm"), bytes));
    }
    let bytes = pack(&parts)?;
    let spec_blob = Blob::seal(SPEC, canonical(spec)?).map_err(|error| ledger::error(&error))?;
    let mut cause = ground.cause.clone();
    cause.run = None;
    let body = serde_json::json!({
        "package": Digest::of(&bytes), "mandate": spec.mandate.digest().ok(), "run": spec.id(),
        "expires_at": spec.mandate.expires_at, "spec": spec_blob.commitment(),
    });
    let mut draft = cause.draft(MADE, body)?;
    draft.blobs.push(spec_blob);
    // What it was made under, so that a refusal can say what changed.
    draft.objects.push(Object::new(rules.canonical()));
    ledger::append(&host.ledger, draft.into())
        .await
        .map_err(|error| ledger::error(&error).changed("no package was made; without a record nothing is done"))?;
    Ok(bytes)
}

fn canonical(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    let json = Json::from(value).map_err(|error| Error::failed(format!("the package can't be written: {error}")))?;
    Ok(json.canonical().into_bytes())
}

fn pack(parts: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Error> {
    let index: Vec<Part> = parts
        .iter()
        .map(|(name, bytes)| Part { name: name.clone(), size: bytes.len() as u64, sha256: Digest::of(bytes) })
        .collect();
    let index = canonical(&index)?;
    let mut rest = format!("{}\n", index.len()).into_bytes();
    rest.extend_from_slice(&index);
    for (_, bytes) in parts {
        rest.extend_from_slice(bytes);
    }
    let mut file = MAGIC.to_vec();
    file.extend_from_slice(format!("{}\n", Digest::of(&rest)).as_bytes());
    file.extend_from_slice(&rest);
    Ok(file)
}

/// Why a file is no package.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
enum Damaged {
    #[error("it is no rollback package of this version: its first line is not `belay-package 1`")]
    Magic,
    #[error("it is larger than any package: {0} bytes")]
    TooLarge(usize),
    #[error("its heading can't be read: the digest in its second line, the index's length or the index was changed")]
    Heading,
    #[error("its part {0} was changed")]
    Part(String),
    #[error("it ends before its part {0} does")]
    Short(String),
    #[error("it goes on after its last part")]
    Long,
    #[error("the digest in its second line is not that of what follows")]
    Whole,
}

/// The parts by name, each as its index says.
fn unpack(file: &[u8]) -> Result<BTreeMap<String, &[u8]>, Damaged> {
    if file.len() > MAX_BYTES {
        return Err(Damaged::TooLarge(file.len()));
    }
    let body = file.strip_prefix(MAGIC).ok_or(Damaged::Magic)?;
    let (whole, rest) = line(body).ok_or(Damaged::Heading)?;
    let whole: Digest = whole.parse().map_err(|_| Damaged::Heading)?;
    let (length, after) = line(rest).ok_or(Damaged::Heading)?;
    let length: usize = length.parse().map_err(|_| Damaged::Heading)?;
    let (index, mut left) = after.split_at_checked(length).ok_or(Damaged::Heading)?;
    let index: Vec<Part> = Json::parse_bytes(index).and_then(|json| json.to()).map_err(|_| Damaged::Heading)?;
    let mut parts = BTreeMap::new();
    let mut changed = None;
    for part in index {
        let size = usize::try_from(part.size).unwrap_or(usize::MAX);
        let (bytes, more) = left.split_at_checked(size).ok_or_else(|| Damaged::Short(part.name.clone()))?;
        if Digest::of(bytes) != part.sha256 {
            changed.get_or_insert(part.name.clone());
        }
        parts.insert(part.name, bytes);
        left = more;
    }
    match changed {
        Some(name) => Err(Damaged::Part(name)),
        None if !left.is_empty() => Err(Damaged::Long),
        None if Digest::of(rest) != whole => Err(Damaged::Whole),
        None => Ok(parts),
    }
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().take(100).position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(line).ok()?, rest.get(1..)?))
}

/// Reads a package and says whether it may run here, now.
pub(crate) async fn read(host: &Arc<Host>, file: &[u8]) -> Result<(Ground, RunSpec), Error> {
    let refused = |what: String| Error::refused(what).changed("nothing was changed");
    let parts = unpack(file).map_err(|damaged| {
        refused(format!("the package was changed: {damaged}")).next("make it again: belay plan … -o FILE")
    })?;
    let spec = parts.get(SPEC).ok_or_else(|| refused(format!("the package has no {SPEC}")))?;
    let spec: RunSpec = Json::parse_bytes(spec)
        .and_then(|json| json.to())
        .map_err(|error| refused(format!("the package's {SPEC} can't be read: {error}")))?;
    recorded_here(host, file)?;
    let mandate = &spec.mandate;
    let now = clock::now();
    if now > mandate.expires_at {
        let minutes = now.since(mandate.expires_at) / 60_000;
        return Err(refused(format!("the package expired {minutes} minutes ago"))
            .next(format!("belay plan {} {} … -o FILE", mandate.runbook.name, mandate.feature_set.name)));
    }
    let (environment_name, environment) = resolve::environment(&host.workspace, Some(&mandate.environment))?;
    bindings::hold(host, &host.workspace, mandate, "the package")?;
    let feature_set =
        parts.get("feature_set.json").ok_or_else(|| refused("the package has no feature set".to_owned()))?;
    let feature_set = Json::parse_bytes(feature_set)
        .and_then(|json| json.to())
        .map_err(|error| refused(format!("the package's feature set can't be read: {error}")))?;
    let mut cause = Cause::of(&host.requester).within(&environment_name);
    cause.run = Some(mandate.run.clone());
    cause.incident.clone_from(&mandate.incident);
    let ground = Ground {
        host: Arc::clone(host),
        cause,
        environment_name,
        environment: prepare::tightened(environment, host.workspace.runbooks.get(&mandate.runbook.name)),
        feature_set,
        purpose: mandate.purpose.clone(),
        destination: mandate.destination.clone(),
        runbook: mandate.runbook.clone(),
        restored: prepare::restored(&spec.stages),
        may_leave: spec.may_leave.clone(),
        pins: prepare::pins_of(&spec.stages),
        probes: spec.checks.iter().map(|check| check.probe.clone()).collect(),
        stages: spec.stages.iter().map(|stage| stage.name.clone()).collect(),
        left: BTreeMap::new(),
        key: identity::key(&mandate.run, &mandate.nonce),
    };
    Ok((ground, spec))
}

/// What a run would be made from of which a package was made, where it is not opened yet.
pub(crate) fn unopened(host: &Host, run: &RunId) -> Result<Option<RunSpec>, Error> {
    let filter = Filter { kinds: vec![MADE.to_owned()], newest_first: true, ..Filter::default() };
    let made = host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
    let of_run = |entry: &&Entry| entry.body.value().get("run").is_some_and(|found| found == run.as_str());
    let Some(entry) = made.iter().find(of_run) else { return Ok(None) };
    let Some(commitment) = entry.blobs.first() else { return Ok(None) };
    let blob = host.ledger.blob(entry, commitment).map_err(|error| ledger::error(&error))?;
    Ok(blob.present().and_then(|blob| Json::parse_bytes(&blob.bytes).and_then(|json| json.to()).ok()))
}

/// A package that this ledger did not record was made elsewhere, or by somebody else.
fn recorded_here(host: &Host, file: &[u8]) -> Result<(), Error> {
    let filter = Filter { kinds: vec![MADE.to_owned()], newest_first: true, ..Filter::default() };
    let made = host.ledger.entries(&filter).map_err(|error| ledger::error(&error))?;
    let digest = Digest::of(file).to_string();
    let known = made.iter().any(|entry| entry.body.value().get("package").is_some_and(|found| *found == digest));
    if known {
        return Ok(());
    }
    Err(Error::refused("the package was not made with this ledger")
        .changed("nothing was changed")
        .next("run it on the host where it was made, or plan here: belay plan …"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed() -> Vec<u8> {
        pack(&[("a".to_owned(), b"first".to_vec()), ("b".to_owned(), b"second".to_vec())]).unwrap()
    }

    #[test]
    fn a_package_gives_back_its_parts() {
        let file = packed();
        let parts = unpack(&file).unwrap();
        assert_eq!(parts["a"], b"first");
        assert_eq!(parts["b"], b"second");
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let file = packed();
        for index in 0..file.len() {
            for bit in [1, 0x20, 0x80] {
                let mut changed = file.clone();
                changed[index] ^= bit;
                assert!(unpack(&changed).is_err(), "byte {index}, bit {bit}");
            }
        }
    }

    #[test]
    fn it_is_said_which_part_was_changed() {
        let file = packed();
        let mut changed = file.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(unpack(&changed), Err(Damaged::Part("b".to_owned())));
        assert_eq!(unpack(&file[..file.len() - 1]), Err(Damaged::Short("b".to_owned())));
        assert_eq!(unpack(&[&file[..], b"x"].concat()), Err(Damaged::Long));
        assert_eq!(unpack(b"hello"), Err(Damaged::Magic));
    }
}
