//! Teams: who owns feature sets.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Outside, PersonName, Role, Scope, Touched};
use crate::id::TeamName;

/// A team.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Team {
    /// May ask for runs.
    pub members: BTreeSet<PersonName>,
    /// May approve them.
    pub approvers: BTreeSet<PersonName>,
    /// May propose runbooks, plugins and governance.
    pub authors: BTreeSet<PersonName>,
    /// May break glass.
    pub break_glass: BTreeSet<PersonName>,
    /// Where its people talk: `#ranking-incidents`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Feature sets that it may touch beside its own, and the environments, resources and connections to which it keeps.
    pub may: Scope,
}

impl Team {
    /// Whoever holds a role by this team; none for roles that no team gives.
    pub fn holders(&self, role: Role) -> Option<&BTreeSet<PersonName>> {
        match role {
            Role::Responder => Some(&self.members),
            Role::Approver => Some(&self.approvers),
            Role::Author => Some(&self.authors),
            Role::BreakGlass => Some(&self.break_glass),
            Role::Auditor | Role::Admin => None,
        }
    }

    /// What of this the team, under its name, may not touch. Its own feature sets are its own, whatever `may` lists.
    pub fn covers(&self, name: &TeamName, touched: &Touched) -> Result<(), Vec<Outside>> {
        let mut outside = self.may.outside_but_sets(touched);
        let own = name.as_str() == touched.owner;
        let others = self.may.feature_sets.as_ref();
        if !own && !others.is_some_and(|sets| sets.contains(&touched.feature_set)) {
            outside.insert(0, Outside::FeatureSet(touched.feature_set.clone()));
        }
        if outside.is_empty() { Ok(()) } else { Err(outside) }
    }
}
