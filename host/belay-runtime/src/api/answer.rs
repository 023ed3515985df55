//! Answers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use belay_domain::digest::Digest;
use belay_domain::examined::Examined;

use belay_domain::id::{
    EnvironmentName, FeatureSetName, IncidentId, Millis, PluginName, PointId, ResourceAddress, ResourceName, RunId,
    RunbookName, StageName,
};
use belay_domain::lineage::{Impact, Node};
use belay_domain::mandate::{Destination, Difference, Purpose};
use belay_domain::no_return::NoReturn;
use belay_domain::people::{Need, PersonName};
use belay_domain::plan::StagePlan;
use belay_domain::point::Point;
use belay_domain::quarantine::Quarantined;
use belay_domain::risk::{Assessment, Band};
use belay_domain::runbook::Runbook;
use belay_domain::state::Description;
use belay_domain::verdict::{Judgement, Quorum};
use belay_engine::{Receipt, RunView, Wait};
use serde::{Deserialize, Serialize};

use super::GuardrailFailure;
use super::request::Mark;

/// What a run would do, every stage from the present.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlanAnswer {
    /// Where.
    pub environment: EnvironmentName,
    /// The recipe.
    pub runbook: RunbookName,
    /// What it is applied to.
    pub feature_set: FeatureSetName,
    /// What for.
    pub purpose: Purpose,
    /// Back to what.
    pub destination: Option<Destination>,
    /// For people: `rp-0412 (2 days old, marked good by ana)`.
    pub destination_label: String,
    /// In order.
    pub stages: Vec<PlannedStage>,
    /// Resources that changed since the point, and how: for people.
    pub changed_since: Vec<String>,
    /// Who uses what is rolled back and is not part of the runbook.
    pub not_covered: Vec<String>,
    /// What follows where a stage or a check fails.
    pub on_failure: PlannedFallback,
    /// Resources left out with `--except`.
    pub excepted: Vec<ResourceName>,
    /// When it was planned.
    pub at: Millis,
}

/// What would follow where a stage or a check fails.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlannedFallback {
    /// The run halts, or ends as failed.
    #[default]
    Halt,
    /// What the run wrote is put back.
    Undo,
    /// The stages of another runbook, planned from the present.
    Runbook {
        /// Which.
        name: RunbookName,
        /// In order.
        stages: Vec<PlannedStage>,
    },
}

/// What a stage would do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlannedStage {
    /// Its name.
    pub name: StageName,
    /// Its steps.
    pub plan: StagePlan,
    /// What the plan checker found.
    pub check: PlanCheck,
    /// Its risk.
    pub assessment: Assessment,
    /// What each guardrail said.
    pub verdicts: Vec<GuardrailVerdict>,
    /// From where on nothing takes back what it does; absent: everything can be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_return: Option<NoReturn>,
    /// What follows for a run.
    pub gate: Gate,
    /// What a run would skip of it now, because a system is down; it is not part of the plan.
    pub skipped: Vec<PlannedSkip>,
}

/// A resource that a run would skip, because a system is down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlannedSkip {
    /// Its name.
    pub resource: ResourceName,
    /// Where it lives.
    pub at: ResourceAddress,
    /// How it was noticed that a system is down.
    pub reason: String,
    /// The resource whose system that is, where it is another one, which this one is made from.
    pub with: Option<ResourceName>,
}

/// What the independent plan checker found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanCheck {
    /// The plan keeps the rules.
    Kept(Examined),
    /// It does not: each line says which and how.
    Broken(Vec<String>),
}

/// What a guardrail said, and how.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuardrailVerdict {
    /// Which.
    pub plugin: PluginName,
    /// Whether it binds.
    pub enforced: bool,
    /// What it said.
    pub judgement: Judgement,
    /// Where it could not answer and so denied: why.
    pub failed: Option<GuardrailFailure>,
}

/// What stands between a stage and its run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Gate {
    /// There is nothing to do.
    NothingToDo,
    /// Everything in it would be skipped, because a system is down.
    Skipped,
    /// It runs at once.
    RunsAtOnce {
        /// The band.
        band: Band,
    },
    /// People must approve first.
    NeedsApprovals {
        /// Who, how many, and why.
        quorums: Vec<Quorum>,
    },
    /// It does not run.
    Refused {
        /// Why.
        reasons: Vec<String>,
    },
    /// A resource could not be observed: the run halts before this stage.
    Blind {
        /// Which and why.
        reasons: Vec<String>,
    },
}

/// What a run came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunAnswer {
    /// The run.
    pub run: RunId,
    /// How far it came.
    pub view: RunView,
    /// What was and was not done so far; final once the run is sealed.
    pub receipt: Receipt,
    /// The words that ask for the whole of it: nothing excepted, every stage.
    pub whole_run: String,
}

/// One run in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// Where.
    pub environment: EnvironmentName,
    /// The recipe.
    pub runbook: RunbookName,
    /// What it is applied to.
    pub feature_set: FeatureSetName,
    /// The incident.
    pub incident: Option<IncidentId>,
    /// Who asked.
    pub requester: String,
    /// When.
    pub requested_at: Millis,
    /// How far it came.
    pub view: RunView,
    /// What was and was not done so far; final once the run is sealed.
    pub receipt: Receipt,
    /// The words that ask for the whole of it: nothing excepted, every stage.
    pub whole_run: String,
    /// Whether a process is at work on it now.
    pub owned: bool,
}

