//! The engine: one pool, the same settings for everyone. Never runs anything by itself.

use belay_domain::digest::Digest;
use serde::{Deserialize, Serialize};
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures};

use crate::limits::{MAX_MEMORY_BYTES, MAX_TABLE_ELEMENTS};

/// How many calls can be under way at once; others wait.
pub(crate) const INSTANCES: u32 = 64;

/// The stack that a guest may use, in bytes.
const GUEST_STACK: usize = 512 << 10;
/// What is left of a fiber's stack for the host while it reads for a guest, in bytes. Going beyond it would abort the
/// process, so it is ample: only addresses are reserved.
const HOST_STACK: usize = 4 << 20;
/// What stays in memory between two calls in the same slot. A guest whose stack and heap fit needs no page fault.
const RESIDENT: usize = 128 << 10;
/// Core instances of one component: its module and what the component encoder adds.
const CORE_INSTANCES: u32 = 16;
/// Tables of one component: its module's and the encoder's.
const TABLES: u32 = 4;
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

/// The settings. Public for measurements against bare wasmtime.
#[doc(hidden)]
pub fn settings() -> Config {
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool()))
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

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES)
        .total_stacks(INSTANCES)
        .total_memories(INSTANCES)
        .total_tables(INSTANCES * TABLES)
        .total_core_instances(INSTANCES * CORE_INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(1)
        .max_tables_per_component(TABLES)
        .max_memory_size(usize::try_from(MAX_MEMORY_BYTES).unwrap_or(usize::MAX))
        .table_elements(MAX_TABLE_ELEMENTS as usize)
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
