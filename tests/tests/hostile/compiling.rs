//! Components that are hard to compile: that is done in a process of its own, which is ended when it takes too much.

use std::fmt::Write as _;
use std::fs;

use belay_tests::workspace::Shop;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const WIT: &str = include_str!("../../../wit/belay.wit");

/// A guardrail that answers nothing, with more functions beside it.
fn guardrail(more: &str) -> Vec<u8> {
    let module = format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "belay:plugin/judging@0.1.0#describe") (result i32) unreachable)
            (func (export "belay:plugin/judging@0.1.0#judge") (param i32 i32 i32 i32) (result i32) unreachable)
            {more})"#
    );
    let mut resolve = Resolve::default();
    let package = resolve.push_str("belay.wit", WIT).unwrap();
    let world = resolve.select_world(&[package], Some("guardrail")).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// A shop that has such a component.
fn shop(more: &str) -> Shop {
    let shop = Shop::good();
    shop.write("hard.wasm", guardrail(more));
    shop.edit("belay.toml", "[plugin] ", "[plugin]\nhard = { path = \"hard.wasm\" }\n");
    shop
}

/// That pinning it is refused with these words, and changes nothing.
fn refused(more: &str, why: &str) {
    let shop = shop(more);
    let lock = fs::read(shop.file("belay.lock")).unwrap();
    shop.belay(["plugin", "add", "hard.wasm"]).ends(2).says(why).says("nothing was changed");
    assert!(fs::read(shop.file("belay.lock")).unwrap() == lock);
    // Whoever needs the other plugins is served.
    shop.roll_back("plan", &[]).ends(0);
}

#[test]
fn many_functions_are_only_many() {
    let mut more = String::new();
    for index in 0..100_000 {
        write!(more, "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const {index})))").unwrap();
    }
    let shop = shop(&more);
    shop.belay(["plugin", "inspect", "hard.wasm"]).ends(0).says("unreachable");
    // It compiles, and yet nobody could say what it does.
    shop.belay(["plugin", "add", "hard.wasm"]).ends(2).says("can't say what it is").says("nothing was pinned");
    shop.roll_back("plan", &[]).ends(0);
}

#[test]
fn one_that_takes_all_memory_takes_it_from_nobody() {
    // Each block sets locals that all blocks use: what the compiler must remember grows with the product.
    let locals = 5_000;
    let mut more = format!("(func (param i32){}", "(local i32)".repeat(locals));
    for index in 0..20_000 {
        let local = |factor: usize| index * factor % (locals + 1);
        write!(
            more,
            "(block (br_if 0 (local.get {})) (local.set {} (i32.add (local.get {}) (local.get {}))))",
            local(1),
            local(7),
            local(13),
            local(31)
        )
        .unwrap();
    }
    more.push(')');
    refused(&more, "can't be compiled: memory allocation");
}

#[test]
fn one_that_takes_minutes_is_ended() {
    let (locals, depth) = (2_000, 5_000);
    let mut more = format!("(func (param i32){}{}", "(local i32)".repeat(locals), "(loop ".repeat(depth));
    for index in 0..depth {
        let local = |factor: usize| index * factor % (locals + 1);
        write!(
            more,
            "(local.set {} (i32.add (local.get {}) (local.get {}))) (br_if {} (local.get {}))) ",
            local(7),
            local(13),
            local(31),
            index % (depth - index),
            local(1)
        )
        .unwrap();
    }
    more.push(')');
    refused(&more, "takes more than 40 s of computing to compile");
}
