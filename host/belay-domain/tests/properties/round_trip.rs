//! What is digested survives its text: canonical JSON gives back the same value, and the same digest.

use std::fmt::Debug;

use belay_domain::feature_set::FeatureSet;
use belay_domain::json::{self, Json};
use belay_domain::operation::Operation;
use belay_domain::point::Point;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::strategies;

fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> TestCaseResult {
    let written = Json::from(value).unwrap();
    let text = written.canonical();
    let read: T = Json::parse(&text).unwrap().to().unwrap();
    prop_assert_eq!(&read, value);
    prop_assert_eq!(json::digest_of(&read).unwrap(), written.digest());
    // Entries and packages are read from bytes without the detour over `Json`.
    prop_assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn operations_survive(operation in strategies::operation()) {
        survives::<Operation>(&operation)?;
    }

    #[test]
    fn plans_survive(plan in strategies::stage_plan()) {
        survives(&plan)?;
        prop_assert_eq!(plan.digest().unwrap(), json::digest_of(&plan).unwrap());
    }

    #[test]
    fn points_survive(point in strategies::point()) {
        survives::<Point>(&point)?;
    }

    #[test]
    fn mandates_survive(mandate in strategies::mandate()) {
        survives(&mandate)?;
    }

    #[test]
    fn feature_sets_survive(set in strategies::feature_set()) {
        survives::<FeatureSet>(&set)?;
    }

    #[test]
    fn runbooks_survive(runbook in strategies::runbook()) {
        survives(&runbook)?;
    }
}
