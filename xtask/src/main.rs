//! What is done with the whole repository: `cargo xtask` lists it.

mod guests;
mod repository;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <task>

  guests    build every plugin into target/plugins";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["guests"] => guests::run(),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
