//! Workspaces that make no sense, and words that name nothing.

use std::fs;

use belay_tests::workspace::Shop;
use expect_test::expect;

use crate::{FEATURES, RUNBOOK, check, refused};

#[test]
fn toml_with_unknown_keys() {
    refused(
        |shop| shop.edit("belay.toml", "headroom = 2", "headroom = 2\nhedroom = 3"),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
            error: belay.toml:50: unknown field `hedroom`, expected one of `bands`, `headroom`, `mandate_ttl`, `max_point_age`, `run_within`, `step_within`, `may_lose`, `stage`, `weights`
            changed: nothing was read or changed beyond the workspace
            help: belay lint
            [2]
        "#]],
    );
    refused(
        |shop| shop.edit(FEATURES, "tier =", "teir ="),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: features/checkout-ranker.toml:4: unknown field `teir`, expected one of `name`, `owner`, `tier`, `consumers`
        changed: nothing was read or changed beyond the workspace
        help: belay lint
        [2]
    "#]],
    );
    refused(
        |shop| shop.edit(RUNBOOK, "inconclusive =", "inconclusiv ="),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
            error: runbooks/standard-rollback.toml:37: unknown field `inconclusiv`, expected one of `probe`, `connections`, `resource`, `config`, `measurement`, `must`, `within`, `hold`, `inconclusive`
            changed: nothing was read or changed beyond the workspace
            help: belay lint
            [2]
        "#]],
    );
    refused(
        |shop| shop.edit("belay.toml", "path = \"../systems/demo/lake\"", "paht = \"../systems/demo/lake\""),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
            error: belay.toml:25: connection `lake` of environment `demo`: unknown field `paht`, expected one of `path`, `timeout`, `digest_timeout`, `max_object`
            changed: nothing was read or changed beyond the workspace
            help: belay lint
            [2]
        "#]],
    );
}

#[test]
fn toml_with_wrong_types() {
    refused(
        |shop| shop.edit("belay.toml", "headroom = 2", "headroom = \"two\""),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: belay.toml:49: invalid type: string "two", expected u32
        changed: nothing was read or changed beyond the workspace
        help: belay lint
        [2]
    "#]],
    );
    refused(
        |shop| shop.edit(FEATURES, "consumers = [\"search-page\", \"cart-upsell\"]", "consumers = 2"),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
            error: features/checkout-ranker.toml:5: invalid type: integer `2`, expected a sequence
            changed: nothing was read or changed beyond the workspace
            help: belay lint
            [2]
        "#]],
    );
    refused(
        |shop| shop.edit(RUNBOOK, "within = \"20s\"", "within = 20"),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: runbooks/standard-rollback.toml:35: invalid type: integer `20`, expected a duration
        changed: nothing was read or changed beyond the workspace
        help: belay lint
        [2]
    "#]],
    );
    refused(
        |shop| shop.edit(RUNBOOK, "default = 0", "default = \"zero\""),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: runbooks/standard-rollback.toml:9: the default "zero" of `rollout_to` is not a whole number
               runbooks/standard-rollback.toml:16: the runbook has no [parameter.rollout_to]
        changed: nothing was read or changed beyond the workspace
        help: belay lint
        [2]
    "#]],
    );
}

#[test]
fn no_toml_at_all() {
    refused(
        |shop| shop.write("belay.toml", "\u{feff}<html>"),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: belay.toml:1: key with no value, expected `=`
        changed: nothing was read or changed beyond the workspace
        help: belay lint
        [2]
    "#]],
    );
    refused(
        |shop| shop.write("belay.toml", [0xff, 0xfe, 0]),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: belay.toml: it can't be read: stream did not contain valid UTF-8
        changed: nothing was read or changed beyond the workspace
        help: belay lint
        [2]
    "#]],
    );
    refused(
        |shop| shop.write(FEATURES, ""),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: features/checkout-ranker.toml:1: missing field `feature_set`
        changed: nothing was read or changed beyond the workspace
        help: belay lint
        [2]
    "#]],
    );
}

