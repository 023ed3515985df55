//! Guests written by hand in WAT, for what no SDK would let an author do. They lay out the canonical ABI themselves.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test file uses some of this, and only tests do")]

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const WIT: &str = include_str!("../../../../wit/belay.wit");

/// A component of `world`, which `wit` may define beside the contract.
pub(crate) fn component_of(wit: &[&str], world: &str, wat: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let mut package = resolve.push_str("belay.wit", WIT).unwrap();
    for (index, text) in wit.iter().enumerate() {
        package = resolve.push_str(format!("{index}.wit"), text).unwrap();
    }
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = wat::parse_str(wat).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

/// Memory, an allocator that only moves on, and `describe`. Addresses below 4096 are the guest's own: zeros, but for
/// the description and what `data` puts there from 1024 on.
fn module(interface: &str, body: &str) -> String {
    format!(
        r#"(module
            (import "belay:plugin/log@0.1.0" "write" (func $log (param i32 i32 i32)))
            {body}
            (global $next (mut i32) (i32.const 4096))
            (func $alloc (export "cabi_realloc") (param i32 i32 i32) (param $len i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                (global.set $next (i32.add (local.get $at) (local.get $len)))
                (local.get $at))
            (func (export "belay:plugin/{interface}@0.1.0#describe") (result i32) (i32.const 16))
            (data (i32.const 16) "\40\00\00\00\05\00\00\00\45\00\00\00\05\00\00\00\4a\00\00\00\04\00\00\00\4e\00\00\00\02\00\00\00\4e\00\00\00\02\00\00\00")
            (data (i32.const 64) "guest0.1.0line{{}}"))"#
    )
}

/// A guardrail whose `judge` is `judge`; memory at 128 is an `allow` while it is zero. `more` stands beside it.
pub(crate) fn guardrail(more: &str, judge: &str) -> Vec<u8> {
    let body = format!(
        r#"(memory (export "memory") 1)
        {more}
        (func (export "belay:plugin/judging@0.1.0#judge") (param i32 i32 i32 i32) (result i32) {judge})"#
    );
    component_of(&[], "guardrail", &module("judging", &body))
}

/// A guardrail that allows everything.
pub(crate) fn allows() -> Vec<u8> {
    guardrail("", "(i32.const 128)")
}

/// A guardrail that logs the facts, and denies with their text as the reason.
pub(crate) fn echoes() -> Vec<u8> {
    guardrail(
        "",
        "(call $log (i32.const 2) (local.get 0) (local.get 1))
        (i32.store8 (i32.const 132) (i32.const 1))
        (i32.store (i32.const 136) (i32.const 200))
        (i32.store (i32.const 140) (i32.const 1))
        (i32.store (i32.const 200) (local.get 0))
        (i32.store (i32.const 204) (local.get 1))
        (i32.const 128)",
    )
}

/// A reverter that observes a state with this content, whatever the resource, and crashes at all else.
pub(crate) fn observes(content: &str) -> Vec<u8> {
    let length = content.len();
    let text: String = content.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let body = format!(
        r#"(memory (export "memory") 1)
        (func (export "belay:plugin/reverting@0.1.0#observe") (param i32 i32 i32 i32 i32 i32) (result i32)
            (i32.store (i32.const 132) (i32.const 1024))
            (i32.store (i32.const 136) (i32.const 2))
            (i32.store (i32.const 140) (i32.const 1032))
            (i32.store (i32.const 144) (i32.const {length}))
            (i32.store (i32.const 148) (i32.const 1026))
            (i32.store (i32.const 152) (i32.const 1))
            (i32.const 128))
        (func (export "belay:plugin/reverting@0.1.0#locate") (param i32 i32 i32 i32 i32 i32 i32 i64 i32) (result i32)
            unreachable)
        (func (export "belay:plugin/reverting@0.1.0#history") (param i32 i32 i32 i32 i32 i32 i32) (result i32)
            unreachable)
        (func (export "belay:plugin/reverting@0.1.0#plan") (param i32) (result i32) unreachable)
        (data (i32.const 1024) "v87")
        (data (i32.const 1032) "{text}")"#
    );
    component_of(&[], "reverter", &module("reverting", &body))
}

/// A probe that reads the object whose connection and key the configuration is, as `"conn/key"` with a name of four
/// letters, `times` times. It measures the object's bytes as a decimal, and where it is denied, faults with the reason.
pub(crate) fn reads(times: u32) -> Vec<u8> {
    gets("objects", 208, times)
}

/// The same, with the value of a key.
pub(crate) fn reads_keys(times: u32) -> Vec<u8> {
    gets("keyvalue", 212, times)
}

/// `found`: where the canonical ABI puts the bytes that `get` of `interface` returns at 200.
fn gets(interface: &str, found: u32, times: u32) -> Vec<u8> {
    let length = found + 4;
    let body = format!(
        r#"(import "belay:plugin/{interface}@0.1.0" "get" (func $get (param i32 i32 i32 i32 i32)))
        (memory (export "memory") 4)
        (func (export "belay:plugin/probing@0.1.0#measure") (param i64 i32 i32) (param $at i32) (param $len i32)
          (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
            (local $left i32)
            (local.set $left (i32.const {times}))
            (loop $again
                (call $get
                    (i32.add (local.get $at) (i32.const 1)) (i32.const 4)
                    (i32.add (local.get $at) (i32.const 6)) (i32.sub (local.get $len) (i32.const 7))
                    (i32.const 200))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br_if $again (local.get $left)))
            (if (i32.load8_u (i32.const 200))
                (then
                    (i32.store8 (i32.const 128) (i32.const 1))
                    (i32.store8 (i32.const 132) (i32.const 3))
                    (i32.store (i32.const 136) (i32.load (i32.const 216)))
                    (i32.store (i32.const 140) (i32.load (i32.const 220))))
                (else
                    (i32.store (i32.const 132) (i32.const 300))
                    (i32.store (i32.const 136) (i32.const 1))
                    (i32.store8 (i32.const 308) (i32.const 1))
                    (i32.store (i32.const 312) (i32.load (i32.const {found})))
                    (i32.store (i32.const 316) (i32.load (i32.const {length})))))
            (i32.const 128))"#
    );
    component_of(&[], "probe", &module("probing", &body))
}
