//! Runbooks: recipes of stages and steps over resource names, with parameters, checks and limits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::id::{ConnectionName, ResourceName, RunbookName, StageName};
use crate::json::Json;
use crate::limits::Terms;
use crate::people::Scope;
use crate::skip::WhenDown;

/// A recipe.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Runbook {
    /// Its name.
    pub name: RunbookName,
    /// One line.
    pub summary: String,
    /// When to use it.
    pub when: String,
    /// When not to.
    pub when_not: String,
    /// Whom to call when it does not help.
    pub escalate_to: String,
    /// Words that a responder may search for.
    pub tags: Vec<String>,
    /// What a responder can set.
    pub parameters: Vec<Parameter>,
    /// In order. A resource is the subject of at most one step; names are distinct.
    pub stages: Vec<Stage>,
    /// What must hold afterwards.
    pub checks: Vec<Check>,
    /// What it promises.
    pub service_level: ServiceLevel,
    /// What follows where a stage or a check fails.
    pub on_failure: OnFailure,
    /// What it may be applied to.
    #[serde(default, skip_serializing_if = "Scope::is_unlimited")]
    pub may_touch: Scope,
    /// What it tightens of the limits in force.
    #[serde(default, skip_serializing_if = "Terms::is_empty")]
    pub limits: Terms,
    /// What it leaves as it is, though it is made from what it restores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<Left>,
}

/// A resource that a runbook leaves as it is, though it is made from what it restores.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Left {
    /// Which.
    pub resource: ResourceName,
    /// Why that does no harm.
    pub because: String,
}

/// What follows where a stage or a check fails.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The run halts, or ends as failed.
    #[default]
    Halt,
    /// What it wrote is put back.
    Undo,
    /// It goes on with this runbook, whose own word on failures does not count then.
    Runbook(RunbookName),
}

/// What a responder can set: `--parameter rollout_to=10`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What fits.
    pub kind: ParameterKind,
    /// Taken where none is given; absent: one must be.
    pub default: Option<Json>,
}

/// What a parameter holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// A whole number within ±(2⁵³ − 1).
    Integer,
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
}

/// Steps that are planned, assessed and judged together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub name: StageName,
    /// Side by side, except that a step waits for those upstream of it.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Puts a resource back.
    Resource {
        /// Which.
        resource: ResourceName,
        /// The attributes to set; absent: what the point pinned.
        set: Option<BTreeMap<String, Setting>>,
        /// Connections that the plugin may read beside the resource's own.
        connections: Vec<ConnectionName>,
        /// The attribute to set by parts; excludes `set`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ramp: Option<RampRecipe>,
        /// What happens where a system is down.
        when_down: WhenDown,
    },
    /// Something that a person does and confirms.
    Manual {
        /// What to do.
        instruction: String,
    },
}

/// A gradual step as its author wrote it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RampRecipe {
    /// The attribute.
    pub attribute: String,
    /// Its values in order, at least one.
    pub through: Vec<Setting>,
    /// How long each value but the last is held, in milliseconds.
    pub hold_ms: u64,
    /// Whether the checks must pass after each hold before the next value is set.
    pub checks: bool,
}

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// As written.
    Value(Json),
    /// What the responder gave for this parameter.
    Parameter(String),
}

/// What a runbook promises; reported against in the receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ServiceLevel {
    /// From request to restored, in milliseconds.
    pub restored_within_ms: Option<u64>,
    /// The most data, in milliseconds since the point, that may be set aside; more is refused.
    pub may_lose_ms: Option<u64>,
}

/// Why parameters don't fit a runbook.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParameterError {
    /// The runbook has no such parameter.
    #[error("the runbook has no parameter `{name}`; it has {known}")]
    Unknown {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// None was given and there is no default.
    #[error("the parameter `{0}` has no default: give one with --parameter {0}=…")]
    Missing(String),
    /// The value does not fit.
    #[error("the parameter `{name}` takes {expected}, not `{given}`")]
    Kind {
        /// The parameter.
        name: String,
        /// What fits.
        expected: &'static str,
        /// What was given.
        given: String,
    },
}

impl ParameterKind {
    /// For people: `a whole number`.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Integer => "a whole number",
            Self::String => "text",
            Self::Boolean => "true or false",
        }
    }

    /// Whether a value fits.
    pub fn fits(self, value: &Json) -> bool {
        match self {
            Self::Integer => value.value().is_i64() || value.value().is_u64(),
            Self::String => value.value().is_string(),
            Self::Boolean => value.value().is_boolean(),
        }
    }

    fn parse(self, text: &str) -> Option<Json> {
        let json = match self {
            Self::String => Json::from(&text).ok()?,
            Self::Integer | Self::Boolean => Json::parse(text).ok()?,
        };
        self.fits(&json).then_some(json)
    }
}

impl Runbook {
    /// The value of each parameter, from what a responder typed and the defaults.
    pub fn parameters(&self, given: &BTreeMap<String, String>) -> Result<BTreeMap<String, Json>, ParameterError> {
        if let Some(name) = given.keys().find(|name| !self.parameters.iter().any(|p| p.name == **name)) {
            let known: Vec<_> = self.parameters.iter().map(|p| p.name.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(ParameterError::Unknown { name: name.clone(), known });
        }
        let value = |parameter: &Parameter| match given.get(&parameter.name) {
            None => parameter.default.clone().ok_or_else(|| ParameterError::Missing(parameter.name.clone())),
            Some(text) => parameter.kind.parse(text).ok_or_else(|| ParameterError::Kind {
                name: parameter.name.clone(),
                expected: parameter.kind.describe(),
                given: text.clone(),
            }),
        };
        self.parameters.iter().map(|parameter| Ok((parameter.name.clone(), value(parameter)?))).collect()
    }

    /// The resources that its steps are about, in order.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceName> {
        self.stages.iter().flat_map(|stage| &stage.steps).filter_map(|step| match step {
            Step::Resource { resource, .. } => Some(resource),
            Step::Manual { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runbook() -> Runbook {
        Runbook {
            name: "r".parse().unwrap(),
            summary: String::new(),
            when: String::new(),
            when_not: String::new(),
            escalate_to: String::new(),
            tags: vec![],
            parameters: vec![
                Parameter { name: "to".into(), kind: ParameterKind::Integer, default: Some(Json::parse("0").unwrap()) },
                Parameter { name: "who".into(), kind: ParameterKind::String, default: None },
            ],
            stages: vec![],
            checks: vec![],
            service_level: ServiceLevel::default(),
            on_failure: OnFailure::Halt,
            may_touch: Scope::default(),
            limits: Terms::default(),
            leaves: vec![],
        }
    }

    fn given(pairs: &[(&str, &str)]) -> Result<String, String> {
        let given = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        runbook().parameters(&given).map(|values| format!("{values:?}")).map_err(|error| error.to_string())
    }

    #[test]
    fn parameters_take_what_fits_and_say_what_does_not() {
        assert_eq!(given(&[("who", "12")]).unwrap(), r#"{"to": 0, "who": "12"}"#);
        assert_eq!(given(&[]).unwrap_err(), "the parameter `who` has no default: give one with --parameter who=…");
        let error = given(&[("who", "x"), ("to", "1.5")]).unwrap_err();
        assert_eq!(error, "the parameter `to` takes a whole number, not `1.5`");
        assert!(given(&[("what", "x")]).unwrap_err().contains("it has to, who"));
    }
}
