//! What a signature is for. A signature made for one thing never counts for another.

use std::fmt;

/// What a signed text is. Its name goes into what is signed, so no signature can be used for another purpose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Namespace {
    /// A mandate, by whoever approves it.
    Mandate,
    /// A mandate, by whoever asks for it.
    Request,
    /// A change of the governance, by whoever accepts it.
    Governance,
    /// A change of the governance, by whoever proposes it.
    Proposal,
    /// A mandate, by whoever breaks glass for it.
    BreakGlass,
    /// A no to a mandate.
    Rejection,
    /// The end of a review.
    Review,
    /// A request that blobs be taken away.
    RedactionRequest,
    /// The same, by whoever approves it.
    Redaction,
    /// A hold that is set or lifted.
    Hold,
    /// That what is old goes.
    Retention,
}

impl Namespace {
    /// Every namespace.
    pub const ALL: [Self; 11] = [
        Self::Mandate,
        Self::Request,
        Self::Governance,
        Self::Proposal,
        Self::BreakGlass,
        Self::Rejection,
        Self::Review,
        Self::RedactionRequest,
        Self::Redaction,
        Self::Hold,
        Self::Retention,
    ];

    /// What follows `ssh-keygen -Y sign -n`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mandate => "mandate@belay",
            Self::Request => "request@belay",
            Self::Governance => "governance@belay",
            Self::Proposal => "proposal@belay",
            Self::BreakGlass => "break-glass@belay",
            Self::Rejection => "rejection@belay",
            Self::Review => "review@belay",
            Self::RedactionRequest => "redaction-request@belay",
            Self::Redaction => "redaction@belay",
            Self::Hold => "hold@belay",
            Self::Retention => "retention@belay",
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
