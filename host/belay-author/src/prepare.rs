//! Runs what a plugin prepares once, when it is built, and writes its memory as it is then into the module. Never gives
//! it anything to read: what is prepared follows from the module alone, so the same module gives the same bytes.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmi::{Config, Engine, ExternType, Instance, Linker, Module, Store, Val};
use wasmparser::{Parser, Payload, ValType};
use wasmtime_wizer::{InstanceState, SnapshotVal, Wizer};

use crate::{Error, Plugin};

/// The export that `belay_sdk::guardrail!(…, prepare)` makes. No component has it: it is gone once it has run.
const EXPORT: &str = "belay-prepare";
/// In wasmi's units, about one for each instruction: about a second.
const FUEL: u64 = 300_000_000;

/// The module with its memory as `belay-prepare` leaves it; the module itself where it exports no such function.
///
/// Every fresh instance begins with that memory, so a call finds what would otherwise be made in each. What runs has no
/// imports that it may call.
pub fn prepare(plugin: &Plugin, module: Vec<u8>) -> Result<Vec<u8>, Error> {
    let broken = |reason: String| Error::Prepare { plugin: plugin.name.clone(), reason };
    if asks(&module).map_err(|error| broken(error.to_string()))? {
        prepared(&module).map_err(broken)
    } else {
        Ok(module)
    }
}

fn asks(module: &[u8]) -> Result<bool, wasmparser::BinaryReaderError> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(exports) = payload? {
            for export in exports {
                if export?.name == EXPORT {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn prepared(module: &[u8]) -> Result<Vec<u8>, String> {
    let mut wizer = Wizer::new();
    wizer.init_func(EXPORT);
    let (context, instrumented) = wizer.instrument(module).map_err(|error| format!("{error:#}"))?;
    let mut state = run(&instrumented).map_err(|error| error.to_string())?;
    let snapshot = at_once(wizer.snapshot(&context, &mut state));
    match (snapshot, state.strange) {
        (Some(module), None) => module.map_err(|error| format!("{error:#}")),
        (_, Some(strange)) => Err(format!("its {strange} can't be written into a module")),
        (None, None) => Err("its memory could not be read at once".to_owned()),
    }
}

/// Interpreted: what is prepared runs once, and a compiler takes longer to build than this takes to run.
fn run(module: &[u8]) -> Result<State, wasmi::Error> {
    let engine = Engine::new(Config::default().consume_fuel(true));
    let module = Module::new(&engine, module)?;
    let mut store = Store::new(&engine, ());
    store.set_fuel(FUEL)?;
    let mut linker = Linker::new(&engine);
    for import in module.imports() {
        if let ExternType::Func(function) = import.ty() {
            let refused =
                format!("it calls {} of {}, and may call nothing while it prepares", import.name(), import.module());
            let refuse =
                move |_: wasmi::Caller<'_, ()>, _: &[Val], _: &mut [Val]| Err(wasmi::Error::new(refused.clone()));
            linker.func_new(import.module(), import.name(), function.clone(), refuse)?;
        }
    }
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&store, EXPORT)?.call(&mut store, ())?;
    Ok(State { store, instance, strange: None })
}

/// An instance that has prepared what it prepares.
struct State {
    store: Store<()>,
    instance: Instance,
    /// What could not be read; the snapshot is none then.
    strange: Option<String>,
}

impl InstanceState for State {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&self.store, name);
        match global.map(|global| global.get(&self.store)) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(value)) => SnapshotVal::F32(value.to_bits()),
            Some(Val::F64(value)) => SnapshotVal::F64(value.to_bits()),
            other => {
                self.strange = Some(format!("global `{name}` ({other:?})"));
                SnapshotVal::I32(0)
            }
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        match self.instance.get_memory(&self.store, name) {
            Some(memory) => contents(memory.data(&self.store)),
            None => self.strange = Some(format!("memory `{name}`")),
        }
    }
}

/// What a future gives that waits for nothing; none where it waits.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(given) => Some(given),
        Poll::Pending => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn module(prepare: &str) -> Vec<u8> {
        let text = format!(
            "(module (import \"host\" \"log\" (func $log)) (memory (export \"memory\") 1) \
             (global $heap (mut i32) (i32.const 8)) (func (export \"heap\") (result i32) global.get $heap) \
             (func (export \"kept\") (result i32) (i32.load (i32.const 4))) (func {prepare}))"
        );
        wat::parse_str(text).unwrap()
    }

    fn said(prepare: &str) -> String {
        prepared(&module(prepare)).unwrap_err()
    }

    #[test]
    fn an_instance_begins_with_what_was_prepared_and_can_not_prepare_again() {
        let module = module(
            "(export \"belay-prepare\") (i32.store (i32.const 4) (i32.const 77)) (global.set $heap (i32.const 4096))",
        );
        assert!(asks(&module).unwrap());
        let prepared = prepared(&module).unwrap();
        assert!(!asks(&prepared).unwrap());
        let engine = Engine::default();
        let module = Module::new(&engine, &prepared).unwrap();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "log", || ()).unwrap();
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        let mut call = |name: &str| {
            let function = instance.get_typed_func::<(), i32>(&store, name).unwrap();
            function.call(&mut store, ()).unwrap()
        };
        assert_eq!((call("kept"), call("heap")), (77, 4096));
    }

    #[test]
    fn the_same_module_gives_the_same_bytes() {
        let module = module("(export \"belay-prepare\") (i32.store (i32.const 4) (i32.const 1))");
        assert_eq!(prepared(&module).unwrap(), prepared(&module).unwrap());
    }

    #[test]
    fn a_module_that_prepares_nothing_stays_as_it_is() {
        assert!(!asks(&module("(export \"other\")")).unwrap());
        assert!(asks(b"no module").is_err());
    }

    #[test]
    fn what_fails_reads_or_never_ends_is_told() {
        assert!(said("(export \"belay-prepare\") unreachable").contains("unreachable"));
        assert!(said("(export \"belay-prepare\") call $log").contains("calls log of host"));
        assert!(said("(export \"belay-prepare\") (loop $again br $again)").contains("fuel"));
    }
}
