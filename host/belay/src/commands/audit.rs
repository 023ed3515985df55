//! `belay audit`: one file for each of its subcommands.

mod log;
mod replay;
mod show;
mod verify;

use belay_runtime::api::{Ending, Error};

use crate::arguments::{AuditCommand, Global};
use crate::output::Output;

pub(super) fn perform(command: AuditCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    match command {
        AuditCommand::Log(typed) => log::perform(typed, global, output),
        AuditCommand::Show(typed) => show::perform(&typed, global, output),
        AuditCommand::Replay(typed) => replay::perform(typed, global, output),
        AuditCommand::Verify(typed) => verify::perform(&typed, global, output),
    }
}
