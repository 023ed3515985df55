//! What is loaded, what is refused and in which words, and what is kept compiled.
#![allow(clippy::unwrap_used, reason = "tests")]

mod guests;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use belay_domain::digest::Digest;
use belay_sandbox::{Limits, LoadError, Sandbox, World, inspect};

const CLOCK: &str = "package wasi:clocks@0.2.0; interface monotonic-clock { now: func() -> u64; }";
const SQL: &str = "package belay:plugin@0.2.0; interface sql { query: func() -> u64; }";

/// A guardrail that calls `function` of `interface`.
fn calling(wit: &str, interface: &str, function: &str) -> Vec<u8> {
    let world = format!("package test:guest; world odd {{ import {interface}; export belay:plugin/judging@0.1.0; }}");
    let wat = format!(
        r#"(module
            (import "{interface}" "{function}" (func $call (result i64)))
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "belay:plugin/judging@0.1.0#describe") (result i32) (drop (call $call)) (i32.const 0))
            (func (export "belay:plugin/judging@0.1.0#judge") (param i32 i32 i32 i32) (result i32) (i32.const 0)))"#
    );
    guests::component_of(&[wit, &world], "odd", &wat)
}

fn exporting_nothing() -> Vec<u8> {
    guests::component_of(
        &["package test:guest; world odd { export run: func(); }"],
        "odd",
        r#"(module (func (export "run")))"#,
    )
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let whole = guests::allows();
    let module = wat::parse_str("(module)").unwrap();
    for (bytes, words) in [
        (
            calling(CLOCK, "wasi:clocks/monotonic-clock@0.2.0", "now"),
            "needs `wasi:clocks/monotonic-clock@0.2.0` fn `now`; plugins get no WASI: no clock, no entropy, no files, no network",
        ),
        (
            calling(SQL, "belay:plugin/sql@0.2.0", "query"),
            "needs `belay:plugin/sql@0.2.0` fn `query`; this host has no such interface",
        ),
        (
            exporting_nothing(),
            "it exports `run`; a plugin exports one of `belay:plugin/reverting@0.1.0`, `belay:plugin/judging@0.1.0`, `belay:plugin/probing@0.1.0`",
        ),
        (module, "a core WebAssembly module, not a component; `belay plugin build` makes one of it"),
        (whole[..whole.len() / 2].to_vec(), "not a valid WebAssembly component, perhaps cut off: "),
        (b"<!doctype html>".to_vec(), "not a WebAssembly component: it doesn't begin with `\\0asm`"),
        (Vec::new(), "not a WebAssembly component: it doesn't begin with `\\0asm`"),
        (vec![0; (32 << 20) + 1], "33554433 bytes are more than a component may have: 33554432"),
    ] {
        let error = inspect(&bytes).unwrap_err().to_string();
        assert!(error.starts_with(words), "expected: {words}\nfound: {error}");
    }
}

#[test]
fn a_world_has_its_own_imports_only() {
    let world =
        "package test:guest; world odd { import belay:plugin/objects@0.1.0; export belay:plugin/judging@0.1.0; }";
    let wat = r#"(module
        (import "belay:plugin/objects@0.1.0" "head" (func $head (param i32 i32 i32 i32 i32)))
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "belay:plugin/judging@0.1.0#describe") (result i32)
            (call $head (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
        (func (export "belay:plugin/judging@0.1.0#judge") (param i32 i32 i32 i32) (result i32) (i32.const 0)))"#;
    let error = inspect(&guests::component_of(&[world], "odd", wat)).unwrap_err().to_string();
    assert_eq!(error, "needs `belay:plugin/objects@0.1.0` fn `head`; a guardrail has no such interface");
}

#[test]
fn what_is_inspected_is_told() {
    let bytes = guests::reads(1);
    let seen = inspect(&bytes).unwrap();
    assert_eq!((seen.world, seen.wit.as_str(), seen.digest), (World::Probe, "0.1.0", Digest::of(&bytes)));
    assert_eq!(seen.imports, ["belay:plugin/log@0.1.0", "belay:plugin/objects@0.1.0", "belay:plugin/types@0.1.0"]);
    assert_eq!(seen.exports, ["belay:plugin/probing@0.1.0"]);
}

#[test]
fn more_than_a_slot_holds_does_not_load() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    for more in ["(memory $big 5000)", "(table $big 30000 funcref)"] {
        let error = sandbox.load(&guests::guardrail(more, "(i32.const 128)"), None).err();
        assert!(matches!(error, Some(LoadError::Compile(_) | LoadError::NotAPlugin(_))), "{more}: {error:?}");
    }
}

#[tokio::test]
async fn compiled_code_is_kept_private_and_never_trusted_damaged() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let store = outside.path().join("compiled");
    let component = guests::allows();
    sandbox.load(&component, Some(&store)).unwrap();

    let files: Vec<_> = fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&store), files.len()), (0o700, 2), "the code, and what is known of it: {files:?}");
    for file in &files {
        assert_eq!(mode(file), 0o600);
        assert!(file.file_name().unwrap().to_str().unwrap().starts_with(&Digest::of(&component).to_string()));

        let whole = fs::read(file).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for damaged in [&whole[..whole.len() / 2], &flipped, b"", b"\0asm"] {
            fs::write(file, damaged).unwrap();
            let plugin = sandbox.load(&component, Some(&store)).unwrap();
            assert!(plugin.describe().await.result.is_ok());
            assert_eq!(fs::read(file).unwrap(), whole, "compiled again and replaced");
        }
    }
    let from_store = sandbox.load(&component, Some(&store)).unwrap();
    assert_eq!(from_store.describe().await.result.unwrap().name, "guest");
}

#[test]
fn any_damage_is_an_error_and_never_a_panic() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let whole = guests::allows();
    for length in (0..whole.len()).step_by(37) {
        assert!(sandbox.load(&whole[..length], None).is_err(), "cut at {length}");
    }
    for place in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x15;
        // Damage in a name may go unnoticed here; the digest notices it where a plugin is pinned.
        assert!(inspect(&damaged).is_ok_and(|seen| seen.digest != Digest::of(&whole)) || inspect(&damaged).is_err());
    }
}
