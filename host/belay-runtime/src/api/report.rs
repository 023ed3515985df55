//! The auditor's population: every run and every exception of a time, with a statement of how complete it is.

use belay_domain::digest::Digest;
use belay_domain::id::{EnvironmentName, IncidentId, Millis, RunId};
pub use belay_ledger::silence::{Awaited, Gap, Silence};
use serde::{Deserialize, Serialize};

/// Which part of the log to report on.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ReportRequest {
    /// From this moment on; without it, from the first entry.
    pub from: Option<Millis>,
    /// Before this moment; without it, to the last entry.
    pub to: Option<Millis>,
    /// Of this environment only.
    pub environment: Option<EnvironmentName>,
    /// On what this team owns only.
    pub team: Option<String>,
}

/// The report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReportAnswer {
    /// What was asked for.
    pub request: ReportRequest,
    /// When it was made.
    pub made_at: Millis,
    /// What it was made from, and what is missing.
    pub completeness: Completeness,
    /// Every run that has an entry in that time, the oldest first.
    pub runs: Vec<RunRow>,
    /// Everything out of the ordinary, by entry.
    pub exceptions: Vec<ExceptionRow>,
    /// Who held which role when.
    pub roles: Vec<RoleRow>,
    /// Changes of plugins, rules, keys and of the record itself.
    pub changes: Vec<ChangeRow>,
}

/// A tree head.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HeadOf {
    /// So many entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
}

/// How complete a report is, and by what that can be checked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Completeness {
    /// The log's name.
    pub origin: String,
    /// The log before the first entry that the report is made from.
    pub before: HeadOf,
    /// The log with the last one. All entries between the two were read.
    pub after: HeadOf,
    /// The whole log when the report was made, signed.
    pub checkpoint: String,
    /// That the log of `before` is the beginning of the one of `checkpoint`: RFC 6962.
    pub before_proof: Vec<Digest>,
    /// The same of `after`.
    pub after_proof: Vec<Digest>,
    /// Whether the whole log was found sound.
    pub sound: bool,
    /// What is wrong with it.
    pub problems: Vec<String>,
    /// Intents without an outcome: a run is under way, or must be resumed.
    pub open_intents: Vec<u64>,
    /// Runs of which more was recorded than can still be read: details of theirs were redacted or are gone.
    pub unreadable: Vec<RunId>,
    /// How often the clock stepped back by more than entries of several processes may be out of order; at most 100 are
    /// counted.
    pub clock_steps: u64,
    /// Whether the time was silent, and whether that can be told; what is awaited where the time goes to the log's end.
    pub silence: Silence,
}

/// One run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunRow {
    /// Which.
    pub run: RunId,
    /// Its first entry.
    pub entry: u64,
    /// Where.
    pub environment: Option<EnvironmentName>,
    /// Of which incident.
    pub incident: Option<IncidentId>,
    /// The recipe.
    pub runbook: String,
    /// The feature set.
    pub feature_set: String,
    /// The team that owns it.
    pub team: String,
    /// `rollback`, or `undo of r-3`.
    pub purpose: String,
    /// Who asked.
    pub requester: String,
    /// Whether the request was signed.
    pub signed: bool,
    /// Who approved.
    pub approvers: Vec<String>,
    /// Who said no.
    pub rejected_by: Vec<String>,
    /// The highest risk of any plan of its stages; absent where it planned nothing.
    pub risk: Option<u64>,
    /// How many writes are known to have happened.
    pub writes: u64,
    /// How it ended: `done`, `partial`, `failed`; `open` where it has not.
    pub outcome: String,
    /// When it was opened.
    pub opened_at: Millis,
    /// When every stage was restored.
    pub restored_at: Option<Millis>,
    /// When it was sealed.
    pub ended_at: Option<Millis>,
    /// What the runbook promised, from request to restored, in milliseconds.
    pub promised_ms: Option<u64>,
    /// What it took, in milliseconds.
    pub took_ms: Option<u64>,
    /// Whether the promise was kept; absent where nothing was promised, or the receipt can't be read.
    pub kept: Option<bool>,
}

/// What is out of the ordinary.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// Two people overrode bands or denials.
    BreakGlass,
    /// Nobody could tell whether a write happened.
    UnknownOutcome,
    /// A person said whether it had.
    ResolvedOutcome,
    /// A guardrail denied, and the stage was written all the same: it was not binding, or was overridden.
    DenialPassed,
    /// A resource changed with no run to explain it.
    ChangedOutside,
    /// A run wrote and nobody approved it: its risk asked for none.
    WithoutApproval,
    /// A run ended and left something out.
    Partial,
    /// A check was not made, or gave no data.
    SkippedCheck,
    /// A resource was left as it was.
    SkippedResource,
    /// A promise of the service level was not kept.
    ServiceLevelMissed,
    /// A run failed, fell back, was refused, aborted or turned down.
    NotDone,
    /// A run was taken from the process that worked on it.
    TakenOver,
    /// A request was refused.
    Refused,
    /// A run has not ended.
    Open,
    /// Something could not be recorded when it happened.
    NotRecorded,
}

/// One exception.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExceptionRow {
    /// Which kind.
    pub kind: ExceptionKind,
    /// The entry that shows it.
    pub entry: u64,
    /// When.
    pub at: Millis,
    /// Of which run.
    pub run: Option<RunId>,
    /// Where.
    pub environment: Option<EnvironmentName>,
    /// Whose doing.
    pub who: String,
    /// For people.
    pub what: String,
}

/// Somebody's role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RoleRow {
    /// Who.
    pub person: String,
    /// Which role.
    pub role: String,
    /// Of which team; absent for roles that no team gives.
    pub team: Option<String>,
    /// Since when the ledger knows it.
    pub from: Millis,
    /// The entry that says so.
    pub entry: u64,
    /// Until when; absent where it was held at the end of the time.
    pub to: Option<Millis>,
}

/// A change of what decides: a plugin, the rules, a key, the record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChangeRow {
    /// The entry.
    pub entry: u64,
    /// When.
    pub at: Millis,
    /// Who.
    pub who: String,
    /// The entry's kind.
    pub kind: String,
    /// For people.
    pub what: String,
}
