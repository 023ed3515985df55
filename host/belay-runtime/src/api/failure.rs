//! Why a guardrail gave no verdict of its own. It has denied all the same; nobody should blame the policy for it.

use std::fmt;

use belay_sandbox::CallError;
use serde::{Deserialize, Serialize};

/// Why a guardrail gave no verdict.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuardrailFailure {
    /// Which kind of failure.
    pub kind: FailureKind,
    /// In words.
    pub reason: String,
}

/// Kinds of failure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// `[plugin]` doesn't name it, or its file can't be read.
    Missing,
    /// `belay.lock` has no digest of it.
    NotPinned,
    /// Its file has another digest than `belay.lock`.
    OtherDigest,
    /// Its file is no component that this host can run.
    NotLoadable,
    /// It is a reverter or a probe.
    OtherWorld,
    /// It said itself that it can't judge: a wrong configuration, facts that it doesn't understand.
    Declined,
    /// It trapped.
    Crashed,
    /// It used up its fuel.
    OutOfFuel,
    /// It took too long.
    TimedOut,
    /// It wanted more memory, tables or output than it may have.
    OverLimit,
    /// It answered with something that can't be.
    Nonsense,
    /// belay could not make the call.
    NotCalled,
}

impl FailureKind {
    /// How a call without an answer failed.
    pub const fn of(error: &CallError) -> Self {
        match error {
            CallError::Fault(_) => Self::Declined,
            CallError::Trap(_) => Self::Crashed,
            CallError::OutOfFuel => Self::OutOfFuel,
            CallError::TimedOut(_) => Self::TimedOut,
            CallError::OverLimit(_) => Self::OverLimit,
            CallError::Nonsense(_) => Self::Nonsense,
            CallError::HostFailed(_) => Self::NotCalled,
        }
    }

    /// For people: `the plugin crashed`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Missing => "the plugin is missing",
            Self::NotPinned => "the plugin is not pinned",
            Self::OtherDigest => "the plugin is not the pinned one",
            Self::NotLoadable => "the plugin can't be loaded",
            Self::OtherWorld => "the plugin is no guardrail",
            Self::Declined => "the plugin declined to judge",
            Self::Crashed => "the plugin crashed",
            Self::OutOfFuel => "the plugin used up its fuel",
            Self::TimedOut => "the plugin took too long",
            Self::OverLimit => "the plugin went over its limits",
            Self::Nonsense => "the plugin's answer makes no sense",
            Self::NotCalled => "belay could not ask the plugin",
        }
    }
}

impl fmt::Display for GuardrailFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blame = match self.kind {
            FailureKind::Declined => "the policy or its configuration is wrong",
            FailureKind::Missing
            | FailureKind::NotPinned
            | FailureKind::OtherDigest
            | FailureKind::NotLoadable
            | FailureKind::OtherWorld
            | FailureKind::Crashed
            | FailureKind::OutOfFuel
            | FailureKind::TimedOut
            | FailureKind::OverLimit
            | FailureKind::Nonsense
            | FailureKind::NotCalled => "the plugin failed, whatever its policy says",
        };
        write!(f, "{blame} ({})", self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belay_domain::state::Fault;
    use belay_sandbox::{Deadline, Limit};

    #[test]
    fn each_way_to_fail_has_its_own_words() {
        let errors = [
            CallError::Fault(Fault::Invalid("x".to_owned())),
            CallError::Trap("unreachable".to_owned()),
            CallError::OutOfFuel,
            CallError::TimedOut(Deadline::Computing),
            CallError::OverLimit(Limit::Memory),
            CallError::Nonsense("x".to_owned()),
            CallError::HostFailed("x".to_owned()),
        ];
        let mut words: Vec<_> = errors.iter().map(|error| FailureKind::of(error).words()).collect();
        let others = [FailureKind::Missing, FailureKind::NotPinned, FailureKind::OtherDigest, FailureKind::NotLoadable];
        words.extend(others.iter().chain([&FailureKind::OtherWorld]).map(|kind| kind.words()));
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 12);
    }
}
