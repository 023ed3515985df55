//! `[people]`, `[governance]`, `[team.NAME]`, `[role.NAME]`: who may do what, and with which keys that is proven.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use belay_domain::id::TeamName;
use belay_domain::people::{People, PersonName, Role, Scope, Team};
use belay_identity::{AllowedSigners, LineProblem, RevokedKeys};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::scopes::{Nameable, ScopeTable};
use super::source::{Problem, Source};

/// The people of a workspace, and how they are known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Staff {
    /// How many admins must accept a change of the governance, its author not among them.
    pub accept: u32,
    /// Who may do what.
    pub people: People,
    /// Their keys.
    pub signers: AllowedSigners,
    /// Keys that never count again.
    pub revoked: RevokedKeys,
}

/// The tables that tell of people.
#[derive(Default, Deserialize)]
pub(super) struct PeopleTables {
    pub(super) people: Option<PeopleTable>,
    pub(super) governance: Option<GovernanceTable>,
    pub(super) team: BTreeMap<TeamName, Spanned<TeamTable>>,
    pub(super) role: BTreeMap<Role, Spanned<RoleTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeopleTable {
    allowed_signers: Spanned<PathBuf>,
    revoked_keys: Option<Spanned<PathBuf>>,
    #[serde(default)]
    admins: Names,
    #[serde(default)]
    auditors: Names,
    #[serde(default)]
    break_glass: Names,
    #[serde(default)]
    os_users: BTreeMap<String, Spanned<PersonName>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GovernanceTable {
    accept: Spanned<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamTable {
    #[serde(default)]
    members: Names,
    #[serde(default)]
    approvers: Names,
    #[serde(default)]
    authors: Names,
    #[serde(default)]
    break_glass: Names,
    channel: Option<String>,
    #[serde(default)]
    may: ScopeTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleTable {
    may: ScopeTable,
}

type Names = Vec<Spanned<PersonName>>;

/// Reads the tables; none where there is no `[people]`.
pub(super) fn read(
    root: &Path,
    source: &Source,
    tables: PeopleTables,
    nameable: &Nameable<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Staff> {
    let Some(table) = tables.people else {
        let needing = tables.team.values().map(Spanned::span).chain(tables.role.values().map(Spanned::span)).next();
        let needing = needing.or_else(|| tables.governance.map(|governance| governance.accept.span()));
        if let Some(place) = needing {
            let message = "teams, roles and [governance] need [people] with allowed_signers: who is who, by which key?";
            problems.push(source.problem(Some(place), message));
        }
        return None;
    };
    let signers = signers(root, source, &table.allowed_signers, problems)?;
    let revoked = match &table.revoked_keys {
        Some(file) => revoked(root, source, file, problems)?,
        None => RevokedKeys::default(),
    };
    let mut reader = Reader { source, known: signers.people().into_iter().cloned().collect(), nameable, problems };
    let people = People {
        admins: reader.names(table.admins),
        auditors: reader.names(table.auditors),
        break_glass: reader.names(table.break_glass),
        teams: tables.team.into_iter().map(|(name, team)| (name, reader.team(team.into_inner()))).collect(),
        roles: tables.role.into_iter().map(|(role, table)| (role, reader.role(role, table))).collect(),
        os_users: table.os_users.into_iter().map(|(account, name)| (account, reader.name(name))).collect(),
    };
    let accept = reader.accept(tables.governance, &people);
    Some(Staff { accept, people, signers, revoked })
}

struct Reader<'r> {
    source: &'r Source,
    known: BTreeSet<PersonName>,
    nameable: &'r Nameable<'r>,
    problems: &'r mut Vec<Problem>,
}

impl Reader<'_> {
    fn find(&mut self, place: std::ops::Range<usize>, message: String) {
        self.problems.push(self.source.problem(Some(place), message));
    }

    fn name(&mut self, name: Spanned<PersonName>) -> PersonName {
        if !self.known.contains(name.as_ref()) {
            let message = format!("`{}` has no key in allowed_signers", name.as_ref());
            self.find(name.span(), message);
        }
        name.into_inner()
    }

    fn names(&mut self, names: Names) -> BTreeSet<PersonName> {
        names.into_iter().map(|name| self.name(name)).collect()
    }

    fn team(&mut self, table: TeamTable) -> Team {
        Team {
            members: self.names(table.members),
            approvers: self.names(table.approvers),
            authors: self.names(table.authors),
            break_glass: self.names(table.break_glass),
            channel: table.channel,
            may: table.may.read(self.source, self.nameable, self.problems),
        }
    }

    fn role(&mut self, role: Role, table: Spanned<RoleTable>) -> Scope {
        if !role.is_of_team() {
            self.find(
                table.span(),
                format!("[role.{role}] limits nothing: what an {role} does is of the whole workspace"),
            );
        }
        table.into_inner().may.read(self.source, self.nameable, self.problems)
    }

    /// How many admins must accept a change.
    fn accept(&mut self, table: Option<GovernanceTable>, people: &People) -> u32 {
        let Some(table) = table else { return 1 };
        let (place, accept) = (table.accept.span(), table.accept.into_inner());
        if accept == 0 {
            self.find(place, "accept is at least 1: nobody changes the governance alone".to_owned());
        } else if usize::try_from(accept).unwrap_or(usize::MAX) > people.admins.len() {
            let admins = people.admins.len();
            self.find(
                place,
                format!("accept = {accept}, but [people] names {admins} admins: no change could be accepted"),
            );
        }
        accept
    }
}

fn signers(
    root: &Path,
    source: &Source,
    file: &Spanned<PathBuf>,
    problems: &mut Vec<Problem>,
) -> Option<AllowedSigners> {
    let text = text(root, source, file, problems)?;
    let parsed = AllowedSigners::parse(&text, &TimeZone::system());
    parsed.map_err(|found| problems.extend(in_file(file.as_ref(), found))).ok()
}

fn revoked(root: &Path, source: &Source, file: &Spanned<PathBuf>, problems: &mut Vec<Problem>) -> Option<RevokedKeys> {
    let text = text(root, source, file, problems)?;
    RevokedKeys::parse(&text).map_err(|found| problems.extend(in_file(file.as_ref(), found))).ok()
}

fn text(root: &Path, source: &Source, file: &Spanned<PathBuf>, problems: &mut Vec<Problem>) -> Option<String> {
    let path = file.as_ref();
    let cant = |error| source.problem(Some(file.span()), format!("{} can't be read: {error}", path.display()));
    std::fs::read_to_string(root.join(path)).map_err(|error| problems.push(cant(error))).ok()
}

fn in_file(file: &Path, found: Vec<LineProblem>) -> impl Iterator<Item = Problem> {
    let file = file.to_owned();
    found.into_iter().map(move |LineProblem { line, message }| Problem {
        file: file.clone(),
        line: Some(line),
        message,
    })
}

#[cfg(test)]
mod tests;
