//! What people said of a run's mandate, as far as it counts now. Values: whose signature it is was verified by the host,
//! against the keys in force at the moment of the plan that they come with. Never says what follows; `decide` does.

use belay_domain::mandate::Mandate;
use belay_domain::people::{self, Approval, Asked, Need, People, PersonName, Role, Touched};
use belay_domain::verdict::Quorum;
use serde::{Deserialize, Serialize};

/// What people said of a run's mandate, and who they are.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Consent {
    /// Who signed the request, where the signature counts; absent: nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<PersonName>,
    /// The approvals whose signatures count, in the order in which they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// Somebody's no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Rejection>,
    /// The people in force.
    #[serde(default)]
    pub people: People,
    /// What the run touches: it decides whose roles count. Absent where nobody could say, and then nobody's do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<Touched>,
}

/// Somebody's no.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rejection {
    /// Who.
    pub by: PersonName,
    /// Why.
    pub reason: String,
}

impl Consent {
    /// What is met of these quorums and what is missing. Nobody approves their own request.
    pub(crate) fn needs(&self, quorums: &[Quorum], mandate: &Mandate) -> Vec<Need> {
        self.held(quorums, mandate, &self.approvals)
    }

    /// Whether the request is signed by its requester, who may ask for it; to break the glass, one with that role.
    pub(crate) fn is_signed(&self, mandate: &Mandate) -> bool {
        let (Some(by), Some(touched)) = (&self.request, &self.touched) else { return false };
        let may = if mandate.break_glass.is_some() {
            self.people.holders(Role::BreakGlass, &touched.owner).contains(by)
        } else {
            self.people.may_request(by, touched).is_ok()
        };
        may && by.as_str() == mandate.requester
    }

    /// The no of somebody who could have said yes.
    pub(crate) fn turned_down(&self, quorums: &[Quorum], mandate: &Mandate) -> Option<&Rejection> {
        let needs = self.held(quorums, mandate, &[]);
        let could = |rejection: &&Rejection| needs.iter().any(|need| need.could.contains(&rejection.by));
        self.rejection.as_ref().filter(could)
    }

    fn held(&self, quorums: &[Quorum], mandate: &Mandate, approvals: &[Approval]) -> Vec<Need> {
        let requester = self.request.clone().or_else(|| mandate.requester.parse().ok());
        let (Some(requester), Some(touched)) = (requester, self.touched.clone()) else {
            return quorums.iter().map(unmet).collect();
        };
        people::hold(quorums, approvals, &Asked { requester, touched }, &self.people).needs
    }
}

fn unmet(quorum: &Quorum) -> Need {
    Need {
        role: quorum.role.clone(),
        approvals: quorum.approvals,
        because: vec![quorum.because.clone()],
        given: Vec::new(),
        could: Vec::new(),
        problem: None,
    }
}
