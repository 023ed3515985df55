//! A request must mean one thing, and must not speak for the host.

use expect_test::expect;

use super::*;

fn header(name: &str, value: &str) -> StagePlan {
    with_http(|write| write.headers = vec![(name.to_owned(), value.to_owned())])
}

#[test]
fn ordinary_headers_pass() {
    for name in ["content-type", "accept", "if-match", "idempotency-key", "x-request-id", "prefer"] {
        assert_eq!(verdict(&header(name, "a b; c=\"d\""), &sample::connections()), "passes", "{name}");
    }
}

#[test]
fn headers_that_are_not_a_plugins_to_set_are_refused() {
    for name in [
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "x-auth-token",
        "x-csrf-token",
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "te",
        "upgrade",
        "expect",
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-host",
        "forwarded",
        "Content-Type",
        "x_http_method_override",
        "",
        "a b",
        "a:b",
        "é",
    ] {
        let found = examine(&header(name, "x"), &sample::connections()).unwrap_err();
        assert!(matches!(&found[..], [only] if matches!(only.breach, Breach::Header { .. })), "{name}: {found:?}");
    }
    for value in ["a\r\nhost: x", "a\nb", "\u{1b}[2J", " a", "é"] {
        assert!(verdict(&header("accept", value), &sample::connections()).contains("visible ASCII"), "{value:?}");
    }
    let twice = with_http(|write| write.headers = vec![("accept".into(), "a".into()), ("accept".into(), "b".into())]);
    check(&twice, expect!["model, write 1: the header `accept` is not a plugin's to set: it is there twice"]);
}

#[test]
fn a_method_is_one_that_writes() {
    for method in ["GET", "post", "CONNECT", "", "POST /x HTTP/1.1\r\n"] {
        let found = verdict(&with_http(|write| write.method = method.to_owned()), &sample::connections());
        assert!(found.contains("the method must be PUT, POST, PATCH or DELETE"), "{method}: {found}");
    }
}

#[test]
fn a_path_that_could_mean_another_is_refused() {
    for path in [
        "",
        "x",
        "http://elsewhere/",
        "//elsewhere/x",
        "/a//b",
        "/a/../b",
        "/..",
        "/.",
        "/%2e%2e/b",
        "/%2E./b",
        "/%252e%252e/b",
        "/a%2fb",
        "/a%252Fb",
        "/a%5cb",
        "/a\\b",
        "/..;/b",
        "/..%3bx/b",
        "/a#b",
        "/a b",
        "/a\nb",
        "/a%0ab",
        "/a%00",
        "/é",
        "/a?b\r\nhost: x",
        "/a?b#c",
        "/a?_method=DELETE",
        "/a?b=1&x-http-method-override=PUT",
        "/%ff",
        "/%",
        "/%4",
        "/%zz",
        "/%+1",
        "/%61lias",
        "/a?b=%41",
    ] {
        let found = examine(&with_http(|write| write.path = path.to_owned()), &sample::connections()).unwrap_err();
        assert!(found.iter().any(|found| matches!(found.breach, Breach::Malformed { .. })), "{path}: {found:?}");
    }
}

#[test]
fn ordinary_paths_pass() {
    for path in ["/a%20b/c.d/...", "/artifacts/model/", "/100%25", "/v1/t?ref=main&x=%2F..%2F", "/tags/a:b@c", "/"] {
        let connections = with_rule("registry", |rule| rule.pattern = sample::rule("POST /**").pattern);
        assert_eq!(verdict(&with_http(|write| write.path = path.to_owned()), &connections), "passes", "{path}");
    }
}

#[test]
fn a_write_goes_through_a_connection_of_its_step_and_kind() {
    let other = with_object(|write| write.connection = "flags".parse().unwrap());
    check(
        &other,
        expect![
            "dataset, write 1: writes through `flags`, which is not the resource's own; name it in the step's `connections`"
        ],
    );
    let unknown = with_object(|write| write.connection = "lakes".parse().unwrap());
    check(
        &unknown,
        expect![
            "dataset, write 1: writes through `lakes`, which is not the resource's own; name it in the step's `connections`"
        ],
    );

    let mut lent = sample::restore();
    if let crate::plan::Subject::Resource(target) = &mut lent.steps[0].subject {
        target.connections = ["flags", "lakes", "registry"].map(|name| name.parse().unwrap()).to_vec();
    }
    let through = |name: &str| {
        let mut plan = lent.clone();
        if let Write::Object(write) = &mut operation(&mut plan, 0).write {
            write.connection = name.parse().unwrap();
            write.key = "shop.flagd.json".to_owned();
        }
        plan
    };
    check(&through("flags"), expect!["passes"]);
    check(
        &through("lakes"),
        expect!["dataset, write 1: writes through the connection `lakes`, which this environment does not have"],
    );
    check(&through("registry"), expect!["dataset, write 1: the write does not fit `registry`, which is of kind http"]);
}
