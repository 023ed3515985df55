//! For authors of belay plugins in Rust.
//!
//! A plugin implements [`Guardrail`], [`Reverter`] or [`Probe`] on a type of its own and exports it with the macro of
//! the same name. It never writes, never looks at a clock and never draws random numbers: what it may know comes as
//! arguments and through [`Reads`].
//!
//! ```
//! use belay_sdk::{About, Fault, Guardrail, Judgement};
//!
//! /// What the operator sets in `belay.toml`.
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     /// The most consumers that a rollback may reach.
//!     max_consumers: usize,
//! }
//!
//! /// What this policy needs of the facts; the rest is ignored.
//! #[derive(serde::Deserialize)]
//! struct Facts {
//!     feature_set: FeatureSet,
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct FeatureSet {
//!     consumers: Vec<serde::de::IgnoredAny>,
//! }
//!
//! struct FewConsumers;
//!
//! impl Guardrail for FewConsumers {
//!     const ABOUT: About = belay_sdk::about!();
//!     type Facts = Facts;
//!     type Config = Config;
//!
//!     fn judge(facts: Facts, config: Config) -> Result<Judgement, Fault> {
//!         let found = facts.feature_set.consumers.len();
//!         Ok(if found <= config.max_consumers {
//!             Judgement::allow()
//!         } else {
//!             Judgement::deny([format!("{found} consumers, at most {} may be reached", config.max_consumers)])
//!         })
//!     }
//! }
//!
//! belay_sdk::guardrail!(FewConsumers);
//! # fn main() {}
//! ```

mod about;
#[cfg(target_arch = "wasm32")]
mod arena;
#[doc(hidden)]
pub mod bindings;
#[cfg(not(target_arch = "wasm32"))]
pub mod fake;
mod fault;
mod guardrail;
pub mod json;
pub mod log;
mod probe;
mod reads;
mod reverter;
mod schema;
mod state;
mod text_file;

pub use about::About;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use arena::Arena;
pub use bindings::guardrail::exports::belay::plugin::judging::{Judgement, Quorum, Verdict};
pub use bindings::probe::exports::belay::plugin::probing::Measurement;
pub use bindings::reverter::belay::plugin::types::{
    Answer, BodyTest, Change, Context, Description, Expectation, Expiry, Fault, FieldName, FieldSet, HttpWrite,
    KeyvalueChange, KeyvalueSet, KeyvalueWrite, Loss, ObjectWrite, Operation, Pin, PrefixBound, Reversibility,
    RiskFactor, State, Write,
};
pub use bindings::reverter::belay::plugin::{http, keyvalue, objects};
pub use bindings::reverter::exports::belay::plugin::reverting::{Past, Reference};
pub use guardrail::Guardrail;
pub use probe::Probe;
pub use reads::{Host, Reads};
pub use reverter::{Desired, NoAttributes, Resource, Reverter};
pub use schema::schema_of;
pub use state::sha256;
pub use text_file::TextFile;

// Only a guest exports: other linkers can't read the names, and tests need none.

/// Exports a type that implements [`Guardrail`]. It also gives the guest a small arena to allocate from: a judgement
/// lives for one call and need not free.
///
/// `guardrail!(Policy, prepare)` also names a function without arguments that is run once, when the plugin is built: every
/// instance begins with the memory that it left, such as a `static` that holds a parsed schema. It can't depend on the
/// configuration or the facts, and may neither read nor log. Tests run without it, so a `static` that it fills must fill
/// itself where nobody has. Such a guest has the ordinary allocator, and no arena.
#[macro_export]
macro_rules! guardrail {
    ($policy:ident) => {
        #[cfg(target_arch = "wasm32")]
        #[global_allocator]
        static BELAY_ARENA: $crate::Arena = $crate::Arena::new();

        $crate::guardrail!(@export $policy);
    };
    ($policy:ident, $prepare:path) => {
        $crate::guardrail!(@export $policy);

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[unsafe(export_name = "belay-prepare")]
            extern "C" fn __belay_prepare() {
                $prepare();
            }
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = $prepare;
    };
    (@export $policy:ident) => {
        #[cfg(target_arch = "wasm32")]
        $crate::__export_guardrail_impl!($policy with_types_in $crate::bindings::guardrail);

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = $crate::is_guardrail::<$policy>;
    };
}

/// Exports a type that implements [`Reverter`].
#[macro_export]
macro_rules! reverter {
    ($kind:ident) => {
        #[cfg(target_arch = "wasm32")]
        $crate::__export_reverter_impl!($kind with_types_in $crate::bindings::reverter);

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = $crate::is_reverter::<$kind>;
    };
}

/// Exports a type that implements [`Probe`].
#[macro_export]
macro_rules! probe {
    ($signal:ident) => {
        #[cfg(target_arch = "wasm32")]
        $crate::__export_probe_impl!($signal with_types_in $crate::bindings::probe);

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = $crate::is_probe::<$signal>;
    };
}

#[doc(hidden)]
pub fn is_guardrail<T: Guardrail>() {}
#[doc(hidden)]
pub fn is_reverter<T: Reverter>() {}
#[doc(hidden)]
pub fn is_probe<T: Probe>() {}
