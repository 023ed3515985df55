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

fn keys(change: types::KeyvalueChange) -> types::Operation {
    types::Operation {
        write: types::Write::Keyvalue(types::KeyvalueWrite {
            connection: "cache".to_owned(),
            change,
            expect: types::Expectation::Anything,
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
fn each_change_of_keys_is_the_one_that_was_meant() {
    let (key, field, value) = (b"k\0".to_vec(), b"f".to_vec(), b"\xff".to_vec());
    let expiry = types::Expiry::At(7);
    for (change, line) in [
        (types::KeyvalueChange::Set(types::KeyvalueSet { key: key.clone(), value: value.clone(), expiry }), "SET k%00"),
        (types::KeyvalueChange::Delete(key.clone()), "DEL k%00"),
        (
            types::KeyvalueChange::SetField(types::FieldSet { key: key.clone(), field: field.clone(), value }),
            "HSET k%00 f",
        ),
        (types::KeyvalueChange::DeleteField(types::FieldName { key: key.clone(), field }), "HDEL k%00 f"),
        (types::KeyvalueChange::DeletePrefix(types::PrefixBound { prefix: key, most: 9 }), "UNLINK k%00*"),
    ] {
        assert_eq!(planned(keys(change)).unwrap()[0].operations[0].write.line(), line);
    }
    assert_eq!(
        [types::Expiry::Kept, types::Expiry::Never, expiry].map(super::expiry),
        [Expiry::Kept, Expiry::Never, Expiry::At(Millis(7))]
    );
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
