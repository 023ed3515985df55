//! belay's own records: no ledger, another one, a changed one, and nowhere to write it.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use belay_tests::workspace::{ROLLBACK, Shop, files};
use expect_test::expect;

use crate::{check, everything};

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
        error: the ledger: the ledger has schema version 99, this belay knows 3: use the newer belay
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
        // Makes the reserve, which no run begins without.
        shop.belay(["status"]).ends(0);
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
