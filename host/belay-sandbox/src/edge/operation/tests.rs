use super::*;

fn http(connection: &str, test: types::BodyTest) -> types::Operation {
    types::Operation {
        summary: "alias champion: 9 → 8".to_owned(),
        write: types::Write::Http(types::HttpWrite {
            connection: connection.to_owned(),
            method: "POST".to_owned(),
            path: "/alias".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: b"{}".to_vec(),
            applied: vec![types::Answer { status: 200, body: Some(("/alias".to_owned(), test)) }],
            refused: vec![types::Answer { status: 404, body: None }],
        }),
        yields: r#"{"v":8}"#.to_owned(),
        reversibility: types::Reversibility::Reversible,
        touches: 1,
    }
}

fn object(expect: types::Expectation) -> types::Operation {
    types::Operation {
        write: types::Write::Object(types::ObjectWrite {
            connection: "pail".to_owned(),
            key: "a/b".to_owned(),
            content: None,
            expect,
        }),
        ..http("registry", types::BodyTest::Present)
    }
}

fn planned(operation: types::Operation) -> Result<Vec<Change>, CallError> {
    let change = types::Change { operations: vec![operation], factors: Vec::new(), loss: None, notes: Vec::new() };
    changes(vec![change], 1)
}

#[test]
fn a_sensible_operation_comes_through_whole() {
    let equals = types::BodyTest::Equals(r#"{"b":1,"a":2}"#.to_owned());
    let changes = planned(http("registry", equals)).unwrap();
    let Write::Http(write) = &changes[0].operations[0].write else { unreachable!() };
    assert_eq!(write.connection.as_str(), "registry");
    assert_eq!(write.headers[0].0, "content-type");
    assert_eq!(write.refused, [Answer { status: 404, body: None }]);
    let Some((pointer, BodyTest::Equals(value))) = &write.applied[0].body else { unreachable!() };
    assert_eq!((pointer.as_str(), value.canonical().as_str()), ("/alias", r#"{"a":2,"b":1}"#));

    let digest = Digest::of(b"abc");
    let changes = planned(object(types::Expectation::Bytes(digest.to_string()))).unwrap();
    let Write::Object(write) = &changes[0].operations[0].write else { unreachable!() };
    assert_eq!((&write.expect, &write.content), (&Expectation::Bytes(digest), &None));
}

#[test]
fn what_can_not_be_is_named() {
    let yields = types::Operation { yields: "1.5".to_owned(), ..http("registry", types::BodyTest::Present) };
    for (operation, what) in [
        (http("no such name", types::BodyTest::Present), "a write's connection: "),
        (http("registry", types::BodyTest::Equals("{".to_owned())), "what an answer's body must equal: "),
        (object(types::Expectation::Bytes("abc".to_owned())), "what a write expects: "),
        (yields, "what the operation yields: "),
    ] {
        let error = planned(operation).unwrap_err();
        assert!(matches!(&error, CallError::Nonsense(why) if why.starts_with(what)), "{error:?}");
    }
    let many = vec![types::RiskFactor { cause: String::new(), score: 101 }];
    assert!(matches!(factors(many), Err(CallError::Nonsense(_))));
    assert!(matches!(changes(Vec::new(), 1), Err(CallError::Nonsense(_))));
}
