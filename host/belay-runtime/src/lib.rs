//! Performs the engine's commands with the sandbox, the connections and the ledger. Owns tokio and time.
//!
//! [`Runtime`] is the one way in: plain requests and answers ([`api`]), so that a server can stand between one day.

pub mod api;
mod around;
mod audit;
mod bindings;
mod clock;
mod commands;
mod compiling;
mod consent;
mod consistency;
mod down;
mod driver;
mod evidence;
mod first_plans;
mod governance;
mod history;
mod host;
mod html;
mod identity;
mod init;
mod journal;
mod ledger;
mod lint;
mod log_line;
mod one_look;
mod owner;
mod package;
mod planner;
mod prepare;
mod prepare_fallback;
mod quarantine;
mod reads;
mod record;
mod replay;
mod resolve;
mod review;
mod runtime;
mod signing;
mod standing;
mod taking;
mod undo_point;
mod verification;
mod words;
mod workspace;

pub use audit::{entries_csv, report_csv, report_html, report_statement};
pub use compiling::{COMPILING_S, compile, compile_apart};
pub use driver::Progress;
pub use init::init;
pub use ledger::when_stopped;
pub use lint::lint;
pub use runtime::{Runtime, inspect_plugin, load_component, try_on_facts};
pub use verification::{verify_path, verify_workspace};
pub use workspace::{Days, NotDays, Staff, Workspace};
