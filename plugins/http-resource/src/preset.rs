//! Configurations that the plugin brings along: the files in `presets/`, written like anybody else's. Never looked for
//! anywhere else: an operator's own configuration stands in the feature set.

use crate::config::Config;

include!(concat!(env!("OUT_DIR"), "/presets.rs"));

/// A configuration with its preset in place. What stands beside `preset` goes first, key by key.
pub(crate) fn resolve(config: &Config) -> Result<Config, String> {
    let Some(name) = &config.preset else { return Ok(config.clone()) };
    let Some((_, text)) = PRESETS.iter().find(|(known, _)| known == name) else {
        let known: Vec<&str> = PRESETS.iter().map(|(known, _)| *known).collect();
        return Err(format!("preset: there is no `{name}`; there are {}", known.join(", ")));
    };
    let preset: Config = serde_json::from_str(text).map_err(|error| format!("preset: {error}"))?;
    Ok(config.clone().over(preset))
}
