//! Whether the people who are needed are there, and who they are. Knows no key: that each has one was seen when the
//! workspace was read.

use belay_domain::feature_set::FeatureSet;
use belay_domain::id::EnvironmentName;
use belay_domain::people::{People, PersonName, Role, Touched};
use belay_domain::risk::Band;

use crate::api::{Finding, SetPeople};
use crate::workspace::{self, Environment, Workspace};

/// Bands that ask for more people than a team has: what falls into them could never run.
pub(super) fn missing(workspace: &Workspace) -> Vec<Finding> {
    let Some(staff) = workspace.staff.as_ref().filter(|staff| !staff.people.teams.is_empty()) else {
        return Vec::new();
    };
    let places = workspace
        .environments
        .iter()
        .flat_map(|(name, environment)| workspace.feature_sets.values().map(move |set| (name, environment, set)));
    let mut messages: Vec<_> =
        places.filter_map(|(name, environment, set)| too_few(&staff.people, name, environment, set)).collect();
    messages.sort();
    messages.dedup();
    let finding = |message| Finding { file: workspace::FILE.into(), line: None, message };
    messages.into_iter().map(finding).collect()
}

fn too_few(people: &People, name: &EnvironmentName, environment: &Environment, set: &FeatureSet) -> Option<String> {
    let bands: Vec<Band> = environment.risk.limits.bands.value.clone().into();
    let band = bands.iter().max_by_key(|band| band.approvals)?;
    let touched = touched(set, name);
    let approvers = approvers(people, &touched);
    // Nobody approves their own request: those who are left must be enough for at least one who may ask.
    let asking = people.requesters(&touched);
    let left = asking.iter().map(|asks| approvers.iter().filter(|person| *person != asks).count()).max();
    let found = left.unwrap_or(approvers.len());
    let (needed, up_to, owner) = (band.approvals, band.up_to, set.owner());
    if usize::try_from(needed).unwrap_or(usize::MAX) <= found {
        return None;
    }
    let plural = if needed == 1 { "" } else { "s" };
    let beside = if found < approvers.len() { " beside whoever asks" } else { "" };
    Some(format!(
        "the band up to {up_to} of `{name}` asks for {needed} approver{plural} of {owner}; {owner} has {found}{beside}"
    ))
}

/// Who may ask for runs of these feature sets, and who approves them, in any environment.
pub(crate) fn of_sets<'w>(workspace: &Workspace, sets: impl IntoIterator<Item = &'w FeatureSet>) -> Vec<SetPeople> {
    let Some(staff) = &workspace.staff else { return Vec::new() };
    let people = &staff.people;
    let of_set = |set: &FeatureSet| {
        let team = people.team(set.owner())?;
        let anywhere = |who: &dyn Fn(&Touched) -> Vec<PersonName>| {
            let mut found: Vec<_> = workspace.environments.keys().flat_map(|name| who(&touched(set, name))).collect();
            found.sort();
            found.dedup();
            found
        };
        Some(SetPeople {
            feature_set: set.name().clone(),
            team: set.owner().to_owned(),
            channel: team.channel.clone(),
            requesters: anywhere(&|touched| people.requesters(touched)),
            approvers: anywhere(&|touched| approvers(people, touched)),
        })
    };
    sets.into_iter().filter_map(of_set).collect()
}

fn approvers(people: &People, touched: &Touched) -> Vec<PersonName> {
    if !people.role_reaches(Role::Approver, touched) {
        return Vec::new();
    }
    people.holders(Role::Approver, &touched.owner).into_iter().cloned().collect()
}

/// All of a set at once, but no connection: a scope that leaves one out says so when it is asked for.
fn touched(set: &FeatureSet, environment: &EnvironmentName) -> Touched {
    Touched {
        feature_set: set.name().clone(),
        owner: set.owner().to_owned(),
        environment: environment.clone(),
        resources: [].into(),
        connections: [].into(),
    }
}
