//! The compiler and its pool of instances. Made when the first component is to be loaded: who has none pays nothing.

use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::shelf::Shelf;
use crate::ticker;

/// Instances alive at once. Each takes six mappings of the 65,530 that the kernel gives a process by default; runs
/// over it wait.
const INSTANCES_MAX: u32 = 512;
/// Largest memory that any plugin can be given.
pub(super) const MEMORY_MAX: usize = 256 << 20;
/// Stack of a guest, and with it of the host function it waits in: a TLS handshake is polled there.
const WASM_STACK: usize = 256 << 10;
const FIBER_STACK: usize = 2 << 20;
/// Pages of a slot kept for the next instance. Cheap with PAGEMAP_SCAN (Linux 6.7), which resets only touched ones.
const KEEP_RESIDENT: usize = 2 << 20;

/// The engine, or none yet.
#[derive(Default)]
pub(crate) struct Engine(OnceLock<Result<Made, String>>);

/// An engine.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) engine: wasmtime::Engine,
    /// One permit for each slot of the pool: an exhausted pool is an error, not a queue.
    pub(super) slots: Arc<Semaphore>,
    /// Those that rest.
    pub(super) shelf: Arc<Shelf>,
}

impl Engine {
    pub(super) fn get(&self) -> Result<Made, String> {
        self.0.get_or_init(make).clone()
    }
}

fn make() -> Result<Made, String> {
    // Where addresses are short (39 bits, User-Mode Linux) the pool cannot be reserved; memory is then taken as it is
    // needed, which is slower and works.
    let engine = wasmtime::Engine::new(&config(true)).or_else(|error| {
        tracing::info!(%error, "no room for a pool of WebAssembly instances: memory is taken as needed");
        wasmtime::Engine::new(&config(false))
    });
    let engine = engine.map_err(|error| format!("cannot set up WebAssembly: {error:#}"))?;
    ticker::count_epochs_of(engine.weak());
    let slots = Arc::new(Semaphore::new(INSTANCES_MAX as usize));
    let shelf = Arc::default();
    Ok(Made { engine, slots, shelf })
}

fn config(pooled: bool) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .native_unwind_info(false)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK);
    if pooled {
        config
            .memory_guard_size(32 << 20)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    } else {
        config
            .memory_reservation(0)
            .memory_guard_size(64 << 10)
            .memory_reservation_for_growth(1 << 20);
    }
    config
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES_MAX)
        .total_core_instances(4 * INSTANCES_MAX)
        .total_memories(INSTANCES_MAX)
        .total_tables(2 * INSTANCES_MAX)
        .total_stacks(INSTANCES_MAX)
        .max_memories_per_component(1)
        .max_tables_per_component(2)
        .max_core_instances_per_component(4)
        .max_memory_size(MEMORY_MAX)
        .max_component_instance_size(256 << 10)
        .max_core_instance_size(64 << 10)
        .max_unused_warm_slots(100);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(KEEP_RESIDENT);
    }
    pool
}
