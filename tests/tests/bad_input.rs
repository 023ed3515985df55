//! What bad input gets: an exit status, the cause with file and line where there is one, what was and was not
//! changed, one thing to do next. Never a panic, never half a write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use belay_tests::repository;
use belay_tests::workspace::{ROLLBACK, Said, Shop, files};
use expect_test::{Expect, expect};

#[track_caller]
fn check(said: &Said, expected: &Expect) {
    assert!(!said.err.contains("panicked"), "{said}");
    expected.assert_eq(&said.redacted());
}

/// Everything but belay's own records: what a refused command must leave as it is.
fn everything(shop: &Shop) -> BTreeMap<String, Vec<u8>> {
    let mut found = files(&shop.folder());
    found.retain(|file, _| !file.starts_with("state/"));
    found
}

/// Breaks the shop in one way, types a plan and a run, and holds what is said against `expected`. Nothing may change.
#[track_caller]
fn refused(breaks: impl FnOnce(&Shop), expected: &Expect) {
    let shop = Shop::released();
    breaks(&shop);
    let before = everything(&shop);
    let said = shop.roll_back("plan", &[]);
    assert!(!matches!(said.status, Some(0) | None), "{said}");
    check(&said, expected);
    let said = shop.roll_back("run", &[]);
    assert!(!matches!(said.status, Some(0) | None) && !said.err.contains("panicked"), "{said}");
    assert!(everything(&shop) == before, "something was changed by a command that was refused");
}

const FEATURES: &str = "features/checkout-ranker.toml";
const RUNBOOK: &str = "runbooks/standard-rollback.toml";

