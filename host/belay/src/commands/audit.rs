//! `belay audit`: one file for each of its subcommands.

mod export;
mod heartbeat;
mod log;
mod redact;
mod reindex;
mod replay;
mod report;
mod show;
mod verify;

use belay_runtime::api::{Ending, Error};

use crate::arguments::{AuditCommand, Global};
use crate::output::Output;

pub(super) async fn perform(command: AuditCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    match command {
        AuditCommand::Export(typed) => export::perform(&typed, global, output),
        AuditCommand::Log(typed) => log::perform(&typed, global, output),
        AuditCommand::Show(typed) => show::perform(&typed, global, output),
        AuditCommand::Redact(command) => redact::redact(command, global, output).await,
        AuditCommand::Hold(command) => redact::hold(command, global, output).await,
        AuditCommand::Retain(typed) => redact::retain(typed, global, output).await,
        AuditCommand::Report(typed) => report::perform(&typed, global, output),
        AuditCommand::Heartbeat(typed) => heartbeat::perform(&typed, global, output).await,
        AuditCommand::Reindex => reindex::perform(global, output),
        AuditCommand::Replay(typed) => replay::perform(typed, global, output),
        AuditCommand::Verify(typed) => verify::perform(&typed, global, output),
    }
}
