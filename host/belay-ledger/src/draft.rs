//! What callers hand in: drafts of entries, and batches of drafts with conditions. Nothing here is durable yet.

use belay_domain::digest::{Commitment, Digest, Salt};
use belay_domain::id::{EnvironmentName, Epoch, IncidentId, Millis, ResourceAddress, RunId};
use belay_domain::json::Json;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::note::Verifier;
use crate::vault::Scope;

/// Whether an entry is about real systems or about a drill.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Real systems.
    #[default]
    Live,
    /// A rehearsal.
    Drill,
}

/// Who acts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Who, as authenticated.
    pub name: String,
    /// How: `os-user`, a key's id.
    pub authenticated_by: String,
    /// For whom, where that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

/// An entry before the ledger gives it its sequence number.
#[derive(Clone, Debug)]
pub struct Draft {
    /// When it happened, by the host's clock. Clocks step back; the sequence orders.
    pub at: Millis,
    /// The environment that it is about.
    pub environment: Option<EnvironmentName>,
    /// Live or drill.
    pub mode: Mode,
    /// The run that it belongs to.
    pub run: Option<RunId>,
    /// The sequence number of the entry that it belongs to: a read's call, an outcome's intent.
    pub parent: Option<u64>,
    /// What kind of entry; see [`crate::kind::fits`].
    pub kind: String,
    /// Who acts.
    pub actor: Actor,
    /// The incident.
    pub incident: Option<IncidentId>,
    /// Why, in somebody's words.
    pub reason: Option<String>,
    /// The rest.
    pub body: Json,
    /// What may hold somebody's data. The entry lists the commitments; the body says what each one is.
    pub blobs: Vec<Blob>,
    /// What is public to every reader of the log and named by plain digest. The entry lists the digests.
    pub objects: Vec<Object>,
}

impl Draft {
    /// A draft of a kind with a body; the rest is absent, the mode is live.
    pub fn new(at: Millis, kind: &str, actor: Actor, body: Json) -> Self {
        Self {
            at,
            environment: None,
            mode: Mode::Live,
            run: None,
            parent: None,
            kind: kind.to_owned(),
            actor,
            incident: None,
            reason: None,
            body,
            blobs: Vec::new(),
            objects: Vec::new(),
        }
    }
}

/// Bytes that may have to be redacted one day, under a name, with the salted commitment that names them in entries.
#[derive(Clone)]
pub struct Blob {
    pub(crate) commitment: Commitment,
    pub(crate) salt: Salt,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Blob {
    /// Commits to `bytes` under a fresh random salt of 128 bits. Fails only where the system gives no randomness.
    pub fn seal(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let mut salt = Salt([0; 16]);
        getrandom::fill(&mut salt.0)
            .map_err(|error| Error::Io { what: "the system's randomness".to_owned(), cause: error.to_string() })?;
        let (name, bytes) = (name.into(), bytes.into());
        Ok(Self { commitment: Commitment::to(&salt, &name, &bytes), salt, name, bytes })
    }

    /// What names it, for the entry's body.
    pub const fn commitment(&self) -> &Commitment {
        &self.commitment
    }
}

impl std::fmt::Debug for Blob {
    /// Says nothing of the bytes or the salt: a blob may hold somebody's data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blob({} {}, {} bytes)", self.name, self.commitment, self.bytes.len())
    }
}

/// Bytes named by their SHA-256: a component, a point, a runbook, governance. Storing one twice stores it once.
#[derive(Clone)]
pub struct Object {
    pub(crate) digest: Digest,
    pub(crate) bytes: Vec<u8>,
}

impl Object {
    /// Names the bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self { digest: Digest::of(&bytes), bytes }
    }

    /// What names it.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Object({}, {} bytes)", self.digest, self.bytes.len())
    }
}

/// Drafts that become durable together, if all conditions hold, or not at all. Without drafts it makes durable what was
/// recorded before it.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// In this order, with nothing between them.
    pub drafts: Vec<Draft>,
    /// Checked and applied in this order, before the drafts, in the same transaction.
    pub conditions: Vec<Condition>,
}

