//! The contract as this host holds it: which functions each interface of `wit/belay.wit` has.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};

use crate::world::World;

const WIT: &str = include_str!("../../../wit/belay.wit");

/// What a component or a world imports or exports.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Side {
    /// Interfaces by full name, each with its functions. Interfaces that hold types only have none.
    pub(crate) interfaces: BTreeMap<String, Vec<String>>,
    /// Functions outside any interface.
    pub(crate) functions: Vec<String>,
}

/// Both sides of a world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Contract {
    pub(crate) imports: Side,
    pub(crate) exports: Side,
}

impl Contract {
    /// What `world` says.
    pub(crate) fn of(resolve: &Resolve, world: WorldId) -> Self {
        let world = &resolve.worlds[world];
        Self { imports: side(resolve, &world.imports), exports: side(resolve, &world.exports) }
    }

    /// What this host offers to, and wants of, a plugin of this world.
    pub(crate) fn held(world: World) -> Option<&'static Self> {
        HELD.get(&world)
    }
}

/// Empty only if `wit/belay.wit`, which is compiled in, did not parse: a test would have failed.
static HELD: LazyLock<BTreeMap<World, Contract>> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    let Ok(package) = resolve.push_str("belay.wit", WIT) else { return BTreeMap::new() };
    let contract = |world: World| {
        let id = resolve.select_world(&[package], Some(world.name())).ok()?;
        Some((world, Contract::of(&resolve, id)))
    };
    World::ALL.into_iter().filter_map(contract).collect()
});

fn side<'a>(resolve: &Resolve, items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>) -> Side {
    let mut side = Side::default();
    for (key, item) in items {
        match item {
            WorldItem::Interface { id, .. } => {
                let functions = resolve.interfaces[*id].functions.keys().cloned().collect();
                side.interfaces.insert(resolve.name_world_key(key), functions);
            }
            WorldItem::Function(function) => side.functions.push(function.name.clone()),
            WorldItem::Type { .. } => {}
        }
    }
    side
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Function, WIT_VERSION};

    #[test]
    fn the_worlds_export_what_the_host_calls() {
        let exports = |world: World| {
            let held = Contract::held(world).unwrap();
            let name = format!("belay:plugin/{}@{WIT_VERSION}", world.export());
            held.exports.interfaces.get(&name).unwrap().join(" ")
        };
        assert_eq!(exports(World::Reverter), "describe observe locate history plan");
        assert_eq!(exports(World::Guardrail), format!("describe {}", Function::Judge));
        assert_eq!(exports(World::Probe), format!("describe {}", Function::Measure));
    }
}
