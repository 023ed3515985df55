//! Claims about reads of single objects.

use belay_domain::digest::Digest;

use super::{KEY_ID, SECRET, connect, impatient, name, nothing, object, page, said};
use crate::http::tests::server::{Act, Server, answer};
use crate::{Meta, ObjectError, Retry};

#[tokio::test]
async fn an_object_is_read_with_a_signed_request_below_bucket_and_prefix() {
    let server = Server::start([object("ours"), object("ours"), object("ours")]).await;
    let connections = connect(&server.url, |_| {});
    assert_eq!(connections.object_get(&name(), "a b/ü.json").await.unwrap(), b"ours");
    assert_eq!(connections.object_digest(&name(), "x").await.unwrap(), (4, Digest::of(b"ours")));
    let request = server.requests().remove(0);
    assert!(request.starts_with("GET /lake/shop/a%20b/%C3%BC.json HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/")), "{request}");
    assert!(!request.contains(SECRET) && request.contains("accept-encoding: identity"), "{request}");
    assert_eq!(server.connections(), 1, "reads share a connection");
}

#[tokio::test]
async fn what_is_known_of_an_object_is_its_size_and_time() {
    let head =
        b"HTTP/1.1 200 OK\r\netag: \"7\"\r\nlast-modified: Sun, 22 Nov 2026 18:00:00 GMT\r\ncontent-length: 9\r\n\r\n";
    let server = Server::start([Act::Say(head.to_vec())]).await;
    let found = connect(&server.url, |_| {}).object_head(&name(), "x").await.unwrap();
    assert_eq!(found, Meta { key: "x".to_owned(), size: 9, modified: Some(1_795_370_400_000) });
}

#[tokio::test]
async fn only_the_store_says_that_nothing_has_a_name() {
    let server = Server::start(nothing()).await;
    let connections = connect(&server.url, |_| {});
    assert_eq!(connections.object_head(&name(), "x").await, Err(ObjectError::Missing));
    let cut = b"HTTP/1.1 200 OK\r\netag: \"7\"\r\ncontent-length: 10\r\n\r\n{}".to_vec();
    for (act, expected) in [
        (said("404 Not Found", "NoSuchKey"), "missing"),
        (said("404 Not Found", "NoSuchBucket"), "no bucket `lake`"),
        (
            said("403 Forbidden", "InvalidAccessKeyId"),
            "denied: the store refused it: 403 InvalidAccessKeyId for [redacted]",
        ),
        (page("404 Not Found"), "no store's answer"),
        (page("200 OK"), "no entity tag"),
        (Act::SayAndClose(cut), "broke off"),
        (Act::SayAndHang(Vec::new()), "timed out"),
        (Act::Say(answer("307 Elsewhere", "location: http://169.254.169.254/\r\n", "")), "answered 307"),
        (object(&"x".repeat(5_000)), "larger than 4096 bytes"),
    ] {
        let server = Server::start([act]).await;
        let connections = connect(&server.url, |target| {
            impatient(target);
            target.max_object = 4096;
        });
        let error = connections.object_get(&name(), "x").await.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert_eq!(server.requests().len(), 1, "{expected}");
    }
}

#[tokio::test]
async fn a_read_is_tried_again_at_a_bad_moment() {
    let server = Server::start([said("503 Slow Down", "SlowDown"), Act::Break, object("ours")]).await;
    let connections = connect(&server.url, |target| target.retry = Retry::default());
    assert_eq!(connections.object_get(&name(), "x").await.unwrap(), b"ours");
    let server = Server::start((0..9).map(|_| said("503 Slow Down", "SlowDown"))).await;
    let connections = connect(&server.url, |target| target.retry = Retry::default());
    let error = connections.object_get(&name(), "x").await.unwrap_err().to_string();
    assert!(error.contains("503 SlowDown") && server.requests().len() == 3, "{error}");
}

#[tokio::test]
async fn what_is_no_key_or_no_place_to_go_reaches_nothing() {
    let server = Server::start([]).await;
    let connections = connect(&server.url, |_| {});
    for key in ["", "../x", "/x", "a//b", "a/", ".belay-stage-0"] {
        assert!(matches!(connections.object_get(&name(), key).await, Err(ObjectError::Denied(_))), "{key}");
    }
    let connections = connect(&server.url, |target| target.allow.clear());
    assert!(
        matches!(connections.object_get(&name(), "x").await, Err(ObjectError::Denied(why)) if why.contains("loopback"))
    );
    let connections = connect(&server.url, |target| {
        let credentials = target.credentials.as_mut().unwrap();
        credentials.secret_access_key = super::printed("can\u{e4}ry-secret");
    });
    let error = connections.object_get(&name(), "x").await.unwrap_err();
    assert!(matches!(error, ObjectError::Denied(_)), "{error}");
    let error = error.to_string();
    assert!(error.contains("no header can hold") && !error.contains("ry-secret"), "{error}");
    assert_eq!(server.connections(), 0);
}
