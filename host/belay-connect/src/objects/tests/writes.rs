//! Claims about writes of objects.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use belay_domain::id::Millis;
use belay_domain::operation::{Expectation, Outcome, Write};
use tokio::task::JoinSet;

use super::{bytes, clock, connect, delete, done, nothing, object, page, perform, permit, put, said};
use crate::http::tests::server::{Act, Server, answer};
use crate::{Look, ObjectsTarget};

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Applied { .. } => "applied",
        Outcome::NotApplied { .. } => "not applied",
        Outcome::Unknown { .. } => "unknown",
    }
}

fn writes(server: &Server) -> Vec<String> {
    server
        .requests()
        .into_iter()
        .filter(|request| request.starts_with("PUT") || request.starts_with("DELETE"))
        .collect()
}

#[tokio::test]
async fn a_creation_is_conditional_in_the_request_itself() {
    let [head, get] = nothing();
    let server = Server::start([head, get, done()]).await;
    let outcome = perform(&connect(&server.url, |_| {}), put("log/1.json", "ours", Expectation::Absent)).await;
    assert_eq!(outcome, Outcome::Applied { detail: "created".to_owned() });
    let request = writes(&server).remove(0);
    assert!(request.starts_with("PUT /lake/shop/log/1.json HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nif-none-match: *\r\n") && request.ends_with("\r\n\r\nours"), "{request}");
}

#[tokio::test]
async fn a_replacement_carries_the_tag_of_the_bytes_that_were_compared() {
    let server = Server::start([object("on"), done()]).await;
    let outcome = perform(&connect(&server.url, |_| {}), put("flags.json", "off", bytes("on"))).await;
    assert_eq!(outcome, Outcome::Applied { detail: "replaced".to_owned() });
    assert!(writes(&server)[0].contains("\r\nif-match: \"7\"\r\n"), "{}", writes(&server)[0]);
    let server = Server::start([object("other")]).await;
    let outcome = perform(&connect(&server.url, |_| {}), put("flags.json", "off", bytes("on"))).await;
    assert!(
        matches!(&outcome, Outcome::NotApplied { reason } if reason.contains("somebody changed them")),
        "{outcome:?}"
    );
    assert!(writes(&server).is_empty());
}

#[tokio::test]
async fn a_deletion_compares_first_and_says_what_it_compared() {
    let gone = || Act::Say(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec());
    let server = Server::start([object("1"), gone()]).await;
    let outcome = perform(&connect(&server.url, |_| {}), delete("x", bytes("1"))).await;
    assert_eq!(outcome, Outcome::Applied { detail: "deleted".to_owned() });
    let request = writes(&server).remove(0);
    assert!(request.starts_with("DELETE /lake/shop/x ") && request.contains("if-match: \"7\""), "{request}");
    for (act, write) in [
        (object("2"), delete("x", bytes("1"))),
        (said("404 Not Found", "NoSuchKey"), delete("x", Expectation::Anything)),
        (object("2"), delete("x", Expectation::Absent)),
    ] {
        let server = Server::start([act, gone()]).await;
        assert_eq!(kind(&perform(&connect(&server.url, |_| {}), write).await), "not applied");
        assert!(writes(&server).is_empty());
    }
}

