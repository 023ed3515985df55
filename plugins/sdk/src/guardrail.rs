//! Policies.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::bindings::guardrail::exports::belay::plugin::judging;
use crate::{About, Description, Fault, Judgement, Quorum, Verdict, json, schema_of};

/// A policy: a pure function from facts to a judgement.
pub trait Guardrail {
    /// What the policy is; usually `belay_sdk::about!()`.
    const ABOUT: About;
    /// The part of the facts that the policy reads. Should ignore fields that it doesn't know: facts grow.
    type Facts: DeserializeOwned;
    /// What the operator configures. Should refuse fields that it doesn't know: a limit with a typing error is none.
    type Config: DeserializeOwned + JsonSchema;

    /// Judges. A fault counts as a denial.
    fn judge(facts: Self::Facts, config: Self::Config) -> Result<Judgement, Fault>;
}

impl<T: Guardrail> judging::Guest for T {
    fn describe() -> Description {
        T::ABOUT.describe(schema_of::<T::Config>(), "{}".to_owned())
    }

    fn judge(facts: String, config: String) -> Result<Judgement, Fault> {
        T::judge(json::configured(&facts, "the facts")?, json::configured(&config, "the configuration")?)
    }
}

impl Judgement {
    /// It may go on.
    pub fn allow() -> Self {
        Self::from(Verdict::Allow)
    }

    /// It may not, for these reasons.
    pub fn deny(reasons: impl IntoIterator<Item = String>) -> Self {
        Self::from(Verdict::Deny(reasons.into_iter().collect()))
    }

    /// It may, once these have approved.
    pub fn needs_approvals(quorums: impl IntoIterator<Item = Quorum>) -> Self {
        Self::from(Verdict::NeedsApprovals(quorums.into_iter().collect()))
    }

    /// Adds what the plan's reader should know.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl From<Verdict> for Judgement {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, factors: Vec::new(), notes: Vec::new() }
    }
}
