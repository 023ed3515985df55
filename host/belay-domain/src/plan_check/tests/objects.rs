//! Keys, expectations and lists of writes.

use expect_test::expect;

use super::*;
use crate::operation::{Body, Expectation};

#[test]
fn a_write_that_no_list_allows_is_refused_with_the_line_that_would_allow_it() {
    let plan = with_object(|write| write.key = "clicks/_metadata/[x]\"*.json".to_owned());
    check(
        &plan,
        expect![[
            r#"dataset, write 1: `PUT clicks/_metadata/[x]"*.json` is not among the writes that `lake` allows; to allow it, add to its `writes` in belay.toml: { match = "PUT clicks/_metadata/[[]x[]]\"[*].json", at_best = "reversible" }"#
        ]],
    );
    let mut connections = sample::connections();
    connections.values_mut().for_each(|rules| rules.writes.clear());
    assert!(verdict(&sample::contain(), &connections).contains("`PUT shop.flagd.json` is not among the writes"));
}

#[test]
fn the_line_that_is_offered_allows_the_write_and_no_other() {
    for path in ["/a*b", "/a?b=[1]", "/{x,y}", "/plain", "/!a", "/a-b]", "/a\"b\\c"] {
        let pasted = super::super::violation::rule_for(&format!("POST {path}"), Reversibility::Reversible);
        let pattern = pasted.split('"').nth(1).unwrap();
        if !path.contains('"') {
            let rule = sample::rule(pattern);
            assert!(rule.pattern.matches(&format!("POST {path}")), "{pasted}");
            assert!(!rule.pattern.matches(&format!("POST {}", path.replace(['*', '?', 'x', 'p', '!', '-'], "Z"))));
        }
    }
}

#[test]
fn a_key_that_could_name_something_else_is_refused() {
    let long = "x".repeat(1_025);
    for key in ["", "/etc/x", "a//b", "a/../b", "..", "./a", "a/", "a\\b", "a\nb", "a\0", "a\u{202e}b", long.as_str()] {
        let plan = with_object(|write| write.key = key.to_owned());
        let found = examine(&plan, &sample::connections()).unwrap_err();
        assert!(found.iter().any(|found| matches!(found.breach, Breach::Key { .. })), "{key:?}: {found:?}");
        assert!(found.iter().all(|found| !found.to_string().contains(text::misleads)), "{key:?}: {found:?}");
    }
}

#[test]
fn something_is_expected_of_what_is_there() {
    let blindly = with_object(|write| write.expect = Expectation::Anything);
    check(
        &blindly,
        expect![
            "dataset, write 1: nothing is expected of what is there now, so a change in between would be lost; expect `absent` or the present bytes, or mark the connection's line `repeatable`"
        ],
    );
    assert_eq!(verdict(&blindly, &with_rule("lake", |rule| rule.repeatable = true)), "passes");
    let mut plan = sample::restore();
    let mut deletion = sample::delete_file("0");
    if let Write::Object(write) = &mut deletion.write {
        write.expect = Expectation::Absent;
    }
    sample::change_of(&mut plan, 0).operations = vec![deletion];
    check(&plan, expect!["dataset, write 1: deletes what it expects to be absent"]);
}

#[test]
fn bodies_have_a_limit() {
    let of = |bytes| ObjectWrite {
        connection: "lake".parse().unwrap(),
        key: "clicks".to_owned(),
        content: Some(Body(vec![b'x'; bytes])),
        expect: Expectation::Absent,
    };
    assert_eq!(object::check(&of(MAX_BODY_BYTES), false), []);
    let found = object::check(&of(MAX_BODY_BYTES + 1), false);
    assert_eq!(found[0].to_string(), "the body has 33,554,433 bytes, at most 33,554,432 are allowed");
}
