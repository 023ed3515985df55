//! New plugins, from nothing: made, built and tested as the kit's page says, in each language, and each kind of mistake
//! is found by the suite. Compiling takes its time, so these are the full tier's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;

use belay_tests::lab::Tier;
use belay_tests::lab::tier::is_left_out;
use belay_tests::repository;
use belay_tests::workspace::{Said, Shop};

/// Types a line as somebody at a shell does.
fn types(shop: &Shop, line: &str) -> Said {
    let mut shell = Command::new("/bin/sh");
    let found = format!("belay() {{ \"$BELAY\" \"$@\"; }}\n{line}");
    shell.arg("-ec").arg(found).current_dir(shop.stage().workspace());
    shell.env("BELAY", repository::belay()).env("NO_COLOR", "1").env("TZ", "UTC");
    shop.listen(shell)
}

fn made(shop: &Shop, kind: &str, language: &str) -> String {
    let folder = format!("new-{kind}-{language}");
    shop.belay(["plugin", "new", kind, "my-own", "--language", language, "--folder", &folder]).ends(0);
    folder
}

/// That a folder's plugin builds, and passes all of its checks without one left out.
fn passes(shop: &Shop, folder: &str) {
    shop.belay(["plugin", "build", folder, "-o", "my_own.wasm"]).ends(0).says("my-own 0.1.0");
    let said = shop.belay(["plugin", "test", folder, "--json"]);
    let report = said.ends(0).answer("plugin.test");
    assert_eq!(report["passed"], true, "{said}");
    assert!(report["suite"].as_array().unwrap().iter().all(|check| check["outcome"] == "passed"), "{said}");
}

/// Replaces a part of the new plugin's code, tests it, and puts the code back.
fn with(shop: &Shop, folder: &str, from: &str, to: &str) -> Said {
    let file = format!("{folder}/src/lib.rs");
    let before = fs::read_to_string(shop.file(&file)).unwrap();
    shop.edit(&file, from, to);
    let said = shop.belay(["plugin", "test", folder]);
    shop.write(&file, before);
    said
}

#[test]
fn a_guardrail_in_rust_and_what_the_suite_finds_in_a_broken_one() {
    if is_left_out(Tier::Full, &[]) {
        return;
    }
    let shop = Shop::bare();
    let folder = made(&shop, "guardrail", "rust");
    passes(&shop, &folder);
    let mut clippy = Command::new("cargo");
    clippy
        .args(["clippy", "--quiet", "--target-dir", "target", "--", "-D", "warnings"])
        .current_dir(shop.file(&folder));
    shop.listen(clippy).ends(0);

    let broken = |from: &str, to: &str| with(&shop, &folder, from, to);
    let allows = "    fn judge(facts: Facts, config: Config)";
    // What it can't find it takes for nothing.
    broken("    consumers: Vec<IgnoredAny>", "    #[serde(default)]\n    consumers: Vec<IgnoredAny>")
        .ends(1)
        .says("allowed where the facts lack feature_set.consumers");
    // It knows every member by name.
    broken(
        "/// What this policy needs of the facts. The rest is ignored: facts grow.\n#[derive(Deserialize)]",
        "#[derive(Deserialize)]\n#[serde(deny_unknown_fields)]",
    )
    .ends(1)
    .says("odd but valid facts get a verdict");
    // It panics on a case that it did not think of.
    broken("let (found, most) = ", "#[allow(clippy::panic)]\n        if facts.feature_set.consumers.is_empty() { panic!() }\n        let (found, most) = ")
        .ends(1)
        .says("nothing in any list: the plugin crashed");
    // It never ends.
    broken(
        "let (found, most) = ",
        "while facts.feature_set.consumers.is_empty() { std::hint::black_box(()); }\n        let (found, most) = ",
    )
    .ends(1)
    .says("nothing in any list: the plugin");
    assert!(fs::read_to_string(shop.file(&format!("{folder}/src/lib.rs"))).unwrap().contains(allows));
    with(&shop, &folder, "let (found, most) = ", "let (found, most) = (").ends(1).says("does not compile");
}

