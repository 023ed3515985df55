//! The engine: one pool, the same settings for everyone. Never runs anything by itself.

use belay_domain::digest::Digest;
use serde::{Deserialize, Serialize};
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures};

use crate::limits::{MAX_MEMORY_BYTES, Size};

/// What a pool holds for plugins of one size.
struct Room {
    /// How many calls can be under way at once; others wait.
    instances: u32,
    /// Core instances of one component: its modules and what the component encoder adds.
    core_instances: u32,
    /// Tables of one component: its modules' and the encoder's.
    tables: u32,
}

/// How many calls of plugins of this size can be under way at once; others wait.
pub(crate) const fn instances(size: Size) -> u32 {
    room(size).instances
}

const fn room(size: Size) -> Room {
    match size {
        Size::Standard => Room { instances: 64, core_instances: 16, tables: 4 },
        // An interpreter's component takes up to 256 core instances.
        Size::Large => Room { instances: 8, core_instances: 512, tables: 32 },
    }
}

/// The stack that a guest may use, in bytes.
const GUEST_STACK: usize = 512 << 10;
/// What is left of a fiber's stack for the host while it reads for a guest, in bytes. Going beyond it would abort the
/// process, so it is ample: only addresses are reserved.
const HOST_STACK: usize = 4 << 20;
/// What stays in memory between two calls in the same slot. A guest whose stack and heap fit needs no page fault.
const RESIDENT: usize = 128 << 10;
/// The wasmtime in `Cargo.lock`. It tells no version itself; a test compares.
pub(crate) const WASMTIME: &str = "48.0.8";

/// What a call ran on. Fuel burnt is comparable only where all of this is equal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EngineId {
    /// wasmtime's version.
    pub wasmtime: String,
    /// The SHA-256 of the settings that decide what a guest computes and burns.
    pub settings: Digest,
}

impl EngineId {
    /// This host's.
    pub fn here() -> Self {
        let settings = format!("fuel, epochs, canonical NaN, deterministic relaxed SIMD, stack {GUEST_STACK}");
        Self { wasmtime: WASMTIME.to_owned(), settings: Digest::of(settings.as_bytes()) }
    }
}

/// The settings for ordinary plugins. Public for measurements against bare wasmtime.
#[doc(hidden)]
pub fn settings() -> Config {
    settings_for(Size::Standard)
}

/// Sizes differ in what the pool holds alone: code, fuel and answers are the same on each.
pub(crate) fn settings_for(size: Size) -> Config {
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(size)))
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .max_wasm_stack(GUEST_STACK)
        .async_stack_size(GUEST_STACK + HOST_STACK)
        .wasm_backtrace_max_frames(None)
        // Only backtraces need these, and a plugin's never reaches anybody.
        .generate_address_map(false)
        .native_unwind_info(false);
    for feature in [
        WasmFeatures::THREADS,
        WasmFeatures::SHARED_EVERYTHING_THREADS,
        WasmFeatures::GC,
        WasmFeatures::FUNCTION_REFERENCES,
        WasmFeatures::EXCEPTIONS,
        WasmFeatures::MEMORY64,
        WasmFeatures::MULTI_MEMORY,
        WasmFeatures::STACK_SWITCHING,
    ] {
        config.wasm_features(feature, false);
    }
    config
}

fn pool(size: Size) -> PoolingAllocationConfig {
    let Room { instances, core_instances, tables } = room(size);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_stacks(instances)
        .total_memories(instances)
        .total_tables(instances * tables)
        .total_core_instances(instances * core_instances)
        .max_core_instances_per_component(core_instances)
        .max_memories_per_component(1)
        .max_tables_per_component(tables)
        .max_memory_size(usize::try_from(MAX_MEMORY_BYTES).unwrap_or(usize::MAX))
        .table_elements(size.max_table_elements() as usize)
        .linear_memory_keep_resident(RESIDENT)
        .table_keep_resident(RESIDENT)
        .async_stack_keep_resident(RESIDENT);
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_told_is_the_version_locked() {
        let lock = include_str!("../../../Cargo.lock");
        assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{WASMTIME}\"")));
    }
}
