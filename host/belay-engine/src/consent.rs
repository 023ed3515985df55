//! What people said of a run's mandate, as far as it counts now. Values: who signed what was verified by the host, against
//! the keys and roles in force at the moment of the plan that they come with. Never says what follows; `decide` does.

use std::collections::BTreeSet;

use belay_domain::mandate::Mandate;
use belay_domain::verdict::Quorum;
use serde::{Deserialize, Serialize};

/// Who breaks the glass beside the requester.
pub(crate) const BREAK_GLASS: &str = "break-glass";

/// What people said of a run's mandate, and who else could.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Consent {
    /// Whose signature on the request counts; absent: the request is not signed.
    pub request: Option<Voice>,
    /// Whose approvals count, in the order in which they came.
    pub approvals: Vec<Voice>,
    /// An approver's no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Rejection>,
    /// Everybody who holds a role, for whoever asks who could approve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Voice>,
}

/// A person, and the roles that they hold now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Voice {
    /// Who.
    pub person: String,
    /// `approver of ranking` for a role in a team, `admin` for one that no team scopes.
    pub roles: BTreeSet<String>,
}

/// An approver's no.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rejection {
    /// Who.
    pub by: Voice,
    /// Why.
    pub reason: String,
}

/// How a quorum stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// Of which role: `approver of ranking`.
    pub role: String,
    /// How many.
    pub approvals: u32,
    /// Why.
    pub because: String,
    /// Who has.
    #[serde(default)]
    pub given: Vec<String>,
    /// Who could, and has not.
    #[serde(default)]
    pub could: Vec<String>,
}

impl Standing {
    /// How many are still missing.
    pub fn missing(&self) -> u32 {
        let given = u32::try_from(self.given.len()).unwrap_or(u32::MAX);
        self.approvals.saturating_sub(given)
    }
}

impl Consent {
    /// How a quorum of a mandate stands. Nobody approves their own request, and a person counts once, whatever keys they
    /// signed with. A role without a team is asked of the team that owns the feature set, or of those whose role no team
    /// scopes.
    pub fn standing(&self, quorum: &Quorum, mandate: &Mandate) -> Standing {
        let signed = self.request.as_ref().map(|voice| voice.person.as_str());
        let asks = |voice: &&Voice| voice.person == mandate.requester || signed == Some(voice.person.as_str());
        let of = |voices: &[Voice]| {
            let mut seen = BTreeSet::new();
            let others = voices.iter().filter(|voice| !asks(voice) && voice.holds(&quorum.role, &mandate.team));
            let once = others.filter(|voice| seen.insert(voice.person.clone()));
            once.map(|voice| voice.person.clone()).collect::<Vec<_>>()
        };
        let given = of(&self.approvals);
        let could = of(&self.people).into_iter().filter(|person| !given.contains(person)).collect();
        let Quorum { approvals, role, because } = quorum.clone();
        Standing { role, approvals, because, given, could }
    }
}

impl Voice {
    /// Whether this person holds a role: `approver of ranking`, or `approver` of the team that owns the feature set.
    pub fn holds(&self, role: &str, team: &str) -> bool {
        let scoped = |role: &str, team: &str| self.roles.contains(&format!("{role} of {team}"));
        match role.split_once(" of ") {
            Some((role, team)) => scoped(role, team) || self.roles.contains(role),
            None => self.roles.contains(role) || (!team.is_empty() && scoped(role, team)),
        }
    }
}
