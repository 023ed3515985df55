//! `belay audit`.

mod replay;

use belay_runtime::api::{Ending, Error, VerifyAnswer};

use super::{clock, open};
use crate::arguments::{AuditCommand, Global};
use crate::output::Output;
use crate::render;

pub(super) fn perform(command: AuditCommand, global: &Global, output: Output) -> Result<Ending, Error> {
    match command {
        AuditCommand::Log(typed) => {
            let lines = open(global)?.log(typed.into())?;
            if output.is_json() {
                lines.iter().try_for_each(|line| output.line("entry", line))?;
            } else {
                output.page(&render::audit::log(&lines, &clock()))?;
            }
            Ok(Ending::Done)
        }
        AuditCommand::Show { entry } => {
            let answer = open(global)?.entry(entry)?;
            output.answer("entry", &answer, |answer| render::audit::entry(answer, &clock()))?;
            Ok(Ending::Done)
        }
        AuditCommand::Replay(typed) => replay::perform(typed, global, output),
        AuditCommand::Verify { folder: Some(folder) } => verified(&belay_runtime::verify_directory(&folder)?, output),
        AuditCommand::Verify { folder: None } => {
            let workspace = crate::place::workspace(global.workspace.as_deref())?;
            verified(&belay_runtime::verify_workspace(&workspace)?, output)
        }
    }
}

fn verified(answer: &VerifyAnswer, output: Output) -> Result<Ending, Error> {
    output.answer("verification", answer, render::audit::verify)?;
    Ok(if answer.sound { Ending::Done } else { Ending::Failed })
}
