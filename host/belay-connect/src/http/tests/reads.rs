//! Claims about reads.

use belay_domain::digest::Digest;
use tokio::task::JoinSet;

use super::server::{Act, Server, answer, ok};
use super::{connect, impatient, read};
use crate::{Digested, HttpError, HttpRead};

#[tokio::test]
async fn a_read_brings_what_the_server_said_whatever_its_status() {
    let headers = "ETag: \"7\"\r\nset-cookie: s=1\r\nlocation: http://169.254.169.254/\r\n";
    let server = Server::start([Act::Say(answer("302 Found", headers, "{\"a\": 1}"))]).await;
    let found = connect(&format!("{}/base/", server.url), |_| {}).http_send(read("GET", "/x?y=1")).await.unwrap();
    assert_eq!((found.status, found.body.as_slice()), (302, b"{\"a\": 1}".as_slice()));
    let names: Vec<_> = found.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(names, [("etag", "\"7\""), ("content-length", "8")]);
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "no redirect is followed");
    assert!(requests[0].starts_with("GET /base/x?y=1 HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("\r\naccept-encoding: identity\r\n"), "{}", requests[0]);
}

#[tokio::test]
async fn a_query_sends_its_body_and_only_harmless_headers() {
    let server = Server::start([ok("[]")]).await;
    let query = HttpRead {
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: b"{\"max\":1}".to_vec(),
        ..read("POST", "/search")
    };
    assert_eq!(connect(&server.url, |_| {}).http_send(query).await.unwrap().body, b"[]");
    let request = server.requests().remove(0);
    assert!(
        request.ends_with("\r\n\r\n{\"max\":1}") && request.contains("content-type: application/json"),
        "{request}"
    );
}

#[tokio::test]
async fn what_is_no_read_reaches_nothing() {
    let server = Server::start([]).await;
    let connections = connect(&server.url, |_| {});
    let cookie = HttpRead { headers: vec![("cookie".to_owned(), "s=1".to_owned())], ..read("GET", "/x") };
    let with_body = HttpRead { body: b"x".to_vec(), ..read("GET", "/x") };
    let elsewhere = HttpRead { connection: "d".parse().unwrap(), ..read("GET", "/x") };
    for denied in [
        read("DELETE", "/x"),
        read("POST", "/elsewhere"),
        // A query's pattern that is too wide does not open a write.
        read("POST", "/alias"),
        read("POST", "/search?x"),
        read("get", "/x"),
        read("GET", "/../x"),
        read("GET", "x"),
        cookie,
        with_body,
        elsewhere,
    ] {
        let error = connections.http_send(denied.clone()).await.unwrap_err();
        assert!(matches!(error, HttpError::Denied(_)), "{denied:?}: {error}");
        assert!(matches!(connections.http_digest(denied).await, Err(HttpError::Denied(_))));
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_address_without_permission_is_not_dialled() {
    let server = Server::start([ok("{}"), ok("{}")]).await;
    let port = server.url.rsplit(':').next().unwrap();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"] {
        let connections = connect(&format!("http://{host}:{port}"), |target| target.allow.clear());
        let error = connections.http_send(read("GET", "/x")).await.unwrap_err();
        assert!(matches!(&error, HttpError::Denied(reason) if reason.contains("loopback")), "{host}: {error}");
    }
    assert_eq!(server.connections(), 0);
    let connections = connect(&format!("http://localhost:{port}"), |_| {});
    assert!(connections.http_send(read("GET", "/x")).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_is_too_large_slow_cut_or_encoded_brings_nothing() {
    let endless = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}",
        "2000\r\n".to_owned() + &"x".repeat(0x2000) + "\r\n"
    );
    let announced = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_vec();
    let short = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}".to_vec();
    let encoded = answer("200 OK", "content-encoding: gzip\r\n", "xxxx");
    let headless = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(200_000)).into_bytes();
    let mut tries = JoinSet::new();
    for (name, act, expected) in [
        ("endless", Act::SayAndHang(endless.into_bytes()), "larger than 4096 bytes"),
        ("announced", Act::SayAndHang(announced), "larger than 4096 bytes"),
        ("slow", Act::SayAndHang(short.clone()), "timed out"),
        ("silent", Act::SayAndHang(Vec::new()), "timed out"),
        ("cut", Act::SayAndClose(short), "unreachable: the answer broke off"),
        ("encoded", Act::Say(encoded), "unreachable: the answer is encoded"),
        ("no http", Act::SayAndClose(b"SSH-2.0-x\r\n".to_vec()), "unreachable: no answer"),
        ("huge head", Act::SayAndHang(headless), "unreachable: no answer"),
    ] {
        tries.spawn(async move {
            let server = Server::start([act]).await;
            let connections = connect(&server.url, |target| {
                impatient(target);
                target.max_body = 4096;
            });
            let error = connections.http_send(read("GET", "/x")).await.unwrap_err().to_string();
            assert!(error.starts_with(expected), "{name}: {error}");
        });
    }
    tries.join_all().await;
}

#[tokio::test]
async fn a_digest_is_streamed_within_its_own_limit() {
    let body = "x".repeat(100_000);
    let server =
        Server::start([Act::Say(answer("200 OK", "", &body)), Act::Say(answer("404 Not Found", "", "no"))]).await;
    let connections = connect(&server.url, |target| target.max_body = 10);
    for (status, body) in [(200, body.as_str()), (404, "no")] {
        let digested = connections.http_digest(read("GET", "/artifact")).await.unwrap();
        let (size, sha256) = (body.len() as u64, Digest::of(body.as_bytes()));
        assert_eq!(digested, Digested { status, size, sha256, took: digested.took, failed_before: Vec::new() });
    }

    for (act, expected) in [
        (Act::Say(answer("200 OK", "", &body)), HttpError::TooLarge(1_000)),
        (Act::SayAndHang(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx".to_vec()), HttpError::TimedOut),
    ] {
        let server = Server::start([act]).await;
        let connections = connect(&server.url, |target| {
            impatient(target);
            target.max_digest = 1_000;
        });
        assert_eq!(connections.http_digest(read("GET", "/artifact")).await, Err(expected));
    }
}

#[tokio::test]
async fn reads_share_a_connection_and_survive_one_that_went_stale() {
    let closing = Act::SayAndClose(answer("200 OK", "", "2"));
    let server = Server::start([ok("1"), closing, Act::Break, ok("4")]).await;
    let connections = connect(&server.url, |_| {});
    for expected in ["1", "2"] {
        assert_eq!(connections.http_send(read("GET", "/x")).await.unwrap().body, expected.as_bytes());
    }
    assert_eq!(server.connections(), 1);
    // Over a new connection, which breaks: a read over a connection of its own is not repeated.
    assert!(matches!(connections.http_send(read("GET", "/x")).await, Err(HttpError::Unreachable(_))));
    assert_eq!(connections.http_send(read("GET", "/x")).await.unwrap().body, b"4");
}

#[tokio::test]
async fn a_head_has_no_body_however_long_it_would_be() {
    let server = Server::start([Act::Say(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_vec())]).await;
    let connections = connect(&server.url, |target| target.max_body = 10);
    let found = connections.http_send(read("HEAD", "/x")).await.unwrap();
    assert!(found.body.is_empty() && found.headers.contains(&("content-length".to_owned(), "99999999".to_owned())));
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = connect(&url, |_| {}).http_send(read("GET", "/x")).await.unwrap_err();
    assert!(matches!(&error, HttpError::Unreachable(reason) if reason.contains("refused")), "{error}");
}
