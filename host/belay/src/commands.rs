//! The commands: each asks the runtime for one thing and shows the answer.

mod approve;
mod audit;
mod decide;
mod governance;
mod guard;
mod keys;
mod lineage;
mod manual;
mod plan;
mod plugin;
mod point;
mod quarantine;
mod run;
mod runbook;
mod workspace;

use std::path::PathBuf;

use belay_runtime::Runtime;
use belay_runtime::api::{Ending, Error};
use jiff::Zoned;

use crate::arguments::{Arguments, Command, Global, IncidentCommand};
use crate::output::Output;
use crate::place;
use crate::render::clock::Clock;

/// Performs a command; gives how it ended.
pub(crate) fn perform(arguments: Arguments, output: Output) -> Result<Ending, Error> {
    // One thread: what runs beside a run is what it waits for.
    let threads = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let threads = threads.map_err(|error| Error::failed(format!("the event loop: {error}")))?;
    threads.block_on(work(arguments.command, &arguments.global, output))
}

async fn work(command: Command, global: &Global, output: Output) -> Result<Ending, Error> {
    match command {
        Command::Plan(typed) => plan::perform(*typed, global, output).await,
        Command::Run(typed) => run::run(typed, global, output).await,
        Command::Undo(typed) => run::undo(typed, global, output).await,
        Command::Status { run: Some(run), .. } => run::status(&run, global, output),
        Command::Status { run: None, limit } => run::list(limit, global, output),
        Command::Watch { run } => run::watch(&run, global, output).await,
        Command::Resume { run, key } => run::resume(&run, &key, global, output).await,
        Command::Takeover(typed) => run::takeover(typed, global, output).await,
        Command::Pause(typed) => decide::pause(typed, global, output).await,
        Command::Continue { run } => run::go_on(&run, global, output).await,
        Command::Approve(typed) => approve::approve(typed, global, output).await,
        Command::Reject(typed) => approve::reject(typed, global, output).await,
        Command::Review(typed) => approve::review(typed, global, output).await,
        Command::Abort(typed) => decide::abort(typed, global, output).await,
        Command::Resolve(typed) => decide::resolve(typed, global, output).await,
        Command::Confirm { run, step } => decide::confirm(&run, &step, global, output).await,
        Command::Incident(IncidentCommand::Attach { run, incident }) => {
            decide::attach(&run, &incident, global, output).await
        }
        Command::Runbook(typed) => runbook::perform(typed, global, output),
        Command::Point(typed) => point::perform(typed, global, output).await,
        Command::Gate(typed) => lineage::gate(typed, global, output).await,
        Command::Impact { name } => lineage::impact(&name, global, output),
        Command::Features(typed) => lineage::features(&typed, global, output),
        Command::Quarantine(typed) => quarantine::perform(typed, global, output).await,
        Command::Audit(typed) => audit::perform(typed, global, output).await,
        Command::Keys(typed) => keys::perform(typed, global, output),
        Command::Governance(typed) => governance::perform(typed, global, output).await,
        Command::Plugin(typed) => plugin::perform(typed, global, output).await,
        Command::Guard(typed) => guard::perform(typed, global, output).await,
        Command::Lint => workspace::lint(global, output).await,
        Command::Init { folder, name } => workspace::init(&folder, name.as_deref(), output),
        Command::Completions { shell } => manual::completions(shell, output),
        Command::Man { folder } => manual::man(folder.as_deref(), output),
    }
}

fn folder(global: &Global) -> Result<PathBuf, Error> {
    place::workspace(global.workspace.as_deref())
}

fn open(global: &Global) -> Result<Runtime, Error> {
    Runtime::open(&folder(global)?, place::person())
}

fn clock() -> Clock {
    Clock::new(Zoned::now())
}
