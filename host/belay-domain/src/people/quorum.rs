//! Who has approved, held against who must. Never counts the requester, a person twice, or somebody without the role.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{People, PersonName, Role, RoleOf, Touched};
use crate::verdict::Quorum;

/// An approval whose signature was found to count at the moment at which it is held against quorums.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Approval {
    /// Who signed.
    pub person: PersonName,
    /// The fingerprint of the key: `SHA256:…`.
    pub key: String,
}

/// What approvals are asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// Who asks, and so can't approve.
    pub requester: PersonName,
    /// What would be touched; its owner is the team that `approver` means.
    pub touched: Touched,
}

/// One need: so many people of one role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Need {
    /// Of which role: `approver of ranking`.
    pub role: String,
    /// How many.
    pub approvals: u32,
    /// Why: one line for each quorum that asks for this role.
    pub because: Vec<String>,
    /// Whose approval counts.
    pub given: Vec<PersonName>,
    /// Who else could give one, while some are missing: whoever holds the role, and whoever could stand in elsewhere for
    /// somebody who holds it. Nobody: the need can't be met, for which `problem` may say why.
    pub could: Vec<PersonName>,
    /// Why nobody can hold this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What is met and what is missing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Held {
    /// One for each role that is asked for.
    pub needs: Vec<Need>,
}

impl Need {
    /// How many approvals are missing.
    pub fn missing(&self) -> u32 {
        self.approvals.saturating_sub(u32::try_from(self.given.len()).unwrap_or(u32::MAX))
    }
}

impl Held {
    /// Whether everybody who must has approved.
    pub fn is_met(&self) -> bool {
        self.needs.iter().all(|need| need.missing() == 0)
    }

    /// Whoever could still give an approval that counts.
    pub fn could_give(&self) -> BTreeSet<&PersonName> {
        self.needs.iter().flat_map(|need| &need.could).collect()
    }

    /// Whose approvals count.
    pub fn given(&self) -> BTreeSet<&PersonName> {
        self.needs.iter().flat_map(|need| &need.given).collect()
    }
}

/// Holds approvals against quorums. Quorums of one role are met together: the largest number counts. Quorums of
/// different roles need different people. A person counts once, whatever keys they signed with.
pub fn hold(quorums: &[Quorum], approvals: &[Approval], asked: &Asked, people: &People) -> Held {
    let groups = groups(quorums, asked, people);
    let mut signed: Vec<&PersonName> = Vec::new();
    for approval in approvals {
        if approval.person != asked.requester && !signed.contains(&&approval.person) {
            signed.push(&approval.person);
        }
    }
    let given = assign(&groups, &signed);
    let needs = groups.iter().enumerate().map(|(index, group)| {
        let missing = given[index].len() < group.approvals;
        let could = if missing { could_fill(index, &groups, &given) } else { BTreeSet::new() };
        let could = could.into_iter().filter(|person| !signed.contains(person));
        Need {
            role: group.role.clone(),
            approvals: u32::try_from(group.approvals).unwrap_or(u32::MAX),
            because: group.because.clone(),
            given: given[index].iter().map(|person| (*person).clone()).collect(),
            could: could.cloned().collect(),
            problem: group.problem.clone(),
        }
    });
    Held { needs: needs.collect() }
}

/// Quorums of one role, and who could meet them.
struct Group<'p> {
    role: String,
    approvals: usize,
    because: Vec<String>,
    holders: BTreeSet<&'p PersonName>,
    problem: Option<String>,
}

fn groups<'p>(quorums: &[Quorum], asked: &Asked, people: &'p People) -> Vec<Group<'p>> {
    let mut order: Vec<String> = Vec::new();
    let mut groups: BTreeMap<String, Group<'p>> = BTreeMap::new();
    for quorum in quorums {
        let (role, holders) = match quorum.role.parse::<RoleOf>() {
            Ok(role) => named(role, asked, people),
            Err(unknown) => (quorum.role.clone(), Err(unknown.to_string())),
        };
        let group = groups.entry(role.clone()).or_insert_with(|| {
            order.push(role.clone());
            let (holders, problem) = match holders {
                Ok(holders) => (holders, None),
                Err(problem) => (BTreeSet::new(), Some(problem)),
            };
            Group { role, approvals: 0, because: Vec::new(), holders, problem }
        });
        group.approvals = group.approvals.max(usize::try_from(quorum.approvals).unwrap_or(usize::MAX));
        group.because.push(quorum.because.clone());
    }
    order.iter().filter_map(|role| groups.remove(role)).collect()
}

/// A role's name in full, and whoever holds it but the requester; or why nobody can.
fn named<'p>(asks: RoleOf, asked: &Asked, people: &'p People) -> (String, Result<BTreeSet<&'p PersonName>, String>) {
    let RoleOf { role, team } = asks;
    let owner = team.as_ref().map_or(asked.touched.owner.as_str(), |team| team.as_str());
    let name = if role.is_of_team() { format!("{role} of {owner}") } else { role.to_string() };
    if !people.role_reaches(role, &asked.touched) {
        return (name, Err(format!("no {role} may touch all that this touches")));
    }
    let only_of_team = matches!(role, Role::Responder | Role::Approver | Role::Author);
    if only_of_team && people.team(owner).is_none() {
        return (name, Err(format!("there is no team `{owner}`")));
    }
    let holders = people.holders(role, owner).into_iter().filter(|person| **person != asked.requester);
    (name, Ok(holders.collect()))
}

/// Gives each group as many of these people as it needs, as far as they reach: nobody to two groups. Whoever signed
/// first is kept where there are more than needed.
fn assign<'p>(groups: &[Group<'p>], signed: &[&'p PersonName]) -> Vec<Vec<&'p PersonName>> {
    let mut given: Vec<Vec<&PersonName>> = groups.iter().map(|_| Vec::new()).collect();
    for person in signed {
        place(groups, &mut given, person, &mut vec![false; groups.len()]);
    }
    given
}

/// Finds a place for somebody, moving others to another of their roles if need be.
fn place<'p>(
    groups: &[Group<'p>],
    given: &mut [Vec<&'p PersonName>],
    person: &'p PersonName,
    tried: &mut [bool],
) -> bool {
    for (index, group) in groups.iter().enumerate() {
        if !group.holders.contains(person) || std::mem::replace(&mut tried[index], true) {
            continue;
        }
        if given[index].len() < group.approvals {
            given[index].push(person);
            return true;
        }
        for seat in 0..given[index].len() {
            if place(groups, given, given[index][seat], tried) {
                given[index][seat] = person;
                return true;
            }
        }
    }
    false
}

/// Whose approval would fill a seat of this group: whoever holds its role, or the role of somebody who has approved and
/// could move there, at however many removes.
fn could_fill<'p>(short: usize, groups: &[Group<'p>], given: &[Vec<&'p PersonName>]) -> BTreeSet<&'p PersonName> {
    let mut holders = groups[short].holders.clone();
    let mut reaches = vec![false; groups.len()];
    reaches[short] = true;
    while let Some(next) =
        (0..groups.len()).find(|&index| !reaches[index] && given[index].iter().any(|person| holders.contains(person)))
    {
        reaches[next] = true;
        holders.extend(&groups[next].holders);
    }
    holders
}
