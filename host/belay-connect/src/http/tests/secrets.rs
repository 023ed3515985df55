//! Claims about credentials: they go out once, and nothing that comes back or is printed holds them.

use std::fmt::Debug;

use super::server::{Act, Server, answer, ok};
use super::{alias, connect, perform, read};
use crate::{Auth, Connections, HttpError, SecretSource};

const CANARY: &str = "canary/s3cret+of=mlflow";

fn with_canary(url: &str, dir: &tempfile::TempDir) -> Connections {
    let path = dir.path().join("token");
    std::fs::write(&path, format!("{CANARY}\n")).unwrap();
    connect(url, |target| target.auth = Auth::Bearer(SecretSource::File(path)))
}

fn without_canary(text: &impl Debug) {
    let text = format!("{text:?} {text:#?}");
    assert!(!text.contains("canary") && !text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn a_credential_goes_out_and_no_echo_of_it_comes_back() {
    let page = format!("[\"{CANARY}\",\"canary%2Fs3cret%2Bof%3Dmlflow\",\"canary\\/s3cret+of=mlflow\"]");
    let headers = format!("etag: {CANARY}\r\nwww-authenticate: {CANARY}\r\nlink: <{CANARY}>\r\n");
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start([
        Act::Say(answer("200 OK", &headers, &page)),
        Act::Say(answer("403 Forbidden", &headers, &page)),
        Act::Say(format!("HTTP/1.1 200 OK\r\n{CANARY}").into_bytes()),
        Act::SayAndClose(format!("{CANARY}\r\n").into_bytes()),
    ])
    .await;
    let connections = with_canary(&server.url, &dir);
    without_canary(&connections);
    let found = connections.http_send(read("GET", "/x")).await.unwrap();
    assert_eq!(found.body, b"[\"[redacted]\",\"[redacted]\",\"[redacted]\"]");
    without_canary(&found.headers);
    let performed = perform(&connections, alias()).await;
    without_canary(&(
        performed.outcome,
        performed.answer.map(|answer| (answer.headers, String::from_utf8(answer.body))),
    ));
    without_canary(&perform(&connections, alias()).await);
    without_canary(&connections.http_send(read("GET", "/x")).await);
    for request in server.requests() {
        assert!(request.contains(&format!("\r\nauthorization: Bearer {CANARY}\r\n")), "{request}");
    }
}

#[tokio::test]
async fn a_credential_is_read_when_it_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start([ok("1"), ok("2")]).await;
    let connections = with_canary(&server.url, &dir);
    connections.http_send(read("GET", "/x")).await.unwrap();
    std::fs::write(dir.path().join("token"), "rotated").unwrap();
    connections.http_send(read("GET", "/x")).await.unwrap();
    assert!(server.requests()[1].contains("authorization: Bearer rotated\r\n"));
}

#[tokio::test]
async fn without_its_credential_nothing_is_sent() {
    let server = Server::start([ok("1")]).await;
    let connections =
        connect(&server.url, |target| target.auth = Auth::Bearer(SecretSource::File("/nonexistent/token".into())));
    let error = connections.http_send(read("GET", "/x")).await.unwrap_err();
    assert!(matches!(&error, HttpError::Denied(reason) if reason.contains("/nonexistent/token")), "{error}");
    let outcome = perform(&connections, alias()).await.outcome;
    assert!(format!("{outcome:?}").starts_with("NotApplied"), "{outcome:?}");
    assert_eq!(server.connections(), 0);
}
