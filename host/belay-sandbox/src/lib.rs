//! Plugins as WebAssembly components: loaded, limited, called, recorded, replayed.
//!
//! A plugin never gets a clock, entropy, files or a network, never writes, and never sees what an earlier call left
//! behind: each call has a store and an instance of its own, which are discarded after it. What a plugin says is
//! converted to domain types at one edge, and what can't be is the plugin's error. Every call is recorded whether or
//! not it has an answer.
//!
//! ```no_run
//! # async fn example(component: &[u8], facts: &belay_domain::json::Json) -> Result<(), Box<dyn std::error::Error>> {
//! use belay_sandbox::{CanonicalText, Limits, Sandbox};
//!
//! let sandbox = Sandbox::new(Limits::default())?;
//! let plugin = sandbox.load(component, None)?;
//! let guardrail = plugin.as_guardrail().ok_or("not a guardrail")?;
//! let call = guardrail.judge(&CanonicalText::from(facts), &CanonicalText::parse("{}")?).await;
//! println!("{:?}, {} fuel", call.result, call.record.summary.fuel_used);
//! # Ok(())
//! # }
//! ```

mod access;
mod apart;
mod bindings;
mod call;
mod canonical;
mod contract;
mod edge;
mod engine;
mod fit;
mod imports;
mod inspect;
mod limits;
mod load;
mod log;
mod meter;
mod moment;
mod perform;
mod plugin;
mod precompiled;
mod question;
mod read_record;
mod reads;
mod record;
mod replay;
mod sandbox;
mod ticker;
mod world;

pub use access::Access;
pub use apart::Apart;
pub use call::{Call, CallError, Deadline, Status};
pub use canonical::CanonicalText;
pub use engine::{EngineId, settings};
pub use fit::Misfit;
pub use inspect::{Claims, Inspection, MAX_COMPONENT_BYTES, NotAPlugin, inspect};
pub use limits::{Limit, Limits, MAX_MEMORY_BYTES, MAX_TABLE_ELEMENTS, MAX_TABLE_ELEMENTS_LARGE, Size, TooGenerous};
pub use load::LoadError;
pub use log::{Level, Log, LogLine};
pub use plugin::{Guardrail, Plugin, Probe, Reverter};
pub use read_record::{Read, ReadAnswer, ReadRecord, ReadRequest};
pub use reads::{
    HttpDigested, HttpError, HttpRequest, HttpResponse, KeyCount, KeyError, KeyFields, KeyMeta, KeyPage, KeyScan,
    ObjectDigested, ObjectError, ObjectMeta, ObjectRange, Reading, Reads,
};
pub use record::{CallRecord, CallSummary, Part, RecordError};
pub use replay::{Divergence, Replayed};
pub use sandbox::{Sandbox, SetupError};
pub use world::{Function, NoSuchWorld, WIT_VERSION, World};
