//! One run as a deterministic state machine: (run, event) to (run, commands). Never performs anything, has no clock
//! and no randomness: both come as event data.
//!
//! The events are the run's journal. Whoever drives a run feeds each event in the ledger's order, those of other
//! processes included, and performs the commands that come back only once what they rest on is durable (see
//! [`Event::is_barrier`]). An event that the run rejects changed nothing; it may stand in the journal all the same.
//!
//! After a crash, [`Run::fold`] makes the run again from the same events, and [`Event::Resumed`] makes it go on. So it
//! does for a run that halted or waits, and for one that was aborted while nobody drove it.

mod account;
mod act_record;
mod ahead;
mod answer;
mod command;
mod consent;
mod event;
mod failure;
mod no_return;
mod outlook;
mod part;
mod receipt;
mod rejected;
mod run;
mod show;
mod spec;
mod stage;
mod step;
mod transition;
mod view;

pub use act_record::{ActRecord, Settlement};
pub use answer::{Decision, Finding, GuardrailJudgement, Holder, Look, Observed};
pub use command::{Act, Command};
pub use consent::{Consent, Rejection};
pub use event::{ActId, Event, WakeId};
pub use failure::{Failed, Failure, Response};
pub use no_return::NoReturnView;
pub use outlook::{Ending, Halt, Overrun, Pause, Refusal, Wait};
pub use part::PartRecord;
pub use receipt::{CheckReceipt, Condition, Promise, Receipt, StageReceipt, StepReceipt, Verification};
pub use rejected::Rejected;
pub use run::Run;
pub use spec::{AlternateSpec, DEFAULT_ATTEMPTS, FallbackSpec, RunLimits, RunSpec, SpecError, StageSpec, StepSpec};
pub use transition::{Missing, StageDecision, decide, look_again_after_ms};
pub use view::{CheckView, RampView, RunView, StageDisplay, StageView, Status, StepDisplay, StepView};
