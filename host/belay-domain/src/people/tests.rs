//! Who may ask, whose approvals count, and how it is told.

use expect_test::{Expect, expect};

use super::{Approval, Asked, Held, Need, People, PersonName, Touched, hold};
use crate::json::Json;
use crate::verdict::Quorum;

fn people() -> People {
    let json = r##"{
        "admins": ["ada", "bo"],
        "break_glass": ["ada"],
        "teams": {
            "ranking": {
                "members": ["ana", "ben"], "approvers": ["cleo", "dan"], "authors": ["ben"],
                "break_glass": ["cleo"], "channel": "#ranking", "may": { "connections": ["flags", "registry"] }
            },
            "payments": {
                "members": ["pia"], "approvers": ["pat", "cleo"], "authors": [], "break_glass": [],
                "may": { "feature_sets": ["ranker"], "environments": ["staging"] }
            }
        },
        "roles": { "break-glass": { "environments": ["prod"] } }
    }"##;
    Json::parse(json).unwrap().to().unwrap()
}

fn touched(environment: &str, connections: &[&str]) -> Touched {
    Touched {
        feature_set: "ranker".parse().unwrap(),
        owner: "ranking".to_owned(),
        environment: environment.parse().unwrap(),
        resources: ["flag".parse().unwrap()].into(),
        connections: connections.iter().map(|name| name.parse().unwrap()).collect(),
    }
}

fn person(name: &str) -> PersonName {
    name.parse().unwrap()
}

/// Holds the approvals of these people against quorums such as `2 approver`.
fn held(requester: &str, quorums: &[(u32, &str)], signed: &[&str]) -> Held {
    let quorums: Vec<_> = quorums
        .iter()
        .map(|(approvals, role)| Quorum { approvals: *approvals, role: (*role).to_owned(), because: String::new() })
        .collect();
    let key = |name: &&str| Approval { person: person(name), key: "SHA256:x".to_owned() };
    let asked = Asked { requester: person(requester), touched: touched("prod", &["flags"]) };
    hold(&quorums, &signed.iter().map(key).collect::<Vec<_>>(), &asked, &people())
}

fn check(requester: &str, quorums: &[(u32, &str)], signed: &[&str], expected: &Expect) {
    let line = |need: &Need| {
        let names = |people: &[PersonName]| people.iter().map(PersonName::as_str).collect::<Vec<_>>().join(" ");
        let problem = need.problem.as_ref().map(|problem| format!("; {problem}")).unwrap_or_default();
        let (given, could) = (names(&need.given), names(&need.could));
        format!("{}: given [{given}], missing {}, could [{could}]{problem}", need.role, need.missing())
    };
    expected.assert_eq(&held(requester, quorums, signed).needs.iter().map(line).collect::<Vec<_>>().join("\n"));
}

#[test]
fn an_approver_of_the_team_approves() {
    check("ana", &[(1, "approver")], &[], &expect!["approver of ranking: given [], missing 1, could [cleo dan]"]);
    check("ana", &[(1, "approver")], &["dan"], &expect!["approver of ranking: given [dan], missing 0, could []"]);
    check("ana", &[(1, "approver")], &["pat"], &expect!["approver of ranking: given [], missing 1, could [cleo dan]"]);
}

#[test]
fn nobody_approves_what_they_asked_for() {
    check("cleo", &[(1, "approver")], &["cleo"], &expect!["approver of ranking: given [], missing 1, could [dan]"]);
}

#[test]
fn a_person_counts_once() {
    let twice = &["dan", "dan"];
    check("ana", &[(2, "approver")], twice, &expect!["approver of ranking: given [dan], missing 1, could [cleo]"]);
}

#[test]
fn quorums_of_one_role_are_met_together() {
    let quorums = &[(1, "approver"), (2, "approver of ranking")];
    check("ana", quorums, &["dan"], &expect!["approver of ranking: given [dan], missing 1, could [cleo]"]);
}

#[test]
fn quorums_of_two_roles_need_two_people() {
    // Cleo could approve for either team, yet not for both: Dan can take her place.
    let quorums = &[(1, "approver"), (1, "approver of payments")];
    check(
        "ana",
        quorums,
        &["cleo"],
        &expect![[r#"
        approver of ranking: given [cleo], missing 0, could []
        approver of payments: given [], missing 1, could [dan pat]"#]],
    );
    // And is moved to where she is needed.
    check(
        "ana",
        quorums,
        &["cleo", "dan"],
        &expect![[r#"
        approver of ranking: given [dan], missing 0, could []
        approver of payments: given [cleo], missing 0, could []"#]],
    );
}

#[test]
fn what_nobody_can_meet_says_why() {
    check(
        "ana",
        &[(1, "dpo")],
        &["cleo"],
        &expect![
            "dpo: given [], missing 1, could []; `dpo` is no role: responder, approver, author, auditor, admin, break-glass, and each of them ` of TEAM`"
        ],
    );
    check(
        "ana",
        &[(1, "approver of nobody")],
        &["cleo"],
        &expect!["approver of nobody: given [], missing 1, could []; there is no team `nobody`"],
    );
}

#[test]
fn those_who_may_break_glass_are_the_teams_and_everybodys() {
    check("ana", &[(1, "break-glass")], &[], &expect!["break-glass of ranking: given [], missing 1, could [ada cleo]"]);
    check("ana", &[(1, "admin")], &["ada"], &expect!["admin: given [ada], missing 0, could []"]);
}

fn may(name: &str, touched: &Touched, expected: &Expect) {
    let answer = people().may_request(&person(name), touched);
    expected
        .assert_eq(&answer.map_or_else(|may_not| format!("{may_not}; may: {:?}", may_not.who), |()| "may".to_owned()));
}

#[test]
fn members_of_the_owning_team_may_ask() {
    may("ana", &touched("prod", &["flags"]), &expect!["may"]);
    may(
        "cleo",
        &touched("prod", &["flags"]),
        &expect![[
            r#"cleo may not ask for this: no team has cleo among its members, and ranker belongs to ranking; may: ["ana", "ben"]"#
        ]],
    );
}

#[test]
fn a_team_keeps_to_its_scope() {
    may(
        "ana",
        &touched("prod", &["flags", "lake"]),
        &expect!["ana may not ask for this: team ranking may not touch connection lake; may: []"],
    );
    may("pia", &touched("staging", &["flags"]), &expect!["may"]);
    may(
        "pia",
        &touched("prod", &["flags"]),
        &expect![[r#"pia may not ask for this: team payments may not touch environment prod; may: ["ana", "ben"]"#]],
    );
}

#[test]
fn a_roles_scope_binds_every_team() {
    let mut people = people();
    let scope = Json::parse(r#"{"environments":["staging"]}"#).unwrap().to().unwrap();
    people.roles.insert(super::Role::Responder, scope);
    let refused = people.may_request(&person("ana"), &touched("prod", &["flags"])).unwrap_err();
    assert_eq!(refused.why, "responders may not touch environment prod");
    assert!(people.may_request(&person("ana"), &touched("staging", &["flags"])).is_ok());
}

#[test]
fn names_that_are_none_are_refused() {
    for text in ["", "-ana", "ana b", "ana\n", "änna", &"a".repeat(101)] {
        assert!(text.parse::<PersonName>().is_err(), "{text:?}");
    }
    assert!("ana+ops@shop.example".parse::<PersonName>().is_ok());
}