/// A run's mandate, to be read and signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MandateAnswer {
    /// The run.
    pub run: RunId,
    /// What people sign, to the last byte.
    pub text: String,
    /// The mandate's digest.
    pub digest: Digest,
    /// Its first digits, which an approver types.
    pub short: String,
    /// What the signature is made for: `ssh-keygen -Y sign -n` takes it.
    pub namespace: String,
    /// How it differs from the last one for the same, where people were asked to approve that.
    pub earlier: Option<Earlier>,
    /// Who must approve, who has, who could; absent where the run doesn't wait.
    pub waits: Option<Wait>,
}

/// How a mandate differs from an earlier one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Earlier {
    /// The run of the earlier one.
    pub run: RunId,
    /// What is gone and what is new.
    pub difference: Difference,
}

/// An approval that was recorded, and what is still missing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApprovalAnswer {
    /// The run.
    pub run: RunId,
    /// Who approved.
    pub person: String,
    /// They had approved before; nothing new was recorded.
    pub already: bool,
    /// Whether the run waits now; it may come to that later.
    pub waits: bool,
    /// Who must approve, who has, who could.
    pub needs: Vec<Need>,
    /// Whether a process waits for it and goes on by itself.
    pub owned: bool,
}

/// What somebody must look at, because the glass was broken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Review {
    /// The run.
    pub run: RunId,
    /// The entry that opened it.
    pub entry: u64,
    /// When.
    pub at: Millis,
    /// Where.
    pub environment: Option<EnvironmentName>,
    /// The incident.
    pub incident: Option<IncidentId>,
    /// Who asked.
    pub requester: String,
    /// Who agreed.
    pub second: String,
    /// Why.
    pub reason: String,
    /// What was overridden.
    pub overrides: Vec<String>,
    /// Whose approval was not waited for.
    pub skipped: Vec<String>,
    /// How it ended; absent while it is open.
    pub closed: Option<Closed>,
}

/// How a review ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Closed {
    /// Who closed it.
    pub by: String,
    /// When.
    pub at: Millis,
    /// What they found.
    pub reason: String,
}

/// A content that is quarantined.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QuarantineAnswer {
    /// Where.
    pub environment: EnvironmentName,
    /// What, and which run left it.
    #[serde(flatten)]
    pub left: Quarantined,
}

/// One runbook in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunbookSummary {
    /// The runbook.
    pub runbook: Runbook,
    /// Feature sets that have all its resources.
    pub serves: Vec<FeatureSetName>,
    /// When it last ran, and how that ended: for people.
    pub last_run: Option<LastRun>,
    /// Who may ask for it and who approves it, for each feature set that it serves, where people are configured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<SetPeople>,
}

/// Who may ask for runs of a feature set, and who approves them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SetPeople {
    /// The feature set.
    pub feature_set: FeatureSetName,
    /// The team that owns it.
    pub team: String,
    /// Where that team talks.
    pub channel: Option<String>,
    /// Who may ask, in any environment.
    pub requesters: Vec<PersonName>,
    /// Who approves, in any environment.
    pub approvers: Vec<PersonName>,
}

/// When a runbook last ran.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LastRun {
    /// The run.
    pub run: RunId,
    /// When it was asked for.
    pub at: Millis,
    /// For people: `restored in 21 s`.
    pub ending: String,
}

/// One point in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PointSummary {
    /// Its name.
    pub id: PointId,
    /// Its manifest's digest.
    pub digest: Digest,
    /// Its manifest.
    pub point: Point,
    /// The last mark, and who made it.
    pub mark: Option<(Mark, String)>,
}

/// How two points, or a point and the present, differ in one resource.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PointDifference {
    /// The resource.
    pub resource: ResourceName,
    /// Its version on the one side; absent where the point has no such resource.
    pub from: Option<String>,
    /// On the other.
    pub to: Option<String>,
    /// Whether the content is equal.
    pub same: bool,
}

/// One plugin of the workspace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PluginSummary {
    /// Its name in `belay.toml`.
    pub name: PluginName,
    /// Its file.
    pub path: PathBuf,
    /// The digest pinned in `belay.lock`.
    pub pinned: Option<Digest>,
    /// The digest of the file as it is.
    pub found: Option<Digest>,
    /// `reverter`, `guardrail`, `probe`.
    pub world: Option<String>,
    /// What it says of itself: version and summary.
    pub version: Option<String>,
    /// One line.
    pub summary: Option<String>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Something that a lint found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// The file, relative to the workspace.
    pub file: PathBuf,
    /// From 1, where it is known.
    pub line: Option<u32>,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What a lint found, and how much it looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LintAnswer {
    /// Environments, feature sets, runbooks and plugins examined.
    pub examined: BTreeMap<String, u64>,
    /// Empty: the workspace is sound.
    pub findings: Vec<Finding>,
    /// Who may ask for what and who approves it, where people are configured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<SetPeople>,
}

