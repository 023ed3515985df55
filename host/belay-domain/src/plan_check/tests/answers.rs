//! An answer must not leave doubt about what happened.

use super::super::http::check as check_request;
use super::super::violation::Breach;
use crate::operation::{Answer, Body, BodyTest, HttpWrite};
use crate::sample::json;

fn plain(status: u16) -> Answer {
    Answer { status, body: None }
}

fn tested(status: u16, pointer: &str) -> Answer {
    Answer { status, body: Some((pointer.to_owned(), BodyTest::Equals(json("\"x\"")))) }
}

fn doubts(applied: Vec<Answer>, refused: Vec<Answer>) -> Vec<String> {
    let write = HttpWrite {
        connection: "registry".parse().unwrap(),
        method: "POST".to_owned(),
        path: "/x".to_owned(),
        headers: Vec::new(),
        body: Body(Vec::new()),
        applied,
        refused,
    };
    let reason = |breach: Breach| {
        let Breach::Answers { reason } = breach else { panic!("{breach}") };
        reason
    };
    check_request(&write).into_iter().map(reason).collect()
}

#[test]
fn answers_that_leave_no_doubt_pass() {
    for (applied, refused) in [
        (vec![plain(200)], vec![]),
        (vec![plain(201), plain(204)], vec![plain(400), plain(404), plain(409)]),
        // Already there, or changed by somebody else: the body tells.
        (vec![plain(200), tested(409, "/now")], vec![plain(409)]),
        (vec![tested(200, "/result")], vec![plain(200)]),
        (vec![plain(200)], vec![tested(500, "/message")]),
    ] {
        assert_eq!(doubts(applied.clone(), refused.clone()), [""; 0], "{applied:?} {refused:?}");
    }
}

#[test]
fn answers_that_leave_doubt_are_refused() {
    for (applied, refused, reason) in [
        (vec![], vec![], "none says that the write was applied"),
        (vec![plain(500)], vec![], "500 never says"),
        (vec![tested(502, "/ok")], vec![], "502 never says"),
        (vec![plain(302)], vec![], "302 never says"),
        (vec![plain(102)], vec![], "102 never says"),
        (vec![plain(409)], vec![], "409 says that it was applied only with a test"),
        (vec![plain(200)], vec![tested(200, "/error")], "200 would say both"),
        (vec![tested(200, "/x")], vec![tested(200, "/x")], "200 would say both"),
        (vec![plain(200)], vec![plain(503)], "503 says that it was refused only with a test"),
        (vec![plain(200)], vec![plain(408)], "408 says that it was refused only with a test"),
        (vec![plain(200)], vec![plain(304)], "304 says nothing of a write"),
        (vec![tested(200, "x")], vec![], "a JSON pointer starts with `/`"),
        (vec![plain(200)], vec![plain(404); 50], "more than 50"),
    ] {
        let found = doubts(applied.clone(), refused.clone());
        assert!(matches!(&found[..], [only] if only.contains(reason)), "{applied:?} {refused:?}: {found:?}");
    }
}
