//! What the probe says of answers, good and bad.

use belay_sdk::{Fault, http, json};
use serde_json::{Value, json};

use super::*;

type Turn = Result<(u16, u64), http::Error>;

/// Measures a system that answers each request in its turn, over and over.
fn measured(turns: &[Turn], config: &Value) -> Result<(Option<String>, String), Fault> {
    let mut config = config.clone();
    config["connections"] = json!(["ranker"]);
    config["path"] = json!("/rank");
    let config = json::configured(&config.to_string(), "the configuration")?;
    let mut turn = turns.iter().cycle();
    let ask = |request: &http::Request| {
        assert_eq!((request.connection.as_str(), request.path.as_str()), ("ranker", "/rank"));
        let (status, took) = turn.next().unwrap().clone()?;
        Ok(http::Response { status, headers: Vec::new(), body: Vec::new(), took })
    };
    let [latency, errors] = measure(ask, &config)?.try_into().unwrap();
    Ok((latency.value, errors.value.unwrap()))
}

#[test]
fn the_nearest_rank_of_the_good_answers_is_measured() {
    let turns = [Ok((200, 5_000)), Ok((200, 1_250)), Ok((500, 90_000)), Ok((200, 3_000)), Ok((200, 4_007))];
    for (percentile, expected) in [(1, "1.250"), (25, "1.250"), (26, "3.000"), (75, "4.007"), (95, "5.000")] {
        let found = measured(&turns, &json!({ "requests": 5, "percentile": percentile })).unwrap();
        assert_eq!(found, (Some(expected.to_owned()), "0.2000".to_owned()), "{percentile}");
    }
}

#[test]
fn where_no_answer_is_good_there_is_no_latency_and_everything_failed() {
    let down = [Err(http::Error::Unreachable("refused".to_owned())), Err(http::Error::TimedOut), Ok((404, 1))];
    assert_eq!(measured(&down, &json!({})).unwrap(), (None, "1.0000".to_owned()));
    assert_eq!(measured(&[Ok((404, 1))], &json!({ "status": 404 })).unwrap().1, "0.0000");
}

#[test]
fn one_failure_of_many_is_never_none() {
    let turns: Vec<_> = (0..99).map(|_| Ok((200, 1))).chain([Ok((503, 1))]).collect();
    assert_eq!(measured(&turns, &json!({ "requests": 100 })).unwrap().1, "0.0100");
}

#[test]
fn what_says_nothing_of_the_system_is_a_fault() {
    let denied = [Err(http::Error::Denied("not listed".to_owned()))];
    assert!(matches!(measured(&denied, &json!({})), Err(Fault::Unavailable(_))));
    for config in [json!({ "requests": 0 }), json!({ "requests": 101 }), json!({ "percentile": 0 })] {
        assert!(matches!(measured(&[Ok((200, 1))], &config), Err(Fault::Invalid(_))), "{config}");
    }
}
