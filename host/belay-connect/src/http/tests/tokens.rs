//! Claims about tokens from a token endpoint.

use std::path::Path;

use belay_domain::operation::Outcome;
use tokio::task::JoinSet;

use super::server::{Act, Server, answer, ok};
use super::{alias, connect, impatient, perform, read};
use crate::{Auth, ClientAuth, Connections, HttpError, Oauth2, SecretSource};

const SECRET: &str = "canary/s3cret";

fn granted(token: &str) -> Act {
    ok(&format!("{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\",\"expires_in\":3600}}"))
}

fn no() -> Act {
    Act::Say(answer("401 Unauthorized", "", "{}"))
}

fn with_tokens(url: &str, tokens: &str, dir: &Path, adjust: impl FnOnce(&mut Oauth2)) -> Connections {
    let secret = dir.join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    let mut client = Oauth2 {
        token_url: format!("{tokens}/oauth2/token"),
        client_id: "belay:prod".to_owned(),
        client_secret: SecretSource::File(secret),
        scopes: vec!["flags.read".to_owned(), "flags.write".to_owned()],
        audience: Some("https://flags.example".to_owned()),
        client_auth: ClientAuth::Basic,
        ca_file: None,
    };
    adjust(&mut client);
    connect(url, |target| target.auth = Auth::Oauth2(client))
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_serves_reads_and_writes() {
    let (dir, tokens) = (tempfile::tempdir().unwrap(), Server::start([granted("tok-1")]).await);
    let server = Server::start([ok("1"), ok("2"), ok("{}")]).await;
    let connections = with_tokens(&server.url, &tokens.url, dir.path(), |_| {});
    connections.http_send(read("GET", "/x")).await.unwrap();
    connections.http_send(read("GET", "/y")).await.unwrap();
    assert!(matches!(perform(&connections, alias()).await.outcome, Outcome::Applied { .. }));
    for request in server.requests() {
        assert!(request.contains("\r\nauthorization: Bearer tok-1\r\n"), "{request}");
    }
    let asked = tokens.requests();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("POST /oauth2/token HTTP/1.1\r\n"), "{}", asked[0]);
    // `belay%3Aprod:canary%2Fs3cret`: both are form-encoded before they are put together (RFC 6749, section 2.3.1).
    assert!(asked[0].contains("authorization: Basic YmVsYXklM0Fwcm9kOmNhbmFyeSUyRnMzY3JldA==\r\n"), "{}", asked[0]);
    let form = "grant_type=client_credentials&scope=flags.read%20flags.write&audience=https%3A%2F%2Fflags.example";
    assert!(asked[0].ends_with(&format!("\r\n\r\n{form}")), "{}", asked[0]);
}

#[tokio::test]
async fn a_client_may_say_who_it_is_in_the_body() {
    let (dir, tokens) = (tempfile::tempdir().unwrap(), Server::start([granted("tok-1")]).await);
    let server = Server::start([ok("1")]).await;
    let connections = with_tokens(&server.url, &tokens.url, dir.path(), |client| {
        client.client_auth = ClientAuth::Body;
        client.scopes.clear();
        client.audience = None;
    });
    connections.http_send(read("GET", "/x")).await.unwrap();
    let asked = tokens.requests().remove(0);
    let form = "grant_type=client_credentials&client_id=belay%3Aprod&client_secret=canary%2Fs3cret";
    assert!(asked.ends_with(form) && !asked.contains("authorization"), "{asked}");
}

