use super::*;
use crate::Look;

const SET: &str = "EVAL … 1 k bytes 9 SET 8 KEEPTTL";

/// A server whose key `k` holds 9, and that does this about the write.
async fn holding(about_the_write: impl Fn() -> Act + Send + Sync + 'static) -> Server {
    Server::start(move |command| match command {
        "GET k" => say(bulk("9")),
        SET => about_the_write(),
        _ => Act::Close,
    })
    .await
}

#[tokio::test]
async fn a_write_is_sent_once_and_is_what_the_server_says_of_it() {
    type Case = (fn() -> Act, &'static str, &'static str);
    let cases: [Case; 10] = [
        (|| say(bulk("done")), "applied", "done"),
        (|| say(bulk("other")), "not applied", "somebody changed the present bytes just before the write"),
        (|| say(bulk("gone")), "not applied", "nothing has this name any more"),
        (|| say("-READONLY You can't write\r\n"), "not applied", "the server is a replica, which takes no writes"),
        (|| say("-OOM command not allowed\r\n"), "not applied", "the server is at its `maxmemory`"),
        (|| say("-NOPERM no access to eval\r\n"), "not applied", "the server's access list"),
        // A proxy's words: it may have sent the command on.
        (|| say("-ERR upstream failure\r\n"), "unknown", "the server answered ERR upstream failure"),
        (|| say("+OK\r\n"), "unknown", "the answer is not one to this command"),
        (|| Act::Close, "unknown", ""),
        (|| Act::Silence, "unknown", "no answer within the connection's time limit"),
    ];
    for (act, expected, words) in cases {
        let server = holding(act).await;
        let (outcome, said) = told(perform(&connect(&server, |_| {}), set()).await);
        assert_eq!(outcome, expected, "{said}");
        assert!(said.starts_with(words), "{said}");
        assert_eq!(server.said(), ["GET k", SET]);
    }
}

