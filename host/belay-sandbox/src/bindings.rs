//! What `wit/belay.wit` becomes in Rust. Used at the edge only; the rest of the host sees domain types.

/// World `reverter`, and all that the worlds share.
pub(crate) mod reverter {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "belay:plugin/reverter",
        imports: { "belay:plugin/log.write": trappable, default: async | trappable },
        exports: { default: async },
    });
}

/// World `guardrail`.
pub(crate) mod guardrail {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "belay:plugin/guardrail",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "belay:plugin/types": crate::bindings::reverter::belay::plugin::types,
            "belay:plugin/log": crate::bindings::reverter::belay::plugin::log,
        },
    });
}

/// World `probe`.
pub(crate) mod probe {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "belay:plugin/probe",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "belay:plugin/types": crate::bindings::reverter::belay::plugin::types,
            "belay:plugin/log": crate::bindings::reverter::belay::plugin::log,
            "belay:plugin/http": crate::bindings::reverter::belay::plugin::http,
            "belay:plugin/objects": crate::bindings::reverter::belay::plugin::objects,
            "belay:plugin/keyvalue": crate::bindings::reverter::belay::plugin::keyvalue,
        },
    });
}

pub(crate) use reverter::belay::plugin::{http, keyvalue, log, objects, types};
