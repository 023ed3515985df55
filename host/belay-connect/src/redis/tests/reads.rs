use super::*;
use crate::{HttpRead, KeyError, ObjectError};

async fn get(connections: &Connections) -> Result<Option<Vec<u8>>, KeyError> {
    connections.key_get(&name(), b"k").await
}

#[tokio::test]
async fn an_answer_is_a_value_or_a_reason() {
    for (answer, expected) in [
        (say(bulk("9")), Ok(Some(b"9".to_vec()))),
        (say("$-1\r\n"), Ok(None)),
        (
            say("-WRONGTYPE Operation against a key\r\n"),
            Err("of another kind: the key holds something of another kind"),
        ),
        (say("-NOAUTH Authentication required.\r\n"), Err("refused: the server wants a password; set `auth`")),
        (say("-LOADING Redis is loading\r\n"), Err("refused: the server is still loading its data")),
        (say("-MOVED 3999 10.0.0.1:6381\r\n"), Err("refused: the server is one of a cluster")),
        (say("-ODD \x1b[31mwhat\r\n"), Err("refused: the server answered ODD [31mwhat")),
        (say("*1\r\n:1\r\n"), Err("unreachable: the answer is not one to this command")),
        (say("HTTP/1.1 400 Bad Request\r\n\r\n"), Err("unreachable: ")),
        (Act::Close, Err("unreachable: ")),
        (Act::Silence, Err("timed out")),
    ] {
        let answer = std::sync::Mutex::new(Some(answer));
        let server = Server::start(move |_| answer.lock().unwrap().take().unwrap_or(Act::Close)).await;
        match (get(&connect(&server, |_| {})).await, expected) {
            (Err(error), Err(words)) => assert!(error.to_string().starts_with(words), "{error}"),
            (found, expected) => assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned)),
        }
    }
}

#[tokio::test]
async fn an_answer_that_announces_too_much_is_not_held() {
    let server = Server::start(|_| say([b"$900000000\r\n".to_vec(), vec![b'x'; 200_000]].concat())).await;
    assert_eq!(get(&connect(&server, |target| target.max_value = 1_000)).await, Err(KeyError::TooLarge(1_000)));
}

#[tokio::test]
async fn who_asks_is_said_first_and_the_password_is_taken_out_again() {
    let server = Server::start(|command| match command {
        "AUTH ana canary-s3cret" | "SELECT 3" => say("+OK\r\n"),
        _ => say(bulk("my canary-s3cret")),
    })
    .await;
    let connections = connect(&server, |target| {
        with_password(target);
        target.url += "/3";
    });
    for _ in 0..2 {
        assert_eq!(get(&connections).await, Ok(Some(b"my [redacted]".to_vec())));
    }
    assert_eq!(server.said(), ["AUTH ana canary-s3cret", "SELECT 3", "GET k", "GET k"]);

    let server = Server::start(|_| say("-WRONGPASS invalid canary-s3cret\r\n")).await;
    let error = get(&connect(&server, with_password)).await.unwrap_err().to_string();
    assert_eq!(error, "refused: the server does not accept the user or the password (WRONGPASS invalid [redacted])");

    let connections = connect(&server, |target| {
        target.auth = Some(RedisAuth { user: None, password: SecretSource::File("/nonexistent/password".into()) });
    });
    let error = get(&connections).await.unwrap_err();
    assert!(matches!(&error, KeyError::Denied(why) if why.contains("/nonexistent/password")), "{error}");
}

#[tokio::test]
async fn a_session_that_went_stale_is_replaced_once() {
    let asked = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |_| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        1 => Act::Close,
        _ => say(bulk("9")),
    })
    .await;
    let connections = connect(&server, |_| {});
    for _ in 0..2 {
        assert_eq!(get(&connections).await, Ok(Some(b"9".to_vec())));
    }
    assert_eq!(server.said().len(), 3);
}

#[tokio::test]
async fn keys_come_in_pages_and_are_counted_once() {
    let keys = |numbers: std::ops::Range<u32>| numbers.map(|number| format!("v9:{number}")).collect::<Vec<_>>();
    let server = Server::start(move |command| match command {
        "PING" => say("+PONG\r\n"),
        "SCAN 0 MATCH v9:* COUNT 5000" => say(page("17", &keys(0..3))),
        // A server that grows its table shows keys again; one that is odd shows others.
        "SCAN 17 MATCH v9:* COUNT 5000" => say(page("0", &[keys(2..4), vec!["other".to_owned()]].concat())),
        _ => Act::Close,
    })
    .await;
    let connections = connect(&server, |_| {});
    let first = connections.key_scan(&name(), b"v9:", None, 2).await.unwrap();
    assert_eq!((first.keys.len(), first.next.as_deref()), (3, Some("17")));
    let last = connections.key_scan(&name(), b"v9:", first.next.as_deref(), 2).await.unwrap();
    assert_eq!((last.keys.len(), last.next), (2, None));
    assert!(matches!(connections.key_scan(&name(), b"v9:", Some("x"), 2).await, Err(KeyError::Denied(_))));

    assert_eq!(connections.key_count(&name(), b"v9:", 4).await, Ok(Some(4)));
    assert_eq!(connections.key_count(&name(), b"v9:", 3).await, Ok(None));
    assert_eq!(connections.key_count(&name(), b"v9:", 2).await, Ok(None));
}

#[tokio::test]
async fn a_connection_holds_keys_and_nothing_else_and_goes_where_it_may() {
    let server = Server::start(|_| Act::Close).await;
    let connections = connect(&server, |target| target.allow.clear());
    let error = get(&connections).await.unwrap_err();
    assert!(matches!(&error, KeyError::Denied(why) if why.contains("`allow = [\"loopback\"]`")), "{error}");
    assert!(server.said().is_empty());
    let object = connections.object_get(&name(), "k").await;
    assert_eq!(object, Err(ObjectError::Denied("connection `cache` is of kind redis: it holds no objects".to_owned())));
    let read = HttpRead {
        connection: name(),
        method: "GET".to_owned(),
        path: "/".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    assert!(connections.http_send(read).await.is_err());
    assert!(matches!(connections.key_fields(&name(), b"k", &[&b"f"[..]; 1_001]).await, Err(KeyError::Denied(_))));
}
