//! JSON Schema from a Rust type.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

/// The JSON Schema (2020-12) of a type, as text; the same each time.
pub fn schema_of<T: JsonSchema>() -> String {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    // The title is the Rust type's name, which says nothing to an operator.
    schema.remove("title");
    schema.as_value().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For operators.
    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Config {
        /// The file.
        file: String,
        limit: Option<u32>,
    }

    #[test]
    fn a_schema_carries_comments_requirements_and_strictness() {
        let schema: serde_json::Value = serde_json::from_str(&schema_of::<Config>()).unwrap();
        assert_eq!(schema["description"], "For operators.");
        assert_eq!(schema["properties"]["file"]["description"], "The file.");
        assert_eq!(schema["required"], serde_json::json!(["file"]));
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema.get("title"), None);
    }
}
