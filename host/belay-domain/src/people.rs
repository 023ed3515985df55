//! People, the teams that they are in, and what each may do. Knows no key and verifies nothing: who signed is found
//! elsewhere, and comes in as a name.

mod name;
mod quorum;
mod role;
mod scope;
mod team;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use name::{InvalidPersonName, PersonName};
pub use quorum::{Approval, Asked, Held, Need, hold};
pub use role::{Role, RoleOf, UnknownRole};
pub use scope::{Outside, Scope, Touched};
pub use team::Team;

use crate::id::TeamName;

/// Everybody who may do something here, by role.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct People {
    /// May accept a change of the governance.
    #[serde(default)]
    pub admins: BTreeSet<PersonName>,
    /// May read everything, and close a review.
    #[serde(default)]
    pub auditors: BTreeSet<PersonName>,
    /// May break glass for every feature set.
    #[serde(default)]
    pub break_glass: BTreeSet<PersonName>,
    /// The teams.
    #[serde(default)]
    pub teams: BTreeMap<TeamName, Team>,
    /// What a role may touch, whoever holds it; a role without a scope may touch whatever its team may.
    #[serde(default)]
    pub roles: BTreeMap<Role, Scope>,
    /// Whom an account of the operating system stands for, where nothing has to be signed.
    #[serde(default)]
    pub os_users: BTreeMap<String, PersonName>,
}

/// Why somebody may not ask for this, and who may.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{person} may not ask for this: {why}")]
pub struct MayNot {
    /// Who asked.
    pub person: String,
    /// For people.
    pub why: String,
    /// Who may.
    pub who: Vec<PersonName>,
}

impl People {
    /// The team that owns a feature set, by the set's `owner`.
    pub fn team(&self, owner: &str) -> Option<&Team> {
        self.teams.iter().find(|(name, _)| name.as_str() == owner).map(|(_, team)| team)
    }

    /// Whoever holds a role for what a feature set's owner owns. A role that teams have is held by nobody where no such
    /// team is declared.
    pub fn holders(&self, role: Role, owner: &str) -> BTreeSet<&PersonName> {
        let of_team = self.team(owner).and_then(|team| team.holders(role));
        let of_all = match role {
            Role::Admin => Some(&self.admins),
            Role::Auditor => Some(&self.auditors),
            Role::BreakGlass => Some(&self.break_glass),
            Role::Responder | Role::Approver | Role::Author => None,
        };
        of_team.into_iter().chain(of_all).flatten().collect()
    }

    /// Everybody who holds a role, with the name of the role and of the team that gives it, in order.
    pub fn everybody(&self) -> Vec<(&PersonName, Role, Option<&TeamName>)> {
        let of_all =
            [(Role::Admin, &self.admins), (Role::Auditor, &self.auditors), (Role::BreakGlass, &self.break_glass)];
        let of_all =
            of_all.into_iter().flat_map(|(role, people)| people.iter().map(move |person| (person, role, None)));
        let of_teams = self.teams.iter().flat_map(|(name, team)| {
            let held = Role::ALL.into_iter().filter_map(|role| Some((role, team.holders(role)?)));
            held.flat_map(move |(role, people)| people.iter().map(move |person| (person, role, Some(name))))
        });
        of_all.chain(of_teams).collect()
    }

    /// Whether nobody holds any role.
    pub fn is_empty(&self) -> bool {
        self.everybody().is_empty()
    }

    /// Whether a role may touch this: no team's business, only the role's own scope.
    pub fn role_reaches(&self, role: Role, touched: &Touched) -> bool {
        self.roles.get(&role).is_none_or(|scope| scope.outside(touched).is_empty())
    }

    /// Whoever may ask for a run that touches this: members of the team that owns the feature set, and of teams whose
    /// scope names the set, within the scopes of team and role.
    pub fn requesters(&self, touched: &Touched) -> Vec<PersonName> {
        if !self.role_reaches(Role::Responder, touched) {
            return Vec::new();
        }
        let teams = self.teams.iter().filter(|(name, team)| team.covers(name, touched).is_ok());
        let members: BTreeSet<_> = teams.flat_map(|(_, team)| &team.members).cloned().collect();
        members.into_iter().collect()
    }

    /// Says why somebody may not ask for a run that touches this.
    pub fn may_request(&self, person: &PersonName, touched: &Touched) -> Result<(), MayNot> {
        let who = self.requesters(touched);
        if who.contains(person) {
            return Ok(());
        }
        Err(MayNot { person: person.to_string(), why: self.why_not(person, touched), who })
    }

    fn why_not(&self, person: &PersonName, touched: &Touched) -> String {
        if let Some(scope) = self.roles.get(&Role::Responder) {
            let outside = scope.outside(touched);
            if !outside.is_empty() {
                return format!("responders may not touch {}", scope::list(&outside));
            }
        }
        let mut teams = self.teams.iter().filter(|(_, team)| team.members.contains(person)).peekable();
        if teams.peek().is_none() {
            return format!(
                "no team has {person} among its members, and {} belongs to {}",
                touched.feature_set, touched.owner
            );
        }
        let reasons = teams.filter_map(|(name, team)| {
            let outside = team.covers(name, touched).err()?;
            Some(format!("team {name} may not touch {}", scope::list(&outside)))
        });
        reasons.collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests;
