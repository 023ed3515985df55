//! Systems and their lists of writes: what is there, and what may be done to it.

use std::fs;

use belay_tests::repository;
use belay_tests::workspace::{Shop, files};
use expect_test::{Expect, expect};

use crate::{everything, refused};

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
            help: belay resume r-1 once dataset can be observed; or belay abort r-1 --reason …, then run again with --except dataset
        "#]],
    );
    contained_only(
        6,
        |shop| fs::remove_file(shop.system("flags/models.flagd.json")).unwrap(),
        &expect![[r#"
            decide: r-1 halted: model: can't be put back: flagd-flag: missing: the file models.flagd.json is gone: restore it, with its other flags
            changed: flag restored; dataset not touched; model not touched
            help: belay resume r-1 once model can be observed; or belay abort r-1 --reason …, then run again with --except model
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
            help: belay resume r-1 once dataset can be observed; or belay abort r-1 --reason …, then run again with --except dataset
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
            help: belay resume r-1 once model can be observed; or belay abort r-1 --reason …, then run again with --except model
        "#]],
    );
    let commit = "lake/clicks/_delta_log/00000000000000000005.json";
    contained_only(
        6,
        |shop| fs::write(shop.system(commit), "{\"add\":").unwrap(),
        &expect![[r#"
            decide: r-1 halted: dataset: can't be observed: delta-table: unexpected answer: commit 5, line 1: EOF while parsing a value at line 1 column 7
            changed: flag restored; dataset not touched; model not touched
            help: belay resume r-1 once dataset can be observed; or belay abort r-1 --reason …, then run again with --except dataset
        "#]],
    );
}
