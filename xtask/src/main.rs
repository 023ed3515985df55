//! What is done with the whole repository: `cargo xtask` lists it.

mod bench;
mod demo;
mod guests;
mod host;
mod lab;
mod repository;
mod responder;
mod test;

use std::path::Path;
use std::process::ExitCode;

use test::Extent;

const USAGE: &str = "\
usage: cargo xtask <task>

  bench [PART]         measure speed against baselines: calls, bystanders, guardrails, barriers, million, plan, run,
                       redis
  bench --lab          measure the incident's rollback on real systems, against a script and an Ansible playbook
  demo [--keep DIR]    build host and plugins, play an incident and its rollback
  guests               build every plugin into target/plugins
  lab [install PART…]  install the systems that the tests use into target/lab, or BELAY_LAB
  lab up [NAME…]       start the systems, or some, on free ports of this machine
  lab status|down      see which answer; end them
  lab stop|start NAME  end one of them, start it again
  lab incident         a bad release of the whole stack, and its rollback, on the lab that is up; --by-hand
                       leaves the rollback to you
  test [--no-lab]      build everything, install what is needed, run every test; no-lab: no system that starts slowly
  test --quick         no real systems, fewer kills";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["demo"] => demo::run(None),
        ["demo", "--keep", folder] => demo::run(Some(Path::new(folder))),
        ["bench"] => bench::run(None),
        ["bench", "--lab"] => bench::run_on_lab(),
        ["bench", part] => bench::run(Some(part)),
        ["guests"] => guests::run(),
        ["lab"] => lab::run_install(&[]),
        ["lab", "install", parts @ ..] => lab::run_install(parts),
        ["lab", "up", systems @ ..] => lab::up(systems),
        ["lab", "status"] => lab::status(),
        ["lab", "down"] => lab::down(),
        ["lab", "incident"] => lab::incident(lab::Responder::Played),
        ["lab", "incident", "--by-hand"] => lab::incident(lab::Responder::Reader),
        ["lab", word @ ("stop" | "start"), system] => lab::tell(word, system),
        ["lab", "hold", systems @ ..] => lab::hold(systems),
        ["test"] => test::run(Extent::Whole),
        ["test", "--no-lab"] => test::run(Extent::NoLab),
        ["test", "--quick"] => test::run(Extent::Quick),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
