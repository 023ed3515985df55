//! One run as a deterministic state machine: (run, event) to (run, commands). Never performs anything, has no clock
//! and no randomness: both come as event data.
//!
//! The events are the run's journal. Whoever drives a run feeds each event in the ledger's order and performs the
//! commands that come back only once the event is durable. After a crash, [`Run::fold`] makes the run again from the
//! same events, and [`Event::Resumed`] makes it go on.

mod command;
mod event;
mod outlook;
mod receipt;
mod rejected;
mod run;
mod spec;
mod stage;
mod step;
mod transition;
mod view;

pub use command::{Act, Command};
pub use event::{ActId, Decision, Event, Finding, GuardrailJudgement, Holder, Look, Observed, WakeId};
pub use outlook::{Ending, Halt, Refusal, Wait};
pub use receipt::{CheckReceipt, Condition, Promise, Receipt, StageReceipt, StepReceipt, Verification};
pub use rejected::Rejected;
pub use run::Run;
pub use spec::{DEFAULT_ATTEMPTS, RunSpec, SpecError, StageSpec, StepSpec};
pub use step::{ActRecord, Settlement};
pub use view::{CheckView, RunView, StageDisplay, StageView, Status, StepDisplay, StepView};
