//! What `wit/` says, as Rust. Generated: nothing here is written by hand.
//!
//! The three worlds share one set of types, so that helpers serve them all.

#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, clippy::unwrap_used, clippy::expect_used)]

/// The world of reverters, and the types that all worlds share.
pub mod reverter {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "reverter",
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_reverter",
        default_bindings_module: "belay_sdk::bindings::reverter",
    });
}

/// The world of guardrails.
pub mod guardrail {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "guardrail",
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_guardrail",
        default_bindings_module: "belay_sdk::bindings::guardrail",
        with: {
            "belay:plugin/types@0.1.0": crate::bindings::reverter::belay::plugin::types,
            "belay:plugin/log@0.1.0": crate::bindings::reverter::belay::plugin::log,
        },
    });
}

/// The world of probes.
pub mod probe {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "probe",
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_probe",
        default_bindings_module: "belay_sdk::bindings::probe",
        with: {
            "belay:plugin/types@0.1.0": crate::bindings::reverter::belay::plugin::types,
            "belay:plugin/log@0.1.0": crate::bindings::reverter::belay::plugin::log,
            "belay:plugin/http@0.1.0": crate::bindings::reverter::belay::plugin::http,
            "belay:plugin/objects@0.1.0": crate::bindings::reverter::belay::plugin::objects,
            "belay:plugin/keyvalue@0.1.0": crate::bindings::reverter::belay::plugin::keyvalue,
        },
    });
}