#[test]
fn toml_with_unknown_keys() {
    refused(
        |shop| shop.edit("belay.toml", "headroom = 2", "headroom = 2\nhedroom = 3"),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: belay.toml:50: unknown field `hedroom`, expected one of `bands`, `headroom`, `mandate_ttl`, `max_point_age`
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
        error: runbooks/standard-rollback.toml:37: unknown field `inconclusiv`, expected one of `probe`, `connections`, `config`, `measurement`, `must`, `within`, `hold`, `inconclusive`
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

#[test]
fn a_plugin_that_does_not_fit() {
    let shop = Shop::good();
    let component = fs::read(repository::component("flagd_flag")).unwrap();
    shop.write("cut.wasm", &component[..component.len() / 2]);
    shop.write("noise.wasm", (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>());
    // A core module, and a component without a world of belay's: the smallest of each.
    shop.write("core.wasm", b"\0asm\x01\0\0\0");
    shop.write("empty.wasm", b"\0asm\x0d\0\x01\0");
    shop.write("wants-more.wasm", importing(&component));
    let before = everything(&shop);
    for file in ["cut", "noise", "core", "empty", "wants-more", "absent"] {
        let said = shop.belay(["plugin", "inspect", &format!("{file}.wasm")]);
        assert!(!matches!(said.status, Some(0) | None) && !said.err.contains("panicked"), "{said}");
        let said = shop.belay(["plugin", "add", &format!("{file}.wasm"), "--name", "flagd-flag"]);
        assert!(said.err.contains(file), "it is said which file:\n{said}");
        assert!(said.status == Some(2) && said.err.contains("changed: "), "{said}");
    }
    check(
        &shop.belay(["plugin", "add", "core.wasm", "--name", "flagd-flag"]),
        &expect![[r#"
            $ belay plugin add core.wasm --name flagd-flag
            error: core.wasm: a core WebAssembly module, not a component; `belay plugin build` makes one of it
            changed: nothing was changed
            help: belay plugin build, in the plugin's folder, makes a component that fits
            [2]
        "#]],
    );
    check(
        &shop.belay(["plugin", "add", "wants-more.wasm", "--name", "flagd-flag"]),
        &expect![[r#"
            $ belay plugin add wants-more.wasm --name flagd-flag
            error: wants-more.wasm: needs `belay:plugin/objectz@0.1.0` fn `get`; this host has no such interface
            changed: nothing was changed
            help: belay plugin build, in the plugin's folder, makes a component that fits
            [2]
        "#]],
    );
    assert!(everything(&shop) == before, "belay.lock is as it was");
}

/// A component that imports an interface that no host of belay's has: one letter of one import differs.
fn importing(component: &[u8]) -> Vec<u8> {
    let (from, to) = (b"belay:plugin/objects@", b"belay:plugin/objectz@");
    let mut changed = component.to_vec();
    let mut found = 0;
    for start in 0..changed.len() - from.len() {
        if changed[start..].starts_with(from) {
            changed[start..start + to.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0, "the plugin imports objects");
    changed
}

#[test]
fn a_plugin_that_changed_since_it_was_pinned() {
    refused(
        |shop| {
            let mut component = fs::read(shop.file("plugins/delta_table.wasm")).unwrap();
            *component.last_mut().unwrap() ^= 1;
            shop.write("plugins/delta_table.wasm", component);
        },
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
            error: [folder]/workspace/plugins/delta_table.wasm is [short], but `delta-table` is pinned as [short] in belay.lock
            changed: nothing was changed; the plugin was not run
            help: belay plugin add [folder]/workspace/plugins/delta_table.wasm, if the change is meant
            [3]
        "#]],
    );
    refused(
        |shop| fs::remove_file(shop.file("plugins/delta_table.wasm")).unwrap(),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: the plugin `delta-table` can't be read from [folder]/workspace/plugins/delta_table.wasm: No such file or directory (os error 2)
        changed: nothing was changed
        help: belay plugin list
        [1]
    "#]],
    );
    refused(
        |shop| fs::remove_file(shop.file("plugins/blast_radius.wasm")).unwrap(),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        demo · standard-rollback · checkout-ranker → rp-0001 ([ago], marked good by [user])

          contain risk 12 refused
                        blast-radius: the guardrail could not judge (the plugin `blast-radius` can't be read from [folder]/workspace/plugins/blast_radius.wasm: No such file or directory (os error 2)); doubt denies
            ~ flag flags/ranker-v9 on, 100 % → rollout = 0 reversible
          restore risk 26 refused
                        blast-radius: the guardrail could not judge (the plugin `blast-radius` can't be read from [folder]/workspace/plugins/blast_radius.wasm: No such file or directory (os error 2)); doubt denies
            ↩ dataset lake/clicks v5 → v3 reversible
                        2 changes, 200 rows since v3 ([time]) are set aside
                        undo works until a VACUUM past the table's retention (a week by default)
            ↩ model flags/ranker-model on, default v9 → on, default v8 reversible

          Changed since the point dataset by 2 changes: v3 → v5 (changed outside belay) · model: on, default v8 → on, default v9 (changed outside belay)
          Risk of contain 12 = writes 6 + 2 consumers 3 + critical tier 3
          Risk of restore 26 = writes 10 + 2 consumers 7 + critical tier 6 + 200 rows set aside 2 + changes since the point 1
          Guardrails blast-radius no answer, so denied: the plugin `blast-radius` can't be read from [folder]/workspace/plugins/blast_radius.wasm: No such file or directory (os error 2) · change-window allow
          Not in this runbook search-page consumes this set · cart-upsell consumes this set
          Next nothing would run: remove the cause, then plan again
        [3]
    "#]],
    );
    refused(
        |shop| fs::remove_file(shop.file("belay.lock")).unwrap(),
        &expect![[r#"
        $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
        error: the plugin `flagd-flag` is not pinned in belay.lock
        changed: nothing was changed
        help: belay plugin add [folder]/workspace/plugins/flagd_flag.wasm
        [2]
    "#]],
    );
}

/// Breaks what the second stage needs. The plan names it; a run contains, ends with `status` before the second stage,
/// and writes nothing of it. Gives what the run said.
#[track_caller]
fn contained_only(status: i32, breaks: impl FnOnce(&Shop), expected: &Expect) {
    let shop = Shop::released();
    breaks(&shop);
    let before = everything(&shop);
    shop.roll_back("plan", &[]).says("restore");
    let said = shop.roll_back("run", &[]);
    said.ends(status);
    let told = said.err.lines().map(|line| format!("{line}\n")).collect::<String>();
    expected.assert_eq(&belay_tests::redact::redact(&told, &shop.folder().display().to_string()));
    let mut after = everything(&shop);
    let flag = "systems/demo/flags/shop.flagd.json";
    assert_ne!(after[flag], before[flag], "contained");
    after.insert(flag.to_owned(), before[flag].clone());
    assert!(after == before, "nothing else was changed:\n{said}");
    shop.is_sound();
}

#[test]
fn a_write_that_no_list_allows() {
    contained_only(
        3,
        |shop| shop.edit("belay.toml", "PUT **/_delta_log/*.json", "PUT elsewhere/*.json"),
        &expect![[r#"
            error: r-1 ended before the stage restore: the plan breaks rules: dataset, write 1: `PUT clicks/_delta_log/00000000000000000006.json` is not among the writes that `lake` allows; to allow it, add to its `writes` in belay.toml: { match = "PUT clicks/_delta_log/00000000000000000006.json", at_best = "reversible" }
            changed: flag restored; dataset not touched; model not touched
            help: belay undo r-1 puts back what it changed
        "#]],
    );
    refused(
        |shop| shop.edit("belay.toml", "writes = [{ match = \"PUT *.flagd.json\", at_best = \"reversible\" }]", ""),
        &expect![[r#"
            $ belay plan standard-rollback checkout-ranker --to latest-good --env demo
            demo · standard-rollback · checkout-ranker → rp-0001 ([ago], marked good by [user])

              contain risk 0 refused
                            flag, write 1: `PUT shop.flagd.json` is not among the writes that `flags` allows; to allow it, add to its `writes` in belay.toml: { match = "PUT shop.flagd.json", at_best = "reversible" }
                ~ flag flags/ranker-v9 on, 100 % → rollout = 0 reversible
              restore risk 0 refused
                            model, write 1: `PUT models.flagd.json` is not among the writes that `flags` allows; to allow it, add to its `writes` in belay.toml: { match = "PUT models.flagd.json", at_best = "reversible" }
                ↩ dataset lake/clicks v5 → v3 reversible
                            2 changes, 200 rows since v3 ([time]) are set aside
                            undo works until a VACUUM past the table's retention (a week by default)
                ↩ model flags/ranker-model on, default v9 → on, default v8 reversible

              Changed since the point dataset by 2 changes: v3 → v5 (changed outside belay) · model: on, default v8 → on, default v9 (changed outside belay)
              Not in this runbook search-page consumes this set · cart-upsell consumes this set
              Next nothing would run: remove the cause, then plan again
            [3]
        "#]],
    );
}

#[test]
fn a_point_whose_resource_vanished() {
    contained_only(
        6,
        |shop| fs::remove_dir_all(shop.system("lake/clicks")).unwrap(),
        &expect![[r#"
            decide: r-1 halted: dataset: can't be put back: delta-table: missing: there is no table, so `v3` can't be restored
            changed: flag restored; dataset not touched; model not touched
            help: belay resume r-1 once they can be observed; or abort it and run without them: --except dataset
        "#]],
    );
    contained_only(
        6,
        |shop| fs::remove_file(shop.system("flags/models.flagd.json")).unwrap(),
        &expect![[r#"
            decide: r-1 halted: model: can't be put back: flagd-flag: missing: the file models.flagd.json is gone: restore it, with its other flags
            changed: flag restored; dataset not touched; model not touched
            help: belay resume r-1 once they can be observed; or abort it and run without them: --except model
        "#]],
    );
    contained_only(
        6,
        |shop| {
            // A vacuum took the files that version 3 is made of.
            let good = files(&repository::root().join("runbooks/sample-data/clicks-good"));
            for file in good.into_keys().filter(|file| file.ends_with(".parquet")) {
                fs::remove_file(shop.system("lake/clicks").join(file)).unwrap();
            }
        },
        &expect![[r#"
            decide: r-1 halted: dataset: can't be put back: delta-table: missing: 4 of the 4 files of version 3 are gone, perhaps vacuumed: `day=2026-11-17/part-00000-77bdb239-fd4e-42c9-9f38-[short]-c000.snappy.parquet`, `day=2026-11-18/part-00000-d7075ebd-7c61-48de-92ee-[short]-c000.snappy.parquet`, `day=2026-11-19/part-00000-09142f83-0162-47a3-9bc9-[short]-c000.snappy.parquet`, …
            changed: flag restored; dataset not touched; model not touched
            help: belay resume r-1 once they can be observed; or abort it and run without them: --except dataset
        "#]],
    );
}

#[test]
fn nonsense_where_a_system_has_its_state() {
    contained_only(
        6,
        |shop| fs::write(shop.system("flags/models.flagd.json"), "<html>502</html>").unwrap(),
        &expect![[r#"
            decide: r-1 halted: model: can't be observed: flagd-flag: unexpected answer: flags/models.flagd.json: expected value at line 1 column 1
            changed: flag restored; dataset not touched; model not touched
            help: belay resume r-1 once they can be observed; or abort it and run without them: --except model
        "#]],
    );
    let commit = "lake/clicks/_delta_log/00000000000000000005.json";
    contained_only(
        6,
        |shop| fs::write(shop.system(commit), "{\"add\":").unwrap(),
        &expect![[r#"
            decide: r-1 halted: dataset: can't be observed: delta-table: unexpected answer: commit 5, line 1: EOF while parsing a value at line 1 column 7
            changed: flag restored; dataset not touched; model not touched
            help: belay resume r-1 once they can be observed; or abort it and run without them: --except dataset
        "#]],
    );
}

#[test]
fn no_workspace_and_no_ledger() {
    let shop = Shop::released();
    let mut command = shop.command(["status"]);
    command.current_dir("/");
    check(
        &shop.listen(command),
        &expect![[r#"
            $ belay status
            error: no belay.toml in / or above it
            changed: nothing was changed
            help: --workspace DIR names the workspace; belay init makes one
            [2]
        "#]],
    );
    let bare = Shop::bare();
    check(
        &bare.belay(["status"]),
        &expect![[r#"
        $ belay status
        error: there is no ledger at [folder]/state
        changed: nothing was changed
        help: belay init, on the host where this workspace's state is to live
        [2]
    "#]],
    );
    let state = shop.folder().join("state");
    fs::rename(&state, shop.folder().join("elsewhere")).unwrap();
    check(
        &shop.roll_back("run", &[]),
        &expect![[r#"
        $ belay run standard-rollback checkout-ranker --to latest-good --env demo
        error: there is no ledger at [folder]/state
        changed: nothing was changed
        help: belay init, on the host where this workspace's state is to live
        [2]
    "#]],
    );
}

#[test]
fn a_ledger_of_a_newer_version() {
    let shop = Shop::released();
    shop.belay(["status"]).ends(0);
    let database = shop.folder().join("state/ledger.db");
    let mut bytes = fs::read(&database).unwrap();
    // The user version of an SQLite database, big-endian: https://sqlite.org/fileformat2.html#user_version_number
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&database, bytes).unwrap();
    for journal in ["state/ledger.db-wal", "state/ledger.db-shm"] {
        let _ = fs::remove_file(shop.folder().join(journal));
    }
    let before = everything(&shop);
    check(
        &shop.roll_back("run", &[]),
        &expect![[r#"
        $ belay run standard-rollback checkout-ranker --to latest-good --env demo
        error: the ledger: the ledger has schema version 99, this belay knows 1: use the newer belay
        changed: nothing was changed; without a record nothing is done
        help: use the belay that wrote this ledger, or a newer one
        [1]
    "#]],
    );
    assert!(everything(&shop) == before);
}

#[test]
fn a_database_behind_its_checkpoint() {
    let shop = Shop::released();
    let state = shop.folder().join("state");
    let old: Vec<_> = files(&state).into_iter().filter(|(file, _)| file.starts_with("ledger.db")).collect();
    shop.roll_back("run", &[]).ends(0);
    for (file, _) in files(&state).into_iter().filter(|(file, _)| file.starts_with("ledger.db")) {
        fs::remove_file(state.join(file)).unwrap();
    }
    for (file, bytes) in old {
        fs::write(state.join(file), bytes).unwrap();
    }
    let before = everything(&shop);
    check(
        &shop.belay(["undo", "r-1"]),
        &expect![[r#"
            $ belay undo r-1
            error: the ledger: the database holds [number] entries, its own checkpoint [number]: it is an old copy; put the newer one back
            changed: nothing was changed; without a record nothing is done
            help: belay audit verify says what is trustworthy; put the state folder back from a copy that is whole
            [1]
        "#]],
    );
    check(
        &shop.belay(["status"]),
        &expect![[r#"
            $ belay status
            error: the ledger: the database holds [number] entries, its own checkpoint [number]: it is an old copy; put the newer one back
            changed: nothing was changed; without a record nothing is done
            help: belay audit verify says what is trustworthy; put the state folder back from a copy that is whole
            [1]
        "#]],
    );
    assert!(everything(&shop) == before, "nothing is done with a ledger that was put back");
}

#[test]
fn a_changed_byte_of_the_ledger_is_noticed_and_named() {
    let shop = Shop::released();
    shop.roll_back("run", &[]).ends(0);
    shop.is_sound();
    let log = shop.folder().join("state/log");
    // Partial tiles that a longer one replaced belong to nobody: the newest one counts.
    let size = shop.log().len();
    let newest: Vec<_> = files(&log).into_keys().filter(|file| file.ends_with(&format!(".p/{size}"))).collect();
    assert!(newest.len() > 1, "a tile of entries and one of hashes: {newest:?}");
    for tile in newest.iter().map(String::as_str).chain(["checkpoint"]) {
        let good = flip_the_middle_of(&log.join(tile));
        let said = shop.belay(["audit", "verify"]);
        said.ends(1).says(tile.trim_end_matches(&format!(".p/{size}")));
        fs::write(log.join(tile), good).unwrap();
    }
    shop.is_sound();
}

/// Changes one bit of a file; gives what it was.
fn flip_the_middle_of(file: &Path) -> Vec<u8> {
    let good = fs::read(file).unwrap();
    let mut changed = good.clone();
    changed[good.len() / 2] ^= 1;
    fs::write(file, changed).unwrap();
    good
}

#[test]
fn a_changed_entry_in_the_database_is_noticed() {
    let shop = Shop::released();
    shop.roll_back("run", &[]).ends(0);
    shop.is_sound();
    let state = shop.folder().join("state");
    let (wanted, put) = (b"\"kind\":\"intent\"", b"\"kind\":\"intend\"");
    let mut changed = 0;
    for file in ["ledger.db", "ledger.db-wal"] {
        let Ok(mut bytes) = fs::read(state.join(file)) else { continue };
        let places: Vec<_> = (0..bytes.len() - wanted.len()).filter(|&at| bytes[at..].starts_with(wanted)).collect();
        changed += places.len();
        for at in places {
            bytes[at..at + put.len()].copy_from_slice(put);
        }
        fs::write(state.join(file), bytes).unwrap();
    }
    assert!(changed > 0, "the intents are somewhere");
    shop.belay(["audit", "verify"]).ends(1);
    shop.belay(["audit", "verify", state.to_str().unwrap()]).ends(1).says("not sound").says("trustworthy: the first");
    // Whoever can't trust the record acts no more.
    let before = everything(&shop);
    let said = shop.belay(["undo", "r-1"]);
    assert!(!matches!(said.status, Some(0) | None) && everything(&shop) == before, "{said}");
}

/// Limits the size of every file that the command writes, as a full disk does: in units of 1,024 bytes.
fn on_a_disk_with_room_for(kibibytes: u32, command: &Command) -> Command {
    let mut shell = Command::new("/bin/bash");
    // The signal would end the process; a full disk gives an error instead.
    shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" \"$@\""));
    shell.arg(command.get_program()).args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    shell.env("NO_COLOR", "1").arg0("bash");
    shell
}

#[test]
fn a_full_disk() {
    for room in [0, 1, 8, 64, 200] {
        let shop = Shop::released();
        let before = everything(&shop);
        let command = shop.command([&["run"], &ROLLBACK[..], &["--env", "demo"]].concat());
        let said = shop.listen(on_a_disk_with_room_for(room, &command));
        assert!(!said.err.contains("panicked") && said.status.is_some(), "{said}");
        if said.status != Some(0) {
            assert!(said.err.contains("error: "), "{said}");
            let after = everything(&shop);
            let run = shop.belay(["status", "r-1"]);
            assert!(after == before || run.status == Some(0), "what was written is of a run:\n{said}");
            // With room again, the run goes on, or begins.
            let next = if run.status == Some(0) { shop.belay(["resume", "r-1"]) } else { shop.roll_back("run", &[]) };
            next.ends(0);
        }
        shop.stage().is_rolled_back().unwrap();
        shop.is_sound();
    }
}

#[test]
fn folders_that_can_not_be_written() {
    // Nobody keeps the superuser from writing to a folder; a file in its place does.
    let shop = Shop::released();
    let state = shop.folder().join("state");
    fs::remove_dir_all(state.join("log")).unwrap();
    fs::write(state.join("log"), "").unwrap();
    let before = everything(&shop);
    let said = shop.roll_back("run", &[]);
    assert!(!said.err.contains("panicked"), "{said}");
    assert!(said.status != Some(0) && everything(&shop) == before, "{said}");

    let shop = Shop::bare();
    fs::write(shop.folder().join("state"), "in the way").unwrap();
    check(
        &shop.belay(["init"]),
        &expect![[r#"
        $ belay init
        error: the ledger: [folder]/state is there already
        changed: no ledger was made
        help: name another state folder in belay.toml, or remove this one if it holds nothing
        [1]
    "#]],
    );
    assert_eq!(fs::read_to_string(shop.folder().join("state")).unwrap(), "in the way");
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

#[test]
fn help_is_there_for_every_command() {
    let shop = Shop::good();
    shop.belay(["--help"]).ends(0).says("Exit status");
    for command in ["plan", "run", "status", "watch", "resume", "abort", "undo", "takeover", "resolve", "confirm"] {
        shop.belay([command, "--help"]).ends(0);
        shop.belay([command, "--no-such-flag"]).ends(2);
    }
    assert!(Path::new(&shop.file("belay.toml")).exists());
}