#[tokio::test]
async fn nothing_is_sent_over_other_bytes_or_too_late() {
    for present in [bulk("7"), b"$-1\r\n".to_vec(), b"-LOADING x\r\n".to_vec()] {
        let server = Server::start(move |_| say(&present)).await;
        assert_eq!(told(perform(&connect(&server, |_| {}), set()).await).0, "not applied");
        assert_eq!(server.said(), ["GET k"]);
    }
    let server = holding(|| say(bulk("done"))).await;
    let (outcome, reason) = told(perform_by(&connect(&server, |_| {}), set(), 9).await);
    assert_eq!((outcome, reason.as_str()), ("not applied", "the permit expired 1 ms before the write"));
    assert_eq!(server.said(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_gets_no_write() {
    let server = Server::start(|_| say("-WRONGPASS no\r\n")).await;
    let (outcome, reason) = told(perform(&connect(&server, with_password), set()).await);
    assert_eq!(outcome, "not applied", "{reason}");
    assert_eq!(server.said(), ["AUTH ana canary-s3cret"]);
}

/// A server with so many keys below `v9:`; `unlink` answers to the deletion with this number, from 0.
async fn with_keys(count: u32, unlink: impl Fn(usize) -> Act + Send + Sync + 'static) -> Server {
    let deletions = std::sync::atomic::AtomicUsize::new(0);
    let keys: Vec<_> = (0..count).map(|number| format!("v9:{number}")).collect();
    Server::start(move |command| match command.split(' ').next() {
        Some("SCAN") => say(page("0", &keys)),
        Some("UNLINK") => unlink(deletions.fetch_add(1, std::sync::atomic::Ordering::SeqCst)),
        _ => Act::Close,
    })
    .await
}

fn deletions(server: &Server) -> usize {
    server.said().iter().filter(|command| command.starts_with("UNLINK")).count()
}

#[tokio::test]
async fn more_keys_than_the_write_allows_itself_all_stay() {
    let server = with_keys(3, |_| say(":3\r\n")).await;
    let (outcome, reason) = told(perform(&connect(&server, |_| {}), sweep(2)).await);
    assert_eq!((outcome, reason.as_str()), ("not applied", "more than 2 keys start with the prefix; none was deleted"));
    assert_eq!(deletions(&server), 0);
    let (outcome, detail) = told(perform(&connect(&server, |_| {}), sweep(3)).await);
    assert_eq!((outcome, detail.as_str()), ("applied", "3 keys deleted"));
}

#[tokio::test]
async fn a_deletion_that_breaks_off_says_how_far_it_came() {
    for (second, expected) in
        [(say(":5000\r\n"), "applied"), (Act::Close, "unknown"), (say("-READONLY x\r\n"), "unknown")]
    {
        let second = std::sync::Mutex::new(Some(second));
        let server = with_keys(10_000, move |number| match number {
            0 => say(":5000\r\n"),
            _ => second.lock().unwrap().take().unwrap_or(Act::Close),
        })
        .await;
        let (outcome, said) = told(perform(&connect(&server, |_| {}), sweep(20_000)).await);
        assert_eq!(outcome, expected, "{said}");
        assert!(expected == "applied" || said.ends_with(", after 5000 keys were deleted"), "{said}");
        assert_eq!(deletions(&server), 2);
    }
    let server = with_keys(5, |_| say("-READONLY x\r\n")).await;
    assert_eq!(told(perform(&connect(&server, |_| {}), sweep(5)).await).0, "not applied");
}

#[tokio::test]
async fn a_look_tells_what_an_unknown_write_left() {
    for (held, look) in [
        (bulk("8"), Look::HoldsOperationsBytes),
        (bulk("9"), Look::HoldsOther),
        (b"$-1\r\n".to_vec(), Look::Absent),
        (b"-WRONGTYPE x\r\n".to_vec(), Look::HoldsOther),
    ] {
        let server = Server::start(move |_| say(&held)).await;
        assert_eq!(connect(&server, |_| {}).look(&Write::Keyvalue(set())).await, look);
    }
    for (count, look) in [(0, Look::HoldsOperationsBytes), (1, Look::HoldsOther)] {
        let server = with_keys(count, |_| Act::Close).await;
        assert_eq!(connect(&server, |_| {}).look(&Write::Keyvalue(sweep(9))).await, look);
    }
    let server = Server::start(|_| Act::Close).await;
    let looked = connect(&server, |_| {}).look(&Write::Keyvalue(set())).await;
    assert!(matches!(looked, Look::CannotTell(_)), "{looked:?}");
}

#[test]
fn what_is_not_on_the_list_is_not_admitted() {
    let connections = |patterns: [&str; 3]| {
        let rule = |pattern: &str| belay_domain::connection::WriteRule {
            pattern: pattern.to_owned().try_into().unwrap(),
            object: Vec::new(),
            at_best: Reversibility::Reversible,
            repeatable: true,
            guarded: false,
        };
        let rules = ConnectionRules {
            name: name(),
            kind: ConnectionKind::Redis,
            criticality: Criticality::Medium,
            writes: patterns.map(rule).to_vec(),
            settle_ms: 0,
        };
        let target = Target::Redis(RedisTarget::new("redis://127.0.0.1:1"));
        Connections::open(vec![ConnectionSpec { rules, target, confirm_within_ms: 0 }]).unwrap()
    };
    let none = connections(["SET j", "DEL *", "UNLINK v8:*"]);
    for write in [set(), sweep(1)] {
        let refusal = none.admit(&Write::Keyvalue(write)).unwrap_err().to_string();
        assert!(refusal.ends_with("is not on the list of writes of connection `cache`"), "{refusal}");
    }
    let all = connections(["SET k", "DEL *", "UNLINK v*"]);
    for write in [set(), sweep(1)] {
        assert_eq!(all.admit(&Write::Keyvalue(write)), Ok(()));
    }
    let change = KeyvalueChange::DeletePrefix { prefix: Body(Vec::new()), most: 1 };
    assert!(all.admit(&Write::Keyvalue(KeyvalueWrite { change, ..sweep(1) })).is_err());
}
