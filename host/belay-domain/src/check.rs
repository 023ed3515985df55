//! Checks: a probe's measurement held against a threshold.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::id::{ConnectionName, Millis, PluginName, ResourceName};
use crate::json::Json;
use crate::state::Measurement;

/// What must hold after a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Check {
    /// The probe that measures.
    pub probe: PluginName,
    /// What it may read.
    pub connections: Vec<ConnectionName>,
    /// The resource whose pinned state the probe is told, to hold what it finds against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceName>,
    /// Its configuration.
    pub config: Json,
    /// Which of its measurements.
    pub measurement: String,
    /// What must hold.
    pub must: Threshold,
    /// From the end of the last stage, in milliseconds: until then it may still come to hold.
    pub within_ms: u64,
    /// How long it must hold without a break, in milliseconds.
    pub hold_ms: u64,
    /// What no data means.
    pub inconclusive: Inconclusive,
}

/// What a check makes of no data. It never makes a pass of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inconclusive {
    /// It asks again until its time is up, and then is inconclusive.
    #[default]
    Wait,
    /// The check has failed.
    Fail,
}

/// What a number must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// Less than.
    Below(DecimalText),
    /// More than.
    Above(DecimalText),
    /// Not more than.
    AtMost(DecimalText),
    /// Not less than.
    AtLeast(DecimalText),
    /// The same number.
    Equal(DecimalText),
}

impl Threshold {
    /// Whether a number meets it.
    pub fn is_met_by(self, value: DecimalText) -> bool {
        match self {
            Self::Below(limit) => value.0 < limit.0,
            Self::Above(limit) => value.0 > limit.0,
            Self::AtMost(limit) => value.0 <= limit.0,
            Self::AtLeast(limit) => value.0 >= limit.0,
            Self::Equal(limit) => value.0 == limit.0,
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(limit) => write!(f, "below {limit}"),
            Self::Above(limit) => write!(f, "above {limit}"),
            Self::AtMost(limit) => write!(f, "at most {limit}"),
            Self::AtLeast(limit) => write!(f, "at least {limit}"),
            Self::Equal(limit) => write!(f, "equal to {limit}"),
        }
    }
}

/// A decimal number that travels as text: digested JSON has no floats.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DecimalText(Decimal);

/// Text that is not a decimal number.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a decimal number, such as \"0.02\"")]
pub struct NotADecimal(String);

impl TryFrom<String> for DecimalText {
    type Error = NotADecimal;

    fn try_from(text: String) -> Result<Self, NotADecimal> {
        let parsed = Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text));
        parsed.map(Self).map_err(|_| NotADecimal(text.chars().take(60).collect()))
    }
}

impl From<DecimalText> for String {
    fn from(number: DecimalText) -> Self {
        number.0.to_string()
    }
}

impl fmt::Display for DecimalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What one measuring said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reading {
    /// The threshold was met.
    Met {
        /// The number.
        value: String,
    },
    /// It was not.
    Missed {
        /// The number.
        value: String,
    },
    /// There was no number to compare.
    NoData {
        /// Why.
        reason: String,
    },
}

impl Check {
    /// Reads a probe's measurements against the threshold.
    pub fn read(&self, measurements: &[Measurement]) -> Reading {
        let Some(measurement) = measurements.iter().find(|found| found.name == self.measurement) else {
            return Reading::NoData { reason: format!("the probe has no measurement `{}`", self.measurement) };
        };
        let Some(value) = measurement.value.clone() else {
            return Reading::NoData { reason: measurement.detail.clone() };
        };
        match DecimalText::try_from(value.clone()) {
            Ok(number) if self.must.is_met_by(number) => Reading::Met { value },
            Ok(_) => Reading::Missed { value },
            Err(error) => Reading::NoData { reason: error.to_string() },
        }
    }
}

/// How a check ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CheckResult {
    /// It held for as long as it must.
    Passed {
        /// The last number.
        value: String,
    },
    /// It did not come to hold in time.
    Failed {
        /// The last number, or why there is none.
        reason: String,
    },
    /// There was no data: never a pass.
    Inconclusive {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for CheckResult {
    /// What it did, to follow the check's name: `failed: 0.5 is not below 0.02`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed { value } => write!(f, "passed: {value}"),
            Self::Failed { reason } => write!(f, "failed: {reason}"),
            Self::Inconclusive { reason } => write!(f, "is inconclusive: {reason}"),
        }
    }
}

