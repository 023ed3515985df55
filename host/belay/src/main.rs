//! The rollback engine's command line: the only place where everything is put together.

mod arguments;
mod commands;
mod compiler;
mod follow;
mod live;
mod output;
mod patience;
mod place;
mod render;
mod talk;

use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser;
use output::Output;

fn main() -> ExitCode {
    if let Some(ended) = compiler::perform() {
        return ended;
    }
    compiler::offer();
    let arguments = Arguments::parse();
    talk::listen(arguments.global.verbose);
    let output = Output::new(arguments.global.json, arguments.global.no_color);
    belay_runtime::when_stopped(move |error| std::process::exit(output.fail(error).status().into()));
    let ending = commands::perform(arguments, output).unwrap_or_else(|error| output.fail(&error));
    ExitCode::from(ending.status())
}