/// One entry of the ledger, for reading.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// Its sequence number, from 0.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// Of which run.
    pub run: Option<RunId>,
    /// What kind.
    pub kind: String,
    /// Who.
    pub actor: String,
    /// For people: what it says.
    pub summary: String,
    /// The entry's canonical JSON.
    pub entry: String,
}

/// That the search index was made again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reindexed {
    /// How many entries it took up.
    pub entries: u64,
}

/// A heartbeat that was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Its entry.
    pub entry: u64,
    /// When.
    pub at: Millis,
    /// How long before it nothing had been recorded, in milliseconds.
    pub quiet_ms: u64,
    /// The log with it: so many entries,
    pub size: u64,
    /// and this root.
    pub root: Digest,
}

/// One entry, whole, with its proof.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EntryAnswer {
    /// The entry.
    pub line: LogLine,
    /// Its leaf hash.
    pub leaf: Digest,
    /// The hashes from the leaf to the root.
    pub proof: Vec<Digest>,
    /// The signed checkpoint that the proof leads to.
    pub checkpoint: String,
    /// The blobs and objects that it names: name and length, and the text where it is text.
    pub attachments: Vec<Attachment>,
}

impl EntryAnswer {
    /// The proof as C2SP's tlog-proof v1 writes it.
    pub fn proof_text(&self) -> String {
        let (hashes, checkpoint) = (self.proof.clone(), self.checkpoint.clone());
        belay_ledger::evidence::InclusionProof { index: self.line.seq, hashes, checkpoint }.to_string()
    }
}

/// Bytes beside the log that an entry names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attachment {
    /// The commitment or digest that names them.
    pub digest: Digest,
    /// What they are.
    pub name: String,
    /// How many; absent where they were redacted, or are missing.
    pub size: Option<u64>,
    /// The entry that took them away, with authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redacted_by: Option<u64>,
    /// As text, where they are UTF-8 and short.
    pub text: Option<String>,
}

/// What a component is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PluginInspection {
    /// The component's SHA-256.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    /// `reverter`, `guardrail`, `probe`.
    pub world: String,
    /// The version of the contract that it was built against.
    pub wit: String,
    /// Whether it runs only as `limits = "large"` in `belay.toml` allows.
    pub large: bool,
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// What it says of itself.
    pub description: Option<Description>,
    /// Why it could not say that.
    pub problem: Option<String>,
}

/// Whether a feature set could be rolled back now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GateAnswer {
    /// Where.
    pub environment: EnvironmentName,
    /// What.
    pub feature_set: FeatureSetName,
    /// Whether no check failed.
    pub open: bool,
    /// Each check.
    pub checks: Vec<GateCheck>,
}

/// One check of a gate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GateCheck {
    /// What was looked at: `point`, `artifacts`, `runbook NAME`, `guardrails`, `quarantine`.
    pub check: String,
    /// What came of it.
    pub word: GateWord,
    /// What was found, for people.
    pub found: String,
}

/// What came of a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateWord {
    /// As it should be.
    Passed,
    /// The gate is closed for it.
    Failed,
    /// It could not be looked at, which says nothing.
    NotTried,
}

impl GateCheck {
    pub(crate) fn passed(check: &str, found: String) -> Self {
        Self { check: check.to_owned(), word: GateWord::Passed, found }
    }

    pub(crate) fn failed(check: &str, found: String) -> Self {
        Self { check: check.to_owned(), word: GateWord::Failed, found }
    }

    pub(crate) fn not_tried(check: &str, found: String) -> Self {
        Self { check: check.to_owned(), word: GateWord::NotTried, found }
    }
}

/// What hangs together with something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImpactAnswer {
    /// As it was asked for.
    pub name: String,
    /// Upstream, downstream and consumers.
    #[serde(flatten)]
    pub impact: Impact,
    /// The runbooks with a step for it.
    pub runbooks: Vec<Covering>,
}

/// A runbook, and which of the resources it has a step for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Covering {
    /// The runbook.
    pub runbook: RunbookName,
    /// The resources.
    pub covers: Vec<Node>,
}

/// What was active at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeaturesAnswer {
    /// Where.
    pub environment: EnvironmentName,
    /// When.
    pub at: Millis,
    /// Each feature set.
    pub sets: Vec<ActiveSet>,
}

/// What was active of a feature set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActiveSet {
    /// The set.
    pub feature_set: FeatureSetName,
    /// The newest point of it then.
    pub point: Option<PointId>,
    /// Each resource.
    pub resources: Vec<ActiveResource>,
}

/// What is known of a resource around a moment. Between the two sightings nobody looked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActiveResource {
    /// Its name.
    pub name: ResourceName,
    /// Where it lives.
    pub at: ResourceAddress,
    /// The last sighting at or before the moment.
    pub last: Option<Seen>,
    /// The first one after it.
    pub next: Option<Seen>,
}

/// A sighting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// When.
    pub at: Millis,
    /// The version's label.
    pub version: String,
    /// The content's digest.
    pub content: Digest,
    /// For people: `left by r-77`, `captured`, `changed outside belay`.
    pub by: String,
}