/// A check on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watch {
    began: Millis,
    met_since: Option<Millis>,
}

impl Watch {
    /// Begins at the end of the last stage.
    pub const fn begin(at: Millis) -> Self {
        Self { began: at, met_since: None }
    }

    /// How long it has been watched, in milliseconds.
    pub const fn elapsed(&self, at: Millis) -> u64 {
        at.since(self.began)
    }

    /// For how long it must still hold, in milliseconds; `None` while it does not.
    pub fn left_to_hold(&self, check: &Check, at: Millis) -> Option<u64> {
        self.met_since.map(|since| check.hold_ms.saturating_sub(at.since(since)))
    }

    /// Takes a reading made at a moment; says how the check ended, if it did.
    pub fn take(&mut self, check: &Check, reading: &Reading, at: Millis) -> Option<CheckResult> {
        let late = at.since(self.began) >= check.within_ms;
        match reading {
            Reading::Met { value } => {
                // What holds when its time is up may finish holding; it may not begin to.
                if self.met_since.is_none() && at.since(self.began) > check.within_ms {
                    return Some(CheckResult::Failed { reason: format!("{value} is {} too late", check.must) });
                }
                let since = *self.met_since.get_or_insert(at);
                (at.since(since) >= check.hold_ms).then(|| CheckResult::Passed { value: value.clone() })
            }
            Reading::Missed { value } => {
                self.met_since = None;
                late.then(|| CheckResult::Failed { reason: format!("{value} is not {}", check.must) })
            }
            Reading::NoData { reason } => {
                self.met_since = None;
                match check.inconclusive {
                    Inconclusive::Fail => Some(CheckResult::Failed { reason: reason.clone() }),
                    Inconclusive::Wait => late.then(|| CheckResult::Inconclusive { reason: reason.clone() }),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inconclusive: Inconclusive) -> Check {
        Check {
            probe: "json-probe".parse().unwrap(),
            connections: vec![],
            resource: None,
            config: Json::parse("{}").unwrap(),
            measurement: "value".into(),
            must: Threshold::Below(DecimalText::try_from("0.02".to_owned()).unwrap()),
            within_ms: 1_000,
            hold_ms: 300,
            inconclusive,
        }
    }

    fn watch(inconclusive: Inconclusive, readings: &[(u64, Option<&str>)]) -> Option<CheckResult> {
        let check = check(inconclusive);
        let mut watch = Watch::begin(Millis(0));
        readings.iter().find_map(|(at, value)| {
            let measurement = Measurement {
                name: "value".into(),
                value: value.map(str::to_owned),
                unit: String::new(),
                detail: "no data".into(),
            };
            watch.take(&check, &check.read(&[measurement]), Millis(*at))
        })
    }

    #[test]
    fn a_check_passes_once_it_held_without_a_break() {
        let passed = Some(CheckResult::Passed { value: "0.01".into() });
        assert_eq!(watch(Inconclusive::Wait, &[(0, Some("0.5")), (100, Some("0.01")), (400, Some("0.01"))]), passed);
        let broken = [(0, Some("0.01")), (200, Some("0.02")), (300, Some("0.01")), (500, Some("0.01"))];
        assert_eq!(watch(Inconclusive::Wait, &broken), None);
    }

    #[test]
    fn a_check_fails_when_its_time_is_up() {
        let failed = watch(Inconclusive::Wait, &[(0, Some("0.5")), (1_000, Some("0.5"))]);
        assert_eq!(failed, Some(CheckResult::Failed { reason: "0.5 is not below 0.02".into() }));
        let late = watch(Inconclusive::Wait, &[(900, Some("0.5")), (1_001, Some("0.01"))]);
        assert_eq!(late, Some(CheckResult::Failed { reason: "0.01 is below 0.02 too late".into() }));
    }

    #[test]
    fn no_data_is_never_a_pass() {
        let inconclusive = Some(CheckResult::Inconclusive { reason: "no data".into() });
        assert_eq!(watch(Inconclusive::Wait, &[(0, None), (1_000, None)]), inconclusive);
        let failed = Some(CheckResult::Failed { reason: "no data".into() });
        assert_eq!(watch(Inconclusive::Fail, &[(0, None)]), failed);
    }

    #[test]
    fn exponents_are_decimals_too() {
        let number = |text: &str| DecimalText::try_from(text.to_owned());
        assert_eq!(number("2e-2").unwrap(), number("0.020").unwrap());
        assert!(number("NaN").is_err());
    }
}
