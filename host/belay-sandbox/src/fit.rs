//! Whether a component fits a world, and if not, exactly what it wants or lacks.

use crate::contract::Contract;
use crate::world::{WIT_VERSION, World};

/// What a component wants that no plugin gets, or lacks that each plugin has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Misfit(Vec<String>);

impl Misfit {
    /// Each problem in words.
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

/// The world that a component fits, and the version of the package it was built against.
pub(crate) fn world(contract: &Contract) -> Result<(World, String), Misfit> {
    let world = exported(contract)?;
    let Some(held) = Contract::held(world) else {
        return Err(Misfit(vec![format!("this host knows no world `{world}`")]));
    };
    let problems = [unknown_imports(contract, held, world), missing_exports(contract, held)].concat();
    if problems.is_empty() { Ok((world, WIT_VERSION.to_owned())) } else { Err(Misfit(problems)) }
}

/// The world whose interface the component exports.
fn exported(contract: &Contract) -> Result<World, Misfit> {
    let exports = &contract.exports.interfaces;
    let found: Vec<_> = World::ALL.into_iter().filter(|world| exports.contains_key(&full_name(*world))).collect();
    match found.as_slice() {
        [world] => Ok(*world),
        [] => Err(Misfit(vec![no_world(contract)])),
        _ => {
            let names: Vec<_> = found.iter().map(|world| world.name()).collect();
            Err(Misfit(vec![format!("it is {} at once; a plugin has one world", names.join(" and "))]))
        }
    }
}

fn full_name(world: World) -> String {
    format!("belay:plugin/{}@{WIT_VERSION}", world.export())
}

fn no_world(contract: &Contract) -> String {
    let side = &contract.exports;
    let exports: Vec<_> = side.interfaces.keys().chain(&side.functions).map(|name| format!("`{name}`")).collect();
    let exports = if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") };
    let wanted: Vec<_> = World::ALL.into_iter().map(|world| format!("`{}`", full_name(world))).collect();
    format!("it exports {exports}; a plugin exports one of {}", wanted.join(", "))
}

fn unknown_imports(contract: &Contract, held: &Contract, world: World) -> Vec<String> {
    let mut problems = Vec::new();
    for (interface, functions) in &contract.imports.interfaces {
        match held.imports.interfaces.get(interface) {
            Some(known) => problems.extend(
                functions
                    .iter()
                    .filter(|function| !known.contains(function))
                    .map(|function| format!("needs `{interface}` fn `{function}`; this host has no such function")),
            ),
            None => problems.push(unknown_interface(interface, functions, world)),
        }
    }
    let free = contract.imports.functions.iter();
    problems.extend(free.map(|function| format!("needs fn `{function}`; this host has no such function")));
    problems
}

fn unknown_interface(interface: &str, functions: &[String], world: World) -> String {
    let functions: Vec<_> = functions.iter().map(|function| format!("fn `{function}`")).collect();
    let wanted =
        if functions.is_empty() { format!("`{interface}`") } else { format!("`{interface}` {}", functions.join(", ")) };
    let elsewhere =
        World::ALL.into_iter().filter_map(Contract::held).any(|held| held.imports.interfaces.contains_key(interface));
    let why = if elsewhere {
        format!("a {world} has no such interface")
    } else if interface.starts_with("wasi:") {
        "plugins get no WASI: no clock, no entropy, no files, no network".to_owned()
    } else {
        "this host has no such interface".to_owned()
    };
    format!("needs {wanted}; {why}")
}

fn missing_exports(contract: &Contract, held: &Contract) -> Vec<String> {
    let mut problems = Vec::new();
    for (interface, functions) in &held.exports.interfaces {
        let exported = contract.exports.interfaces.get(interface).map_or(&[][..], Vec::as_slice);
        let missing = functions.iter().filter(|function| !exported.contains(function));
        problems.extend(missing.map(|function| format!("exports `{interface}` without fn `{function}`")));
    }
    problems
}
