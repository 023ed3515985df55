//! Resources, states, faults, descriptions, measurements.

use belay_domain::id::Millis;
use belay_domain::state::{Context, Description, Desired, Fault, Measurement, Past, Pin, Reference, Resource, State};

use super::{json, line};
use crate::bindings::probe::exports::belay::plugin::probing;
use crate::bindings::reverter::exports::belay::plugin::reverting;
use crate::bindings::types;
use crate::call::CallError;

pub(crate) fn context(context: &Context) -> types::Context {
    types::Context { now: context.now.0, key: context.key.clone() }
}

pub(crate) fn resource(resource: &Resource) -> types::Resource {
    types::Resource {
        connection: resource.connection.to_string(),
        id: resource.id.clone(),
        config: resource.config.canonical(),
    }
}

pub(crate) fn reference(reference: &Reference) -> reverting::Reference {
    match reference {
        Reference::Present => reverting::Reference::Present,
        Reference::Version(label) => reverting::Reference::Version(label.clone()),
        Reference::At(at) => reverting::Reference::At(at.0),
    }
}

pub(crate) fn state_in(state: &State) -> types::State {
    types::State {
        version: state.version.clone(),
        content: state.content.canonical(),
        revision: state.revision.canonical(),
    }
}

pub(crate) fn desired(desired: &Desired) -> types::Desired {
    match desired {
        Desired::Pinned(pin) => types::Desired::Pinned(pin_in(pin)),
        Desired::Attributes(attributes) => types::Desired::Attributes(attributes.canonical()),
    }
}

pub(crate) fn pin_in(pin: &Pin) -> types::Pin {
    types::Pin { state: state_in(&pin.state), proof: pin.proof.canonical() }
}

pub(crate) fn state_out(state: types::State) -> Result<State, CallError> {
    Ok(State {
        version: state.version,
        content: json("the state's content", &state.content)?,
        revision: json("the state's revision", &state.revision)?,
    })
}

pub(crate) fn pin(pin: types::Pin) -> Result<Pin, CallError> {
    Ok(Pin { state: state_out(pin.state)?, proof: json("the pin's proof", &pin.proof)? })
}

/// At most `limit` entries; more is nonsense.
pub(crate) fn history(past: Vec<reverting::Past>, limit: u32) -> Result<Vec<Past>, CallError> {
    if past.len() as u64 > limit.into() {
        return Err(CallError::nonsense("the history", format!("{} states, asked for {limit} at most", past.len())));
    }
    Ok(past
        .into_iter()
        .map(|past| Past { version: past.version, at: past.at.map(Millis), summary: past.summary })
        .collect())
}

pub(crate) fn fault(fault: types::Fault) -> CallError {
    CallError::Fault(match fault {
        types::Fault::Invalid(why) => Fault::Invalid(line(why)),
        types::Fault::Missing(why) => Fault::Missing(line(why)),
        types::Fault::Unexpected(why) => Fault::Unexpected(line(why)),
        types::Fault::Unavailable(why) => Fault::Unavailable(line(why)),
        types::Fault::Unsupported(why) => Fault::Unsupported(line(why)),
    })
}

pub(crate) fn description(description: types::Description) -> Result<Description, CallError> {
    let types::Description { name, version, summary, config_schema, attributes_schema } = description;
    schema("the configuration's schema", &config_schema)?;
    schema("the attributes' schema", &attributes_schema)?;
    Ok(Description { name, version, summary, config_schema, attributes_schema })
}

/// A JSON Schema may hold floats, so that it is checked but not canonicalised.
fn schema(what: &str, text: &str) -> Result<(), CallError> {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(_) | serde_json::Value::Bool(_)) => Ok(()),
        Ok(_) => Err(CallError::nonsense(what, "a JSON Schema is an object or a boolean")),
        Err(error) => Err(CallError::nonsense(what, error)),
    }
}

pub(crate) fn measurements(measured: Vec<probing::Measurement>) -> Result<Vec<Measurement>, CallError> {
    measured.into_iter().map(measurement).collect()
}

fn measurement(measured: probing::Measurement) -> Result<Measurement, CallError> {
    let probing::Measurement { name, value, unit, detail } = measured;
    match &value {
        Some(value) if !is_decimal(value) => {
            let value: String = value.chars().take(40).collect();
            Err(CallError::nonsense(format!("the measurement `{name}`"), format!("`{value}` is not a decimal number")))
        }
        Some(_) | None => Ok(Measurement { name, value, unit, detail }),
    }
}

/// `-?digits[.digits]`: no exponent, no sign but minus.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    text.len() <= 100 && text.split_once('.').map_or(digits(text), |(whole, rest)| digits(whole) && digits(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_plain() {
        for text in ["0", "-1", "12.50", "007"] {
            assert!(is_decimal(text), "{text}");
        }
        for text in ["", "-", ".5", "5.", "1e3", "+1", "NaN", "1.2.3", "١"] {
            assert!(!is_decimal(text), "{text}");
        }
    }
}
