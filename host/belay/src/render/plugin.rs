//! A component as its author and its installer look at it.

use belay_domain::state::Description;
use belay_runtime::api::PluginInspection;

use super::amount::size;
use super::page::{Line, Page, Paint};
use super::table::table;

/// World, imports, exports, digest, size, and what it says of itself: name, version, schema.
pub(crate) fn inspection(found: &PluginInspection) -> Page {
    let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    let mut facts = vec![
        fact("World", format!("{} of the contract {}", found.world, found.wit)),
        fact("Imports", list(&found.imports)),
        fact("Exports", list(&found.exports)),
        fact(
            "Size",
            if found.large {
                format!("{}, needs limits = \"large\" in belay.toml", size(found.size))
            } else {
                size(found.size)
            },
        ),
        fact("SHA-256", found.digest.to_string()),
    ];
    facts.extend(
        found.description.iter().map(|said| fact("Says", format!("{} {}: {}", said.name, said.version, said.summary))),
    );
    if let Some(problem) = &found.problem {
        facts.push(vec![Line::new().painted(Paint::Bad, "Does not fit"), Line::new().with(problem)]);
    }
    let mut page = table(0, facts);
    if let Some(said) = &found.description {
        page.append(schemas(said));
    }
    page
}

fn fact(name: &str, value: String) -> Vec<Line> {
    vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)]
}

fn schemas(said: &Description) -> Page {
    let mut page = Page::new();
    let schemas =
        [("Configuration, JSON Schema", &said.config_schema), ("Attributes, JSON Schema", &said.attributes_schema)];
    for (title, schema) in schemas.into_iter().filter(|(_, schema)| !schema.is_empty()) {
        page.push(Line::new().painted(Paint::Dim, title));
        laid_out(schema).lines().for_each(|line| page.push(Line::new().with("  ").with(line)));
    }
    page
}

/// Over several lines where it is JSON; as it is where it is not.
fn laid_out(schema: &str) -> String {
    let parsed: Result<serde_json::Value, _> = serde_json::from_str(schema);
    parsed.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| schema.to_owned())
}

#[cfg(test)]
mod tests {
    use belay_domain::digest::Digest;
    use expect_test::expect;

    use super::*;

    #[test]
    fn an_inspection_says_what_a_component_may_reach() {
        let found = PluginInspection {
            digest: Digest::of(b"component"),
            size: 71_000,
            world: "guardrail".to_owned(),
            wit: "0.1.0".to_owned(),
            large: false,
            imports: vec!["belay:plugin/log@0.1.0".to_owned()],
            exports: vec!["describe".to_owned(), "judge".to_owned()],
            description: Some(Description {
                name: "blast-radius".to_owned(),
                version: "0.1.0".to_owned(),
                summary: "Bounds on consumers".to_owned(),
                config_schema: r#"{"type":"object"}"#.to_owned(),
                attributes_schema: String::new(),
            }),
            problem: None,
        };
        expect![[r#"
            World    guardrail of the contract 0.1.0
            Imports  belay:plugin/log@0.1.0
            Exports  describe, judge
            Size     69.3 KiB
            SHA-256  6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa
            Says     blast-radius 0.1.0: Bounds on consumers
            Configuration, JSON Schema
              {
                "type": "object"
              }
        "#]]
        .assert_eq(&inspection(&found).to_text(false));
    }
}
