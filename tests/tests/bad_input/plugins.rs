//! Components that do not fit, or are not the ones that were pinned.

use std::fs;

use belay_tests::repository;
use belay_tests::workspace::Shop;
use expect_test::expect;

use crate::{check, everything, refused};

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
                        blast-radius: the plugin failed, whatever its policy says (the plugin `blast-radius` can't be read from [folder]/workspace/plugins/blast_radius.wasm: No such file or directory (os error 2)); doubt denies
            ~ flag flags/ranker-v9 on, 100 % → rollout = 0 reversible
          restore risk 30 refused
                        blast-radius: the plugin failed, whatever its policy says (the plugin `blast-radius` can't be read from [folder]/workspace/plugins/blast_radius.wasm: No such file or directory (os error 2)); doubt denies
            ↩ dataset lake/clicks v5 → v3 reversible
                        2 changes, 200 rows since v3 ([time]) are set aside
                        undo works until a VACUUM past the table's retention (a week by default)
            ↩ model flags/ranker-model on, default v9 → on, default v8 reversible

          Changed since the point dataset by 2 changes: v3 → v5 (changed outside belay) · model: on, default v8 → on, default v9 (changed outside belay)
          Risk of contain 12 = writes 6 + 2 consumers 3 + critical tier 3
          Risk of restore 30 = writes 10 + 2 consumers 7 + critical tier 6 + runbook untried here 4 + 200 rows set aside 2 + changes since the point 1
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