impl From<Draft> for Batch {
    fn from(draft: Draft) -> Self {
        Self { drafts: vec![draft], conditions: Vec::new() }
    }
}

/// What must hold when a batch is written, and the derived state that changes with it.
///
/// The tables behind conditions only index what entries say, so that a check takes one look-up: whoever claims a run,
/// locks resources or uses a nonce appends, in the same batch, the entry that says so.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Makes `epoch` the run's owner. Requires that the owner is `expect`; `None` is a run that nobody has owned.
    OwnRun {
        /// The run.
        run: RunId,
        /// The new owner's epoch; above `expect`.
        epoch: Epoch,
        /// The owner until now.
        expect: Option<Epoch>,
    },
    /// Requires that the run's owner has this epoch.
    OwnerIs {
        /// The run.
        run: RunId,
        /// The owner's epoch.
        epoch: Epoch,
    },
    /// Locks resources for a run; [`Error::Held`] if another run holds one. What the run holds already is no conflict.
    Lock {
        /// Which, and where.
        resources: Vec<(EnvironmentName, ResourceAddress)>,
        /// For which run.
        run: RunId,
        /// Its owner's epoch.
        epoch: Epoch,
        /// Since when; shown to whoever is refused.
        since: Millis,
        /// Who; shown to whoever is refused.
        who: String,
    },
    /// Frees all that the run holds.
    Unlock {
        /// The run.
        run: RunId,
    },
    /// Uses up a nonce; [`Error::AlreadyUsed`] if it was used, by whomever.
    UseOnce {
        /// What may be used once: a package's or a mandate's digest.
        nonce: Digest,
        /// For which run.
        run: RunId,
    },
    /// Makes `after` the key that signs; [`Error::Moved`] unless `before` is. Only with the entry that says so.
    SignWith {
        /// The key that signs now.
        before: Box<Verifier>,
        /// The key that signs from now on.
        after: Box<Verifier>,
    },
    /// Requires that the newest entry of a kind is this one; [`Error::Moved`] otherwise. So two processes that both
    /// looked at it can't both build on it.
    Newest {
        /// The kind.
        kind: String,
        /// Its sequence number; `None`: there is no such entry.
        expect: Option<u64>,
    },
    /// Takes blobs of an entry away, by the authority of this batch's first entry, which names them. Refused with
    /// [`Error::OnHold`] under a hold. They count as redacted at once; [`crate::Ledger::finish_redactions`] destroys them.
    Redact {
        /// The entry that they came with.
        seq: u64,
        /// Their places among the entry's blobs, from 0.
        blobs: Vec<usize>,
    },
    /// Takes away all blobs of these scopes, but for those of entries of some kinds, by the authority of this batch's first
    /// entry. Refused with [`Error::OnHold`] under a hold.
    Retain {
        /// The scopes.
        scopes: Vec<Scope>,
        /// Kinds of entries that keep their blobs.
        kept: Vec<String>,
    },
    /// Sets a hold, named by this batch's first entry: nothing that it covers can be taken away.
    Hold(OnHold),
    /// Lifts the hold that this entry set; [`Error::NoHold`] if there is none.
    Lift(u64),
}

/// What a hold covers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum OnHold {
    /// The entries of a run.
    Run(RunId),
    /// The entries of an incident, and of every run that has one of them.
    Incident(IncidentId),
    /// Everything.
    Everything,
}

impl Condition {
    /// Whether it is the first claim of a run.
    pub(crate) const fn begins_a_run(&self) -> bool {
        matches!(self, Self::OwnRun { expect: None, .. })
    }
}

/// A resource that a run holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// Where.
    pub environment: EnvironmentName,
    /// What.
    pub resource: ResourceAddress,
    /// The run that holds it.
    pub run: RunId,
    /// Its owner's epoch at the time.
    pub epoch: Epoch,
    /// Since when.
    pub since: Millis,
    /// Who.
    pub who: String,
}

/// What is numbered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counter {
    /// Runs: `r-77`.
    Run,
    /// Rollback points: `rp-0412`.
    Point,
}

impl Counter {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Point => "point",
        }
    }
}
