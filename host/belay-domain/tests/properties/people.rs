//! Whoever signs, in whatever order and however often: what must never count.

use belay_domain::people::{Approval, Asked, Held, People, PersonName, Role, Team, Touched, hold};
use belay_domain::verdict::Quorum;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

const NAMES: [&str; 6] = ["ana", "ben", "cleo", "dan", "eve", "fay"];
const ROLES: [&str; 8] =
    ["approver", "approver of a", "approver of b", "admin", "break-glass", "auditor", "approver of none", "dpo"];

fn person() -> impl Strategy<Value = PersonName> {
    select(&NAMES[..]).prop_map(|name| name.parse().unwrap())
}

fn team() -> impl Strategy<Value = Team> {
    let some = || btree_set(person(), 0..5);
    (some(), some(), some(), some()).prop_map(|(members, approvers, authors, break_glass)| Team {
        members,
        approvers,
        authors,
        break_glass,
        ..Team::default()
    })
}

fn people() -> impl Strategy<Value = People> {
    let some = || btree_set(person(), 0..4);
    (some(), some(), some(), team(), team()).prop_map(|(admins, auditors, break_glass, a, b)| People {
        admins,
        auditors,
        break_glass,
        teams: [("a".parse().unwrap(), a), ("b".parse().unwrap(), b)].into(),
        ..People::default()
    })
}

fn quorums() -> impl Strategy<Value = Vec<Quorum>> {
    let quorum = (0_u32..4, select(&ROLES[..]));
    vec(quorum.prop_map(|(approvals, role)| Quorum { approvals, role: role.to_owned(), because: String::new() }), 0..4)
}

fn approvals() -> impl Strategy<Value = Vec<Approval>> {
    vec((person(), "[a-c]").prop_map(|(person, key)| Approval { person, key }), 0..8)
}

fn asked() -> impl Strategy<Value = Asked> {
    person().prop_map(|requester| {
        let touched = Touched {
            feature_set: "ranker".parse().unwrap(),
            owner: "a".to_owned(),
            environment: "prod".parse().unwrap(),
            resources: [].into(),
            connections: [].into(),
        };
        Asked { requester, touched }
    })
}

fn holds(people: &People, person: &PersonName, role: &str) -> bool {
    let (role, team) = role.split_once(" of ").unwrap_or((role, "a"));
    role.parse::<Role>().is_ok_and(|role| people.holders(role, team).contains(person))
}

/// The most people that could be counted, found by trying every assignment.
fn most(held: &Held, people: &People, signed: &[&PersonName]) -> usize {
    fn best(needs: &mut [(String, u32)], people: &People, signed: &[&PersonName]) -> usize {
        let Some((person, rest)) = signed.split_first() else { return 0 };
        let mut found = best(needs, people, rest);
        for index in 0..needs.len() {
            if needs[index].1 > 0 && holds(people, person, &needs[index].0) {
                needs[index].1 -= 1;
                found = found.max(1 + best(needs, people, rest));
                needs[index].1 += 1;
            }
        }
        found
    }
    let mut needs: Vec<_> = held.needs.iter().map(|need| (need.role.clone(), need.approvals)).collect();
    best(&mut needs, people, signed)
}

proptest! {
    #[test]
    fn only_others_with_the_role_count_and_each_once(
        people in people(), quorums in quorums(), approvals in approvals(), asked in asked(),
    ) {
        let held = hold(&quorums, &approvals, &asked, &people);
        let mut seen = std::collections::BTreeSet::new();
        for need in &held.needs {
            prop_assert!(need.given.len() <= need.approvals as usize);
            for person in &need.given {
                prop_assert!(person != &asked.requester, "the requester approved");
                prop_assert!(approvals.iter().any(|approval| &approval.person == person), "nobody signed");
                prop_assert!(holds(&people, person, &need.role), "{person} is no {}", need.role);
                prop_assert!(seen.insert(person.clone()), "{person} counts twice");
            }
        }
    }

    #[test]
    fn every_quorum_that_is_asked_for_is_needed(
        people in people(), quorums in quorums(), approvals in approvals(), asked in asked(),
    ) {
        let held = hold(&quorums, &approvals, &asked, &people);
        for quorum in &quorums {
            let found = held.needs.iter().any(|need| {
                need.approvals >= quorum.approvals && need.role.starts_with(quorum.role.as_str())
            });
            prop_assert!(found, "{quorum:?} was dropped: {held:?}");
        }
    }

    #[test]
    fn nobody_who_would_count_is_left_out(
        people in people(), quorums in quorums(), approvals in approvals(), asked in asked(),
    ) {
        let held = hold(&quorums, &approvals, &asked, &people);
        let signed: std::collections::BTreeSet<_> =
            approvals.iter().map(|approval| &approval.person).filter(|person| **person != asked.requester).collect();
        let signed: Vec<_> = signed.into_iter().collect();
        prop_assert_eq!(held.needs.iter().map(|need| need.given.len()).sum::<usize>(), most(&held, &people, &signed));
    }

    #[test]
    fn another_approval_never_takes_one_away(
        people in people(), quorums in quorums(), approvals in approvals(), asked in asked(), more in person(),
    ) {
        let before = hold(&quorums, &approvals, &asked, &people);
        let more = Approval { person: more, key: "d".to_owned() };
        let all: Vec<_> = approvals.iter().cloned().chain([more.clone()]).collect();
        let after = hold(&quorums, &all, &asked, &people);
        let missing = |held: &Held| held.needs.iter().map(|need| need.missing()).sum::<u32>();
        prop_assert!(missing(&after) <= missing(&before));
        let could = before.could_give().contains(&more.person);
        prop_assert_eq!(could, missing(&after) < missing(&before), "who could give it was told wrong: {:?}", before);
    }

    #[test]
    fn without_the_role_no_approval_helps(quorums in quorums(), approvals in approvals(), asked in asked()) {
        let held = hold(&quorums, &approvals, &asked, &People::default());
        prop_assert!(held.given().is_empty());
        prop_assert!(held.could_give().is_empty());
        prop_assert_eq!(held.is_met(), quorums.iter().all(|quorum| quorum.approvals == 0));
    }
}
