//! Between the WIT's shapes and the domain's. What comes from a guest is checked here and nowhere else.

pub(crate) mod operation;
pub(crate) mod reads;
pub(crate) mod state;
pub(crate) mod verdict;

use belay_domain::json::Json;
use belay_domain::plan_check::misleads;

use crate::call::CallError;

/// JSON text from a guest; `what` names it in the error.
fn json(what: &str, text: &str) -> Result<Json, CallError> {
    Json::parse(text).map_err(|error| CallError::nonsense(what, error))
}

/// What a plugin says to people, as one line: characters that could mislead who reads it are written out. What the
/// plugin said itself is in the call's record.
fn line(said: String) -> String {
    if !said.contains(misleads) {
        return said;
    }
    said.chars().flat_map(|c| if misleads(c) { c.escape_default().collect() } else { vec![c] }).collect()
}

fn lines(said: Vec<String>) -> Vec<String> {
    said.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_stays_on_its_line() {
        assert_eq!(line("über 20 °C, \"fine\"".to_owned()), "über 20 °C, \"fine\"");
        assert_eq!(line("a\nb\r\u{1b}[2J\u{202e}c".to_owned()), "a\\nb\\r\\u{1b}[2J\\u{202e}c");
    }
}