#[tokio::test]
async fn calls_side_by_side_share_one_token() {
    let (dir, tokens) = (tempfile::tempdir().unwrap(), Server::start([granted("tok-1")]).await);
    let server = Server::start((0..8).map(|_| ok("1"))).await;
    let connections = std::sync::Arc::new(with_tokens(&server.url, &tokens.url, dir.path(), |_| {}));
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let connections = std::sync::Arc::clone(&connections);
        calls.spawn(async move { connections.http_send(read("GET", "/x")).await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(tokens.requests().len(), 1);
}

#[tokio::test]
async fn a_token_revoked_in_the_middle_is_replaced_once_for_a_read() {
    let dir = tempfile::tempdir().unwrap();
    let tokens = Server::start([granted("tok-1"), granted("tok-2"), granted("tok-3")]).await;
    let server = Server::start([ok("1"), no(), ok("2"), no(), no()]).await;
    let connections = with_tokens(&server.url, &tokens.url, dir.path(), |_| {});
    connections.http_send(read("GET", "/x")).await.unwrap();
    let found = connections.http_send(read("GET", "/x")).await.unwrap();
    assert_eq!((found.body.as_slice(), found.failed_before.len()), (b"2".as_slice(), 1));
    assert!(server.requests()[2].contains("Bearer tok-2"));
    // What a fresh token doesn't open stays shut.
    let found = connections.http_send(read("GET", "/x")).await.unwrap();
    assert_eq!((found.status, server.requests().len()), (401, 5));
}

#[tokio::test]
async fn a_write_is_not_sent_again_for_another_token() {
    let challenge = || Act::Say(answer("401 Unauthorized", "www-authenticate: Bearer\r\n", "{}"));
    for (refusal, expected) in [(challenge(), "NotApplied"), (no(), "Unknown")] {
        let dir = tempfile::tempdir().unwrap();
        let tokens = Server::start([granted("tok-1"), granted("tok-2")]).await;
        let server = Server::start([refusal, ok("{}")]).await;
        let connections = with_tokens(&server.url, &tokens.url, dir.path(), |_| {});
        let outcome = format!("{:?}", perform(&connections, alias()).await.outcome);
        assert!(outcome.starts_with(expected), "{outcome}");
        assert_eq!((server.requests().len(), tokens.requests().len()), (1, 1));
        // The next intent has a token of its own.
        assert!(matches!(perform(&connections, alias()).await.outcome, Outcome::Applied { .. }));
        assert!(server.requests()[1].contains("Bearer tok-2"));
    }
}

#[tokio::test]
async fn a_token_that_expires_is_asked_for_again() {
    let dir = tempfile::tempdir().unwrap();
    let short = ok("{\"access_token\":\"tok-1\",\"token_type\":\"bearer\",\"expires_in\":0}");
    let tokens = Server::start([short, granted("tok-2")]).await;
    let server = Server::start([ok("1"), ok("2")]).await;
    let connections = with_tokens(&server.url, &tokens.url, dir.path(), |_| {});
    connections.http_send(read("GET", "/x")).await.unwrap();
    connections.http_send(read("GET", "/x")).await.unwrap();
    assert!(server.requests()[0].contains("tok-1") && server.requests()[1].contains("tok-2"));
}

#[tokio::test]
async fn an_endpoint_that_gives_no_token_is_named_and_nothing_is_sent() {
    let echo = format!("{{\"error\":\"invalid_client\",\"error_description\":\"no {SECRET}\"}}");
    let hung = Act::SayAndHang(Vec::new());
    for (act, expected) in [
        (Act::Say(answer("401 Unauthorized", "", &echo)), "it answered 401 invalid_client: no [redacted]"),
        (ok("<html>Sign in</html>"), "not with a token"),
        (ok("{\"access_token\":\"x\",\"token_type\":\"mac\"}"), "no bearer token"),
        (ok("{\"access_token\":\"x\",\"token_type\":\"bearer\"}"), "can't be used: it is shorter"),
        (Act::Say(answer("503 Busy", "", "")), "it answered 503"),
        (hung, "it did not answer within"),
    ] {
        let (dir, tokens) = (tempfile::tempdir().unwrap(), Server::start([act]).await);
        let server = Server::start([]).await;
        let mut connections = with_tokens(&server.url, &tokens.url, dir.path(), |_| {});
        if expected.contains("within") {
            let secret = SecretSource::File(dir.path().join("secret"));
            let client = Oauth2 {
                token_url: format!("{}/t", tokens.url),
                client_id: "belay".to_owned(),
                client_secret: secret,
                scopes: Vec::new(),
                audience: None,
                client_auth: ClientAuth::Basic,
                ca_file: None,
            };
            connections = connect(&server.url, |target| {
                impatient(target);
                target.auth = Auth::Oauth2(client);
            });
        }
        let error = connections.http_send(read("GET", "/x")).await.unwrap_err();
        // Who refuses belay is not down; who does not answer is.
        let down = expected.contains("503") || expected.contains("within");
        assert_eq!(matches!(error, HttpError::Unreachable(_)), down, "{error}");
        let error = error.to_string();
        assert!(error.contains(&tokens.url) && error.contains(expected), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
        assert_eq!(server.connections(), 0);
    }
    let (dir, server) = (tempfile::tempdir().unwrap(), Server::start([]).await);
    let connections = with_tokens(&server.url, "http://127.0.0.1:1", dir.path(), |_| {});
    let outcome = format!("{:?}", perform(&connections, alias()).await.outcome);
    assert!(outcome.starts_with("NotApplied") && outcome.contains("no token from http://127.0.0.1:1"), "{outcome}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_endpoint_keeps_to_the_connections_addresses() {
    let (dir, tokens) = (tempfile::tempdir().unwrap(), Server::start([granted("tok-1")]).await);
    let client = |token_url: &str| Oauth2 {
        token_url: token_url.to_owned(),
        client_id: "belay".to_owned(),
        client_secret: SecretSource::File(dir.path().join("secret")),
        scopes: Vec::new(),
        audience: None,
        client_auth: ClientAuth::Basic,
        ca_file: None,
    };
    std::fs::write(dir.path().join("secret"), SECRET).unwrap();
    for (url, reason) in [(tokens.url.as_str(), "loopback"), ("http://169.254.169.254/token", "link-local")] {
        let connections = connect("https://flags.example", |target| {
            target.allow.clear();
            target.auth = Auth::Oauth2(client(url));
        });
        let error = connections.http_send(read("GET", "/x")).await.unwrap_err();
        assert!(matches!(&error, HttpError::Denied(why) if why.contains(reason)), "{error}");
    }
    assert_eq!(tokens.connections(), 0);
}

#[tokio::test]
async fn no_echo_of_a_token_or_of_the_clients_secret_comes_back() {
    let (dir, tokens) = (tempfile::tempdir().unwrap(), Server::start([granted("tok-canary-1")]).await);
    let page = format!("[\"tok-canary-1\",\"{SECRET}\"]");
    let server = Server::start([ok(&page)]).await;
    let connections = with_tokens(&server.url, &tokens.url, dir.path(), |_| {});
    let found = connections.http_send(read("GET", "/x")).await.unwrap();
    assert_eq!(found.body, b"[\"[redacted]\",\"[redacted]\"]");
    let printed = format!("{connections:?}");
    assert!(!printed.contains("canary"), "{printed}");
}