#[test]
fn a_cycle_in_lineage() {
    let cycle = "at = \"lake/clicks\"\nupstream = [\"model\"]";
    refused(
        |shop| shop.edit(FEATURES, "at = \"lake/clicks\"", cycle),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
            error: features/checkout-ranker.toml:17: lineage goes in a circle: dataset → model → dataset
            changed: nothing was read or changed beyond the workspace
            help: belay lint
            [2]
        "#]],
    );
    let itself = "at = \"lake/clicks\"\nupstream = [\"nobody\"]";
    refused(
        |shop| shop.edit(FEATURES, "at = \"lake/clicks\"", itself),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
            error: features/checkout-ranker.toml:17: `dataset` is said to be made from `nobody`, which this set doesn't have
            changed: nothing was read or changed beyond the workspace
            help: belay lint
            [2]
        "#]],
    );
}

#[test]
fn a_runbook_for_an_unknown_resource() {
    refused(
        |shop| shop.edit(RUNBOOK, "resource = \"dataset\"", "resource = \"datset\""),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
            error: `standard-rollback` restores `datset`, which `checkout-ranker` doesn't have; it has `flag`, `dataset` and `model`
            changed: nothing was changed
            help: belay runbook list
            [2]
        "#]],
    );
    refused(
        |shop| shop.edit(FEATURES, "plugin = \"delta-table\"", "plugin = \"iceberg\""),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: features/checkout-ranker.toml:15: `iceberg` is no plugin of this workspace; belay.toml has [plugin]
        changed: nothing was read or changed beyond the workspace
        help: belay lint
        [2]
    "#]],
    );
    refused(
        |shop| shop.edit(FEATURES, "at = \"lake/clicks\"", "at = \"pond/clicks\""),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: features/checkout-ranker.toml:16: `pond` is no connection of belay.toml
        changed: nothing was read or changed beyond the workspace
        help: belay lint
        [2]
    "#]],
    );
}