#[tokio::test]
async fn the_outcome_is_what_is_known_and_a_write_is_never_sent_twice() {
    let mut tries = JoinSet::new();
    for (name, act, expected) in [
        ("412", said("412 Precondition Failed", "PreconditionFailed"), "not applied"),
        ("409", said("409 Conflict", "ConditionalRequestConflict"), "not applied"),
        ("403", said("403 Forbidden", "AccessDenied"), "not applied"),
        ("501", said("501 Not Implemented", "NotImplemented"), "not applied"),
        ("500", said("500 Oops", "InternalError"), "unknown"),
        ("503", said("503 Slow Down", "SlowDown"), "unknown"),
        ("page", page("200 OK"), "unknown"),
        ("page 403", page("403 Forbidden"), "unknown"),
        ("untagged", Act::Say(answer("200 OK", "", "")), "unknown"),
        ("redirect", Act::Say(answer("307 Elsewhere", "location: /x\r\n", "")), "unknown"),
        ("broken", Act::Break, "unknown"),
        ("silent", Act::SayAndHang(Vec::new()), "unknown"),
        ("cut", Act::SayAndClose(b"HTTP/1.1 200 OK\r\netag: \"8\"\r\ncontent-length: 9\r\n\r\n".to_vec()), "unknown"),
    ] {
        for expect in [Expectation::Absent, bytes("on"), Expectation::Anything] {
            let act = match &act {
                Act::Say(bytes) => Act::Say(bytes.clone()),
                Act::SayAndHang(bytes) => Act::SayAndHang(bytes.clone()),
                Act::SayAndClose(bytes) => Act::SayAndClose(bytes.clone()),
                Act::Break => Act::Break,
                Act::BreakUnread => Act::BreakUnread,
            };
            tries.spawn(async move {
                let mut acts: Vec<Act> = match expect {
                    Expectation::Absent => nothing().into(),
                    Expectation::Bytes(_) => vec![object("on")],
                    Expectation::Anything => Vec::new(),
                };
                acts.extend([act, done(), done()]);
                let server = Server::start(acts).await;
                let patience = |target: &mut ObjectsTarget| {
                    // Long enough to compare on a busy machine.
                    target.timeout = Duration::from_secs(if name == "silent" { 3 } else { 30 });
                };
                let outcome = perform(&connect(&server.url, patience), put("x", "off", expect)).await;
                assert_eq!(kind(&outcome), expected, "{name}: {outcome:?}");
                assert_eq!(writes(&server).len(), 1, "{name}");
                assert!(!format!("{outcome:?}").contains("CANARY"), "{outcome:?}");
            });
        }
    }
    tries.join_all().await;
}

#[tokio::test]
async fn what_fails_before_the_first_byte_is_not_applied() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for (url, reason) in [(refused.as_str(), "refused"), ("http://169.254.169.254", "link-local")] {
        for expect in [Expectation::Anything, Expectation::Absent] {
            let outcome = perform(&connect(url, |_| {}), put("x", "1", expect)).await;
            assert!(matches!(&outcome, Outcome::NotApplied { reason: found } if found.contains(reason)), "{outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_permit_that_expires_while_dialling_sends_nothing() {
    let server = Server::start([done()]).await;
    let ticks = AtomicU64::new(1);
    let clock = Arc::new(move || Millis(ticks.fetch_add(1, Ordering::SeqCst)));
    let connections = connect(&server.url, |_| {});
    let outcome = connections.perform(permit(put("x", "1", Expectation::Anything)), clock).await.outcome;
    assert!(matches!(&outcome, Outcome::NotApplied { reason } if reason.contains("expired")), "{outcome:?}");
    assert!(writes(&server).is_empty());
}

#[tokio::test]
async fn a_look_tells_whose_bytes_are_there() {
    for (act, write, expected) in [
        (object("ours"), put("x", "ours", Expectation::Absent), Look::HoldsOperationsBytes),
        (object("theirs"), put("x", "ours", Expectation::Absent), Look::HoldsOther),
        (said("404 Not Found", "NoSuchKey"), put("x", "ours", Expectation::Absent), Look::Absent),
        (said("404 Not Found", "NoSuchKey"), delete("x", Expectation::Anything), Look::HoldsOperationsBytes),
        (object("ours"), delete("x", Expectation::Anything), Look::HoldsOther),
    ] {
        let server = Server::start([act]).await;
        assert_eq!(connect(&server.url, |_| {}).look(&Write::Object(write)).await, expected);
    }
    let server = Server::start([page("404 Not Found")]).await;
    let looked = connect(&server.url, |_| {}).look(&Write::Object(put("x", "1", Expectation::Absent))).await;
    assert!(matches!(&looked, Look::CannotTell(why) if why.contains("no store's answer")), "{looked:?}");
}

#[tokio::test]
async fn a_write_that_is_not_listed_reaches_nothing() {
    let server = Server::start([]).await;
    let connections = connect(&server.url, |_| {});
    for write in [put("../x", "1", Expectation::Anything), put("", "1", Expectation::Absent)] {
        assert!(connections.admit(&Write::Object(write.clone())).is_err());
        let outcome = connections.perform(permit(write), clock()).await.outcome;
        assert_eq!(kind(&outcome), "not applied");
    }
    assert_eq!(server.connections(), 0);
}
