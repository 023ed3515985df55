//! What a workspace holds: findings of a lint, files of a new one, plugins.

use std::path::PathBuf;

use belay_runtime::api::{LintAnswer, PluginSummary};

use super::page::{Line, Page, Paint};
use super::people;
use super::table::table;

/// What a lint found, as editors jump to it: `file:line: message`.
pub(crate) fn lint(answer: &LintAnswer) -> Page {
    let mut page = Page::new();
    for finding in &answer.findings {
        let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
        let place = format!("{}{line}:", finding.file.display());
        page.push(Line::new().painted(Paint::Bad, place).with(" ").with(&finding.message));
    }
    for set in &answer.people {
        page.push(Line::new().painted(Paint::Dim, format!("approve {}", people::approves(set))));
    }
    let examined: Vec<_> = answer.examined.iter().map(|(what, count)| format!("{what}: {count}")).collect();
    let examined = examined.join(" · ");
    page.push(if answer.findings.is_empty() {
        Line::new().painted(Paint::Good, "✔ sound").with(format!("  {examined}"))
    } else {
        let plural = if answer.findings.len() == 1 { "" } else { "s" };
        Line::new().with(format!("{} finding{plural}   {examined}", answer.findings.len()))
    });
    page
}

/// The files of a new workspace.
pub(crate) fn made(files: &[PathBuf]) -> Page {
    if files.is_empty() {
        return Page::from(vec![Line::new().with("nothing to make: workspace and ledger are there")]);
    }
    let line = |file: &PathBuf| Line::new().painted(Paint::Good, "made").with(format!(" {}", file.display()));
    files.iter().map(line).collect::<Vec<_>>().into()
}

/// One line a plugin: name, world, version, digest, what is wrong or what it does.
pub(crate) fn plugins(plugins: &[PluginSummary]) -> Page {
    if plugins.is_empty() {
        return Page::from(vec![Line::new().with("no plugin: belay plugin add FILE pins one")]);
    }
    table(0, plugins.iter().map(plugin).collect())
}

fn plugin(plugin: &PluginSummary) -> Vec<Line> {
    let text = |text: &Option<String>| Line::new().with(text.as_deref().unwrap_or("-"));
    let pinned = match (plugin.pinned, plugin.found) {
        (None, _) => Line::new().painted(Paint::Warn, "not pinned"),
        (Some(_), None) => Line::new().painted(Paint::Bad, "no file"),
        (Some(pinned), Some(found)) if pinned != found => {
            Line::new().painted(Paint::Bad, "changed since it was pinned")
        }
        (Some(pinned), Some(_)) => Line::new().painted(Paint::Dim, format!("sha256 {}", pinned.short())),
    };
    let last = match &plugin.problem {
        Some(problem) => Line::new().painted(Paint::Bad, problem),
        None => Line::new().with(plugin.summary.as_deref().unwrap_or_default()),
    };
    vec![Line::new().painted(Paint::Strong, &plugin.name), text(&plugin.world), text(&plugin.version), pinned, last]
}

#[cfg(test)]
mod tests {
    use belay_domain::digest::Digest;
    use belay_runtime::api::Finding;
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_finding_is_where_an_editor_can_jump_to() {
        let examined = [("runbooks".to_owned(), 2), ("feature sets".to_owned(), 1)];
        let mut answer = LintAnswer {
            examined: examined.into(),
            findings: vec![Finding {
                file: "features/checkout-ranker.toml".into(),
                line: Some(9),
                message: "unknown key `ownr`; did you mean `owner`?".to_owned(),
            }],
            people: vec![],
        };
        expect![[r#"
            features/checkout-ranker.toml:9: unknown key `ownr`; did you mean `owner`?
            1 finding   feature sets: 1 · runbooks: 2
        "#]]
        .assert_eq(&lint(&answer).to_text(false));
        answer.findings.clear();
        assert_eq!(lint(&answer).to_text(false), "✔ sound  feature sets: 1 · runbooks: 2\n");
    }

    #[test]
    fn a_plugin_that_changed_is_told_from_one_that_did_not() {
        let plugin = |name: &str, pinned: Option<&[u8]>, found: Option<&[u8]>| PluginSummary {
            name: name.parse().unwrap(),
            path: "p.wasm".into(),
            pinned: pinned.map(Digest::of),
            found: found.map(Digest::of),
            world: Some("guardrail".to_owned()),
            version: Some("0.1.0".to_owned()),
            summary: Some("Bounds on consumers".to_owned()),
            problem: None,
        };
        let found = [
            plugin("blast-radius", Some(b"a"), Some(b"a")),
            plugin("moved", Some(b"a"), Some(b"b")),
            plugin("gone", Some(b"a"), None),
            plugin("new", None, Some(b"a")),
        ];
        expect![[r#"
            blast-radius  guardrail  0.1.0  sha256 ca978112ca1b          Bounds on consumers
            moved         guardrail  0.1.0  changed since it was pinned  Bounds on consumers
            gone          guardrail  0.1.0  no file                      Bounds on consumers
            new           guardrail  0.1.0  not pinned                   Bounds on consumers
        "#]]
        .assert_eq(&plugins(&found).to_text(false));
    }
}