#[test]
fn a_reverter_in_rust_and_what_the_suite_finds_in_a_broken_one() {
    if is_left_out(Tier::Full, &[]) {
        return;
    }
    let shop = Shop::bare();
    let folder = made(&shop, "reverter", "rust");
    passes(&shop, &folder);
    let broken = |from: &str, to: &str| with(&shop, &folder, from, to);
    broken("let expect = Expectation::these(bytes);", "let expect = Expectation::Anything;")
        .ends(1)
        .says("expects nothing of what is there");
    broken(
        "let after = state(document.get(&of.id))?;",
        "let mut after = state(document.get(&of.id))?; after.content = \"1\".into();",
    )
    .ends(1)
    .says("the operation said 1");
    broken("    if document.get(&of.id) == wanted.as_ref() {", "    if false {").ends(1).says("a second plan");
    // A read without an answer, taken for an absent document.
    broken(
        "let bytes = reads.get_object(&of.connection, file)?;",
        "let bytes = reads.get_object(&of.connection, file).unwrap_or(Some(b\"{}\".to_vec()));",
    )
    .ends(1)
    .says("it answered, and not what it answers otherwise");
    broken("json::answered(&bytes, file)?;", "serde_json::from_slice(&bytes).unwrap();").ends(1);
}

#[test]
fn a_probe_in_rust() {
    if is_left_out(Tier::Full, &[]) {
        return;
    }
    let shop = Shop::bare();
    let folder = made(&shop, "probe", "rust");
    passes(&shop, &folder);
    with(&shop, &folder, "reads.get(connection, &config.path)?", "reads.get(connection, &config.path).unwrap_or_else(|_| belay_sdk::http::Response { status: 200, headers: Vec::new(), body: b\"{\\\"errors\\\": 0}\".to_vec(), took: 0 })")
        .ends(1)
        .says("it measured value = 0 all the same");
}

#[test]
fn guardrails_in_python_and_javascript() {
    if is_left_out(Tier::Full, &[]) {
        return;
    }
    let shop = Shop::released();
    for language in ["python", "javascript"] {
        let folder = made(&shop, "guardrail", language);
        passes(&shop, &folder);
        shop.belay(["plugin", "inspect", "my_own.wasm"]).ends(0).says("limits = \"large\"");
    }
    // The room is the operator's to grant.
    let belay = fs::read_to_string(shop.file("belay.toml")).unwrap();
    shop.write("plugins/my_own.wasm", fs::read(shop.file("my_own.wasm")).unwrap());
    let table = |limits: &str| {
        format!(
            "{belay}\n[plugin.my-own]\npath = \"plugins/my_own.wasm\"\n{limits}\n[[guardrail]]\nplugin = \"my-own\"\nconfig = {{ max_consumers = 1 }}\n"
        )
    };
    shop.write("belay.toml", table("limits = \"large\""));
    shop.belay(["plugin", "add", "plugins/my_own.wasm"]).ends(0);
    shop.roll_back("plan", &[]).ends(3).says("2 consumers, at most 1 are allowed");
}

/// The blocks of the page's first chapter, in order: how each opens, and its text.
fn first_chapter() -> Vec<(String, String)> {
    let page = fs::read_to_string(repository::root().join("docs/plugin-kit.md")).unwrap();
    let (_, rest) = page.split_once("\n## Your first guardrail in five minutes\n").unwrap();
    let (chapter, _) = rest.split_once("\n## ").unwrap();
    let mut blocks = Vec::new();
    let mut parts = chapter.split("\n```");
    parts.next();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        let (kind, text) = block.split_once('\n').unwrap();
        blocks.push((kind.to_owned(), text.to_owned()));
    }
    blocks
}

#[test]
fn the_page_works_word_for_word() {
    if is_left_out(Tier::Full, &[]) {
        return;
    }
    let shop = Shop::released();
    // The page tries the guardrail on a run; a plan after it is to have something to do.
    shop.roll_back("run", &[]).ends(0);
    shop.belay(["undo", "r-1"]).ends(0);
    let blocks = first_chapter();
    assert_eq!(blocks.len(), 6);
    for (kind, text) in blocks {
        match kind.as_str() {
            "" => drop(types(&shop, &text).ends(0)),
            "sh-refused" => drop(types(&shop, &text).ends(3).says("2 consumers, at most 1 are allowed")),
            "toml" => {
                let before = fs::read_to_string(shop.file("belay.toml")).unwrap();
                shop.write("belay.toml", format!("{before}\n{text}\n"));
            }
            other => panic!("a block of {other}"),
        }
    }
}
