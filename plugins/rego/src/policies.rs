//! From files to an engine that is ready to be asked. Nothing is evaluated here.

use belay_sdk::Fault;
use regorus::{Engine, Value};

use crate::{Config, Language, mistake};

/// Policies that are ready to be asked.
pub(crate) struct Loaded {
    /// With the policies, their data, the facts as `input`, and the plan's moment as the only clock.
    pub(crate) engine: Engine,
    /// The files of the package that is asked.
    pub(crate) files: Vec<String>,
}

/// Reads the policies.
pub(crate) fn load(config: &Config, facts: Value) -> Result<Loaded, Fault> {
    if config.policies.is_empty() {
        return Err(Fault::Invalid("there is no policy: files = { policies = \"policies/*.rego\" }".to_owned()));
    }
    let mut engine = Engine::new();
    engine.set_rego_v0(config.language == Language::V0);
    let asked = format!("data.{}", config.package);
    let mut files = Vec::new();
    for policy in &config.policies {
        let (file, text) = (policy.file.clone(), policy.text.clone());
        let package = engine.add_policy(file, text).map_err(|error| mistake::fault(&error))?;
        if package == asked {
            files.push(policy.file.clone());
        }
    }
    let data = serde_json::to_value(&config.data).and_then(serde_json::from_value::<Value>);
    let data = data.map_err(|error| Fault::Invalid(format!("the data: {error}")))?;
    engine.add_data(data).map_err(|error| mistake::fault(&error))?;
    tell_time(&mut engine, &facts)?;
    engine.set_input(facts);
    Ok(Loaded { engine, files })
}

/// `time.now_ns()` is the plan's moment, so that the same facts give the same verdict years later.
fn tell_time(engine: &mut Engine, facts: &Value) -> Result<(), Fault> {
    let nanoseconds = facts["now"]["ms"].as_i64().ok().and_then(|ms| ms.checked_mul(1_000_000));
    let now = nanoseconds.ok_or_else(|| Fault::Invalid("the facts: now.ms is no moment".to_owned()))?;
    let tell = Box::new(move |_: Vec<Value>| Ok(Value::from(now)));
    engine.add_extension("time.now_ns".to_owned(), 0, tell).map_err(|error| mistake::fault(&error))
}
