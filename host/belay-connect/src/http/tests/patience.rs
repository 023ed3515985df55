//! Claims about trying again and about pace: for reads, within the time limit, and never for a write.

use std::time::{Duration, Instant};

use belay_domain::operation::Outcome;
use tokio::task::JoinSet;

use super::server::{Act, Server, answer, ok};
use super::{alias, connect, perform, read};
use crate::{Connections, Digested, HttpError, Rate, Retry};

fn persistent(url: &str, attempts: u32, timeout_ms: u64) -> Connections {
    connect(url, |target| {
        target.timeout = Duration::from_millis(timeout_ms);
        target.retry = Retry { attempts, backoff: Duration::from_millis(10) };
    })
}

fn busy(status: &str, headers: &str) -> Act {
    Act::Say(answer(status, headers, "{}"))
}

#[tokio::test]
async fn a_read_is_tried_again_where_nobody_was_there_or_it_was_a_bad_moment() {
    let cut = Act::SayAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}".to_vec());
    for act in
        [busy("503 Busy", ""), busy("429 Slow down", ""), busy("502 Bad", ""), busy("504 Late", ""), Act::Break, cut]
    {
        let server = Server::start([act, ok("[1]"), ok("[2]")]).await;
        let connections = persistent(&server.url, 3, 5_000);
        let found = connections.http_send(read("GET", "/x")).await.unwrap();
        assert_eq!((found.body.as_slice(), found.failed_before.len()), (b"[1]".as_slice(), 1), "{found:?}");
        let found = connections.http_send(read("POST", "/search")).await.unwrap();
        assert_eq!((found.body.as_slice(), found.failed_before.len()), (b"[2]".as_slice(), 0));
    }
}

#[tokio::test]
async fn an_answer_is_an_answer_and_is_not_asked_for_again() {
    for status in ["500 Oops", "404 Not Found", "401 Unauthorized", "302 Found", "501 No"] {
        let server = Server::start([busy(status, ""), ok("{}")]).await;
        let found = persistent(&server.url, 5, 5_000).http_send(read("GET", "/x")).await.unwrap();
        assert_eq!((found.status.to_string().as_str(), server.requests().len()), (&status[..3], 1));
    }
}

#[tokio::test]
async fn the_last_answer_is_given_once_attempts_or_time_are_used_up() {
    let server = Server::start((0..5).map(|_| busy("503 Busy", ""))).await;
    let found = persistent(&server.url, 3, 5_000).http_send(read("GET", "/x")).await.unwrap();
    assert_eq!((found.status, found.failed_before.len(), server.requests().len()), (503, 2, 3));
    // It asks for longer than there is time.
    let server = Server::start([busy("503 Busy", "retry-after: 60\r\n"), ok("{}")]).await;
    let began = Instant::now();
    let found = persistent(&server.url, 3, 5_000).http_send(read("GET", "/x")).await.unwrap();
    assert_eq!((found.status, server.requests().len()), (503, 1));
    assert!(began.elapsed() < Duration::from_secs(4));
    // It asks for a second, and gets it.
    let server = Server::start([busy("429 Slow down", "retry-after: 1\r\n"), ok("{}")]).await;
    let began = Instant::now();
    let found = persistent(&server.url, 3, 5_000).http_send(read("GET", "/x")).await.unwrap();
    assert!(found.status == 200 && began.elapsed() >= Duration::from_secs(1), "{found:?}");
}

#[tokio::test]
async fn nobody_there_is_told_with_the_attempts() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = persistent(&url, 3, 5_000).http_send(read("GET", "/x")).await.unwrap_err();
    assert!(matches!(&error, HttpError::Unreachable(reason) if reason.contains("(tried 3 times)")), "{error}");
    // What is not allowed is not allowed the next time either.
    let connections = connect(&url, |target| {
        target.allow.clear();
        target.retry = Retry { attempts: 3, backoff: Duration::from_secs(60) };
    });
    assert!(matches!(connections.http_send(read("GET", "/x")).await, Err(HttpError::Denied(_))));
}

#[tokio::test]
async fn a_digest_is_tried_again_until_its_head_is_there() {
    let server = Server::start([busy("503 Busy", ""), ok("body")]).await;
    let found = persistent(&server.url, 3, 5_000).http_digest(read("GET", "/artifact")).await.unwrap();
    assert!(matches!(&found, Digested { status: 200, size: 4, .. }) && found.failed_before == ["answer 503"]);
}

#[tokio::test]
async fn a_write_is_never_tried_again() {
    for act in [busy("503 Busy", "retry-after: 0\r\n"), busy("429 Slow down", ""), Act::Break] {
        let server = Server::start([act, ok("{}"), ok("{}")]).await;
        let outcome = perform(&persistent(&server.url, 10, 5_000), alias()).await.outcome;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn calls_side_by_side_keep_one_pace() {
    let server = Server::start((0..6).map(|_| ok("{}"))).await;
    let rate = Rate { requests: 2.try_into().unwrap(), per: Duration::from_millis(400) };
    let connections = std::sync::Arc::new(connect(&server.url, |target| target.rate = Some(rate)));
    let (began, mut calls) = (Instant::now(), JoinSet::new());
    for _ in 0..5 {
        let connections = std::sync::Arc::clone(&connections);
        calls.spawn(async move { connections.http_send(read("GET", "/x")).await.unwrap() });
    }
    calls.join_all().await;
    // Two at once, then one each 200 ms; the write is the sixth.
    assert!(matches!(perform(&connections, alias()).await.outcome, Outcome::Applied { .. }));
    assert!(began.elapsed() >= Duration::from_millis(800), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_has_no_room_within_its_time_is_not_sent() {
    let server = Server::start([ok("{}"), ok("{}")]).await;
    let rate = Rate { requests: 1.try_into().unwrap(), per: Duration::from_secs(3_600) };
    let connections = connect(&server.url, |target| target.rate = Some(rate));
    connections.http_send(read("GET", "/x")).await.unwrap();
    let error = connections.http_send(read("GET", "/x")).await.unwrap_err().to_string();
    assert!(error.contains("`rate`"), "{error}");
    let outcome = perform(&connections, alias()).await.outcome;
    assert!(matches!(&outcome, Outcome::NotApplied { reason } if reason.contains("`rate`")), "{outcome:?}");
    assert_eq!(server.requests().len(), 1);
}
