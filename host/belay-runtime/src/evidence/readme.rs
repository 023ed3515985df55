//! The page inside the file that says how to check it, for somebody who has Debian and nothing of belay's. Its commands are
//! run word for word by a test.

use belay_domain::grouped::Grouped;
use belay_ledger::SignedCheckpoint;

use super::Chosen;
use crate::api::ExportRequest;

const BEGIN: &str = include_str!("readme/begin.md");
const SIGNED: &str = include_str!("readme/signed.md");
const UNSIGNED: &str = include_str!("readme/unsigned.md");
const WITH_LOG: &str = include_str!("readme/with_log.md");
const WITHOUT_LOG: &str = include_str!("readme/without_log.md");
const END: &str = include_str!("readme/end.md");

/// The page for one file.
pub(super) fn text(
    checkpoint: &SignedCheckpoint,
    request: &ExportRequest,
    chosen: &Chosen,
    has_signatures: bool,
) -> String {
    let origin = checkpoint.note.lines().next().unwrap_or_default();
    let begin = BEGIN
        .replace("{origin}", origin)
        .replace("{entries}", &Grouped(chosen.entries.len() as u64).to_string())
        .replace("{size}", &Grouped(checkpoint.head.size).to_string())
        .replace("{about}", &about(request))
        .replace("{lines}", &super::VERIFIER.lines().count().to_string());
    let signed = if has_signatures { SIGNED } else { UNSIGNED };
    let log = if request.with_log { WITH_LOG } else { WITHOUT_LOG };
    [&begin, signed, log, END].concat()
}

/// What was asked for, in words. Names have no characters that could mean something to a reader of Markdown.
pub(super) fn about(request: &ExportRequest) -> String {
    let mut parts = Vec::new();
    parts.extend(request.run.as_ref().map(|run| format!("the run {run}")));
    parts.extend(request.incident.as_ref().map(|incident| format!("the incident {incident}")));
    parts.extend(request.environment.as_ref().map(|name| format!("the environment {name}")));
    parts.extend(request.from.map(|from| format!("not before {}", crate::audit::csv::time(from))));
    parts.extend(request.to.map(|to| format!("not after {}", crate::audit::csv::time(to))));
    if parts.is_empty() { "the whole log".to_owned() } else { parts.join(", ") }
}
