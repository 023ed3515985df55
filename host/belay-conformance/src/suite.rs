//! What is tried of every plugin, and of each world.

pub(crate) mod guardrail;
pub(crate) mod probe;
pub(crate) mod reverter;

mod strange_facts;

use belay_domain::json::Json;
use serde_json::{Value, json};

use crate::bench::{Bench, Heard, name_of};
use crate::fixture::{Expected, Fixtures};
use crate::report::Check;

/// That the plugin says what it is, the same each time, and that its schema takes its own fixtures' configurations.
pub(crate) async fn describes(bench: &Bench<'_>, fixtures: &Fixtures) -> Vec<Check> {
    let (one, other) = (bench.describe().await, bench.describe().await);
    let mut failed = Vec::new();
    if one.output != other.output {
        failed.push("two calls of describe gave different bytes".to_owned());
    }
    let schema = match one.answer() {
        Err(error) => {
            failed.push(format!("describe: {error}"));
            None
        }
        Ok(said) => {
            let nameless = [("name", &said.name), ("version", &said.version), ("summary", &said.summary)];
            let nameless = nameless.into_iter().filter(|(_, text)| text.trim().is_empty());
            failed.extend(nameless.map(|(what, _)| format!("its {what} is empty")));
            serde_json::from_str::<Value>(&said.config_schema).ok()
        }
    };
    let mut checks = vec![Check::of("it says what it is, twice the same", 2, failed)];
    if let Some(schema) = schema {
        checks.push(schema_takes(&schema, fixtures));
    }
    checks
}

const SCHEMA_TAKES: &str = "its configuration's schema takes what its fixtures configure";

fn schema_takes(schema: &Value, fixtures: &Fixtures) -> Check {
    let validator = match jsonschema::draft202012::new(schema) {
        Ok(validator) => validator,
        Err(error) => return Check::of(SCHEMA_TAKES, 1, vec![format!("it is no JSON Schema: {error}")]),
    };
    // A case that expects `invalid` may well be one that the schema refuses.
    let judged = fixtures.judged.iter().map(|named| (&named.name, &named.case.config, &named.case.expect));
    let reverted = fixtures.reverted.iter().map(|named| (&named.name, &named.case.resource.config, &named.case.expect));
    let measured = fixtures.measured.iter().map(|named| (&named.name, &named.case.config, &named.case.expect));
    let valid: Vec<_> = judged.chain(reverted).chain(measured).filter(|(.., expect)| expect.fault.is_none()).collect();
    let failed = valid.iter().filter_map(|(name, config, _)| {
        let error = validator.validate(config.value()).err()?;
        Some(format!("{name}: {error}"))
    });
    Check::of(SCHEMA_TAKES, valid.len(), failed.collect())
}

/// Configurations that make no sense for any plugin.
fn nonsense_configs() -> Vec<Json> {
    let values = [json!(null), json!([]), json!("x"), json!(0), json!({ "no such key ever": [1, { "a": null }] })];
    values.into_iter().filter_map(|value| Json::new(value).ok()).collect()
}

/// Why what was heard is not what a fixture expects of a fault; `None` where no fault was expected and none came.
fn held_against_fault<T>(expect: &Expected, heard: &Heard<T>) -> Option<Result<(), String>> {
    let told = match &heard.result {
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    };
    match (&expect.fault, heard.fault(), told) {
        (None, _, None) => None,
        (None, _, Some(told)) => Some(Err(told)),
        (Some(wanted), Some(fault), Some(told)) if name_of(fault) == wanted => Some(says(expect, &told)),
        (Some(wanted), _, Some(told)) => Some(Err(format!("the fault `{wanted}` was expected: {told}"))),
        (Some(wanted), _, None) => Some(Err(format!("the fault `{wanted}` was expected, and it answered"))),
    }
}

/// Whether a text has the part that a fixture expects.
fn says(expect: &Expected, text: &str) -> Result<(), String> {
    match &expect.says {
        Some(part) if !text.contains(part.as_str()) => Err(format!("`{part}` was expected in: {text}")),
        Some(_) | None => Ok(()),
    }
}

/// One check for each fixture, named after it.
fn of_fixture(name: &str, held: Result<(), String>) -> Check {
    Check::of(name, 1, held.err().into_iter().collect())
}
