//! Roles: what somebody may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::TeamName;

/// What somebody may do. Nobody has a role that no list names them in: an admin approves nothing by being one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Asks for runs.
    Responder,
    /// Approves what others ask for.
    Approver,
    /// Proposes runbooks, plugins and governance.
    Author,
    /// Reads everything, and closes reviews.
    Auditor,
    /// Accepts changes of the governance that others propose.
    Admin,
    /// Breaks glass together with one other.
    BreakGlass,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Responder, Self::Approver, Self::Author, Self::Auditor, Self::Admin, Self::BreakGlass];

    /// As configuration and guardrails write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Responder => "responder",
            Self::Approver => "approver",
            Self::Author => "author",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
            Self::BreakGlass => "break-glass",
        }
    }

    /// Whether teams give it.
    pub const fn is_of_team(self) -> bool {
        match self {
            Self::Responder | Self::Approver | Self::Author | Self::BreakGlass => true,
            Self::Auditor | Self::Admin => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A role that nothing defines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role: responder, approver, author, auditor, admin, break-glass, and each of them ` of TEAM`")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let unknown = || UnknownRole(text.chars().take(100).collect());
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(unknown)
    }
}

/// A role as a quorum asks for it: `approver`, which is one of the feature set's team, or `approver of payments`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RoleOf {
    /// The role.
    pub role: Role,
    /// The team; none where it is the feature set's.
    pub team: Option<TeamName>,
}

impl FromStr for RoleOf {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let unknown = || UnknownRole(text.chars().take(100).collect());
        match text.split_once(" of ") {
            None => Ok(Self { role: text.parse()?, team: None }),
            Some((role, team)) => {
                let role = role.parse().map_err(|_| unknown())?;
                Ok(Self { role, team: Some(team.parse().map_err(|_| unknown())?) })
            }
        }
    }
}
