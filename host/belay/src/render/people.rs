//! Who may ask, and who approves, in a few words.

use belay_domain::people::PersonName;
use belay_runtime::api::SetPeople;

/// `checkout-ranker: ana or ben`
pub(crate) fn asks(set: &SetPeople) -> String {
    format!("{}: {}", set.feature_set, or_nobody(&set.requesters))
}

/// `checkout-ranker: cleo or dan (approvers of ranking, #ranking-incidents)`
pub(crate) fn approves(set: &SetPeople) -> String {
    let channel = set.channel.as_ref().map(|channel| format!(", {channel}")).unwrap_or_default();
    format!("{}: {} (approvers of {}{channel})", set.feature_set, or_nobody(&set.approvers), set.team)
}

fn or_nobody(people: &[PersonName]) -> String {
    if people.is_empty() {
        return "nobody".to_owned();
    }
    people.iter().map(PersonName::as_str).collect::<Vec<_>>().join(" or ")
}