#[test]
fn words_that_name_nothing() {
    let shop = Shop::released();
    let said = |words: &[&str]| shop.belay(words);
    check(
        &said(&["plan", "standard-rollback", "checkout-ranker"]),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker
        error: no environment given; this workspace has `demo` and `prod`
        changed: nothing was read or changed
        help: add --env NAME: no environment is the default
        [2]
    "#]],
    );
    check(
        &said(&["plan", "standard-rollback", "checkout-ranker", "--env", "demo"]),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --env demo
        error: `standard-rollback` restores `dataset` and `model`: back to what?
        changed: nothing was read or changed
        help: add --to latest-good, --to POINT, --before TIME, or --at RESOURCE=VERSION
        [2]
    "#]],
    );
    check(
        &said(&["plan", "standard-rollback", "checkout-ranker", "--env", "dmeo", "--to", "latest-good"]),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --env dmeo --to latest-good
            error: there is no environment `dmeo`; this workspace has `demo` and `prod`
            changed: nothing was changed
            help: add --env with one of these
            [2]
        "#]],
    );
    check(
        &said(&["plan", "standard", "checkout-ranker", "--env", "demo"]),
        &expect![[r#"
            $ belay plan standard checkout-ranker --env demo
            error: there is no runbook `standard`; this workspace has `standard-rollback` and `turn-off`
            changed: nothing was changed
            help: belay runbook list
            [2]
        "#]],
    );
    check(
        &said(&["plan", "standard-rollback", "ranker", "--env", "demo"]),
        &expect![[r#"
            $ belay plan standard-rollback ranker --env demo
            error: there is no feature set `ranker`; this workspace has `checkout-ranker`
            changed: nothing was changed
            help: belay runbook list shows which runbook serves which
            [2]
        "#]],
    );
    check(
        &said(&["plan", "standard-rollback", "checkout-ranker", "--env", "demo", "--to", "rp-0404"]),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --env demo --to rp-0404
            error: there is no rollback point `rp-0404`
            changed: nothing was changed
            help: belay point list
            [2]
        "#]],
    );
    check(
        &said(&["plan", "standard-rollback", "checkout-ranker", "--env", "demo", "--to", "rp-0002"]),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --env demo --to rp-0002
        error: rp-0002 is a point of `checkout-ranker` in `prod`
        changed: nothing was changed
        help: belay point list
        [2]
    "#]],
    );
    check(
        &said(&["resume", "r-404"]),
        &expect![[r#"
            $ belay resume r-404
            error: there is no run `r-404`
            changed: nothing was changed
            help: belay status
            [2]
        "#]],
    );
    check(
        &said(&["run", "nowhere.belay"]),
        &expect![[r#"
            $ belay run nowhere.belay
            error: nowhere.belay: No such file or directory (os error 2)
            changed: nothing was changed
            help: belay plan … -o FILE makes a package
            [2]
        "#]],
    );
    check(
        &said(&["audit", "show", "99999"]),
        &expect![[r#"
            $ belay audit show 99999
            error: there is no entry [number]; the log has [number], from 0
            changed: nothing was changed
            help: belay audit log
            [2]
        "#]],
    );
    check(
        &shop.roll_back("plan", &["--except", "cache"]),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo --except cache
            error: --except cache: `standard-rollback` restores `dataset`, `flag` and `model`
            changed: nothing was changed
            help: belay runbook show standard-rollback
            [2]
        "#]],
    );
    check(
        &shop.roll_back("plan", &["--only", "repair"]),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo --only repair
            error: `standard-rollback` has no stage `repair`; it has `contain` and `restore`
            changed: nothing was changed
            help: belay runbook show standard-rollback
            [2]
        "#]],
    );
}

/// Every text of configuration, cut off anywhere, or with a byte of nonsense: read as it stands, or refused with
/// status 2 and a place.
#[test]
fn configuration_cut_off_or_spoilt_anywhere() {
    let shop = Shop::released();
    let quick = std::env::var("BELAY_TESTS").is_ok_and(|tier| tier == "quick");
    for file in ["belay.toml", FEATURES, RUNBOOK, "belay.lock", "freezes.toml"] {
        let text = fs::read(shop.file(file)).unwrap();
        let stride = text.len() / if quick { 8 } else { 40 } + 1;
        for cut in (0..text.len()).step_by(stride) {
            let mut spoilt = text.clone();
            spoilt[cut] = b'\x07';
            for content in [text[..cut].to_vec(), spoilt] {
                shop.write(file, &content);
                let said = shop.roll_back("plan", &[]);
                assert!(!said.err.contains("panicked"), "{file} cut at {cut}:\n{said}");
                match said.status {
                    Some(0) => assert!(says_the_same(&text, &content), "{file} at {cut} must not pass:\n{said}"),
                    // The configuration of a guardrail is its own to read: what it can't read, it denies.
                    Some(3) if file == "freezes.toml" => assert!(said.out.contains("doubt denies"), "{said}"),
                    // A runbook cut off between two steps is one without the second.
                    Some(3) if file == RUNBOOK && said.err.is_empty() => {
                        assert!(said.out.contains("refused"), "{said}")
                    }
                    Some(1 | 2 | 3 | 5 | 6) => assert!(said.err.starts_with("error: "), "{file} cut at {cut}:\n{said}"),
                    other => panic!("{file} cut at {cut}: {other:?}\n{said}"),
                }
            }
        }
        shop.write(file, &text);
    }
    shop.roll_back("run", &[]).ends(0);
}

/// Whether what is left is still a configuration: only what stands at its end, or in a comment, is gone.
fn says_the_same(text: &[u8], content: &[u8]) -> bool {
    content.len() < text.len() && !content.contains(&b'\x07')
}
