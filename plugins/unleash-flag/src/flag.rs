//! One flag in one environment: what it says, and how people call that.

use belay_sdk::{Fault, State};
use serde::{Deserialize, Serialize};

use crate::strategy::{Placed, Strategy};

/// A flag with its strategies in the order in which they are evaluated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Flag {
    pub(crate) enabled: bool,
    pub(crate) strategies: Vec<Placed>,
}

/// What must be equal for two states of a flag to be the same.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Content {
    /// Whether it is on in the environment.
    pub(crate) enabled: bool,
    /// The share that gets it, where one strategy alone decides and says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rollout: Option<u8>,
    /// In the order in which they are evaluated.
    pub(crate) strategies: Vec<Strategy>,
}

/// What moves when somebody touches the flag.
#[derive(Debug, Serialize)]
struct Revision<'a> {
    /// The last event of the flag in the environment.
    event: Option<u64>,
    ids: Vec<Option<&'a str>>,
}

impl Flag {
    /// A flag, its strategies put in order.
    pub(crate) fn new(enabled: bool, mut strategies: Vec<Placed>) -> Self {
        strategies.sort_by_key(|placed| placed.place);
        Self { enabled, strategies }
    }

    pub(crate) fn content(&self) -> Content {
        Content::new(self.enabled, self.strategies.iter().map(|placed| placed.strategy.clone()).collect())
    }

    /// As a state, after this event.
    pub(crate) fn state(&self, event: Option<u64>) -> Result<State, Fault> {
        let content = self.content();
        let ids = self.strategies.iter().map(|placed| placed.id.as_deref()).collect();
        State::of(content.label(), &content, &Revision { event, ids })
    }

    /// Whether it has a strategy that is evaluated. Without one, Unleash turns it off, and adds one when it is turned on.
    pub(crate) fn is_decided(&self) -> bool {
        self.strategies.iter().any(|placed| !placed.strategy.disabled)
    }
}

impl Content {
    pub(crate) fn new(enabled: bool, strategies: Vec<Strategy>) -> Self {
        let mut used = strategies.iter().filter(|strategy| !strategy.disabled);
        let rollout = match (used.next(), used.next()) {
            (Some(only), None) => only.rollout(),
            (Some(_), Some(_)) | (None, _) => None,
        };
        Self { enabled, rollout, strategies }
    }

    /// The strategies that are evaluated.
    pub(crate) fn used(&self) -> impl Iterator<Item = &Strategy> {
        self.strategies.iter().filter(|strategy| !strategy.disabled)
    }

    /// What people call this state: `off`, `on, 25 %`, `on, 2 strategies`.
    pub(crate) fn label(&self) -> String {
        if !self.enabled {
            return "off".to_owned();
        }
        let used: Vec<&Strategy> = self.used().collect();
        match (used.as_slice(), self.rollout) {
            ([only], Some(percent)) if only.is_constrained() => format!("on, {percent} % of some"),
            ([_], Some(percent)) => format!("on, {percent} %"),
            ([only], None) => format!("on, {}", only.label()),
            (many, _) => format!("on, {} strategies", many.len()),
        }
    }

    /// The same with attributes set.
    pub(crate) fn with(&self, enabled: Option<bool>, rollout: Option<u8>) -> Result<Self, Fault> {
        let mut strategies = self.strategies.clone();
        if let Some(percent) = rollout {
            let mut used = strategies.iter_mut().filter(|strategy| !strategy.disabled);
            match (used.next(), used.next()) {
                (Some(only), None) if only.rollout().is_some() => *only = only.with_rollout(percent),
                (Some(_), Some(_)) | (Some(_), None) | (None, _) => return Err(no_share(self)),
            }
        }
        Ok(Self::new(enabled.unwrap_or(self.enabled), strategies))
    }
}

fn no_share(of: &Content) -> Fault {
    let used: Vec<String> = of.used().map(Strategy::label).collect();
    let has = if used.is_empty() { "none".to_owned() } else { used.join(", ") };
    Fault::Unsupported(format!(
        "a rollout can be set where one gradual rollout is the only strategy in use; in use: {has}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn strategy(value: serde_json::Value) -> Strategy {
        serde_json::from_value(value).unwrap()
    }

    fn gradual(rollout: &str) -> Strategy {
        strategy(json!({ "name": "flexibleRollout", "parameters": { "rollout": rollout } }))
    }

    #[test]
    fn a_flag_is_called_what_people_see() {
        let everyone = strategy(json!({ "name": "default" }));
        let some = Strategy { segments: vec![1], ..gradual("25") };
        let unused = Strategy { disabled: true, ..gradual("50") };
        for (enabled, strategies, label, rollout) in [
            (true, vec![gradual("25")], "on, 25 %", Some(25)),
            (true, vec![unused.clone(), gradual("25")], "on, 25 %", Some(25)),
            (true, vec![some], "on, 25 % of some", Some(25)),
            (true, vec![everyone.clone()], "on, default", None),
            (true, vec![everyone, gradual("25")], "on, 2 strategies", None),
            (true, vec![gradual("101")], "on, flexibleRollout", None),
            (false, vec![gradual("25")], "off", Some(25)),
            (false, vec![unused], "off", None),
        ] {
            let content = Content::new(enabled, strategies);
            assert_eq!((content.label().as_str(), content.rollout), (label, rollout));
        }
    }

    #[test]
    fn a_share_is_set_only_where_it_is_plain_whose() {
        let unused = Strategy { disabled: true, ..gradual("50") };
        let set = Content::new(true, vec![unused.clone(), gradual("25")]).with(None, Some(10)).unwrap();
        assert_eq!(set, Content::new(true, vec![unused.clone(), gradual("10")]));
        for strategies in [vec![], vec![unused], vec![gradual("5"), gradual("6")], vec![gradual("x")]] {
            let fault = Content::new(true, strategies).with(None, Some(10)).unwrap_err();
            assert!(matches!(fault, Fault::Unsupported(_)));
        }
    }
}
