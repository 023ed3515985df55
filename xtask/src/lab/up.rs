//! `cargo xtask lab up`, `status`, `down`, `stop` and `start`: what people type at a lab.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use belay_tests::lab::part::Part;

use super::leftover;
use super::services::{self, System};
use super::state::{self, Condition, State, SystemState};

/// How often is looked whether something changed.
const LOOK: Duration = Duration::from_millis(50);
/// How long a supervisor may take to listen, or to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a system may take to show that it answers.
const SOON: Duration = Duration::from_secs(5);

/// `lab up [SYSTEM…]`: installs what is missing, starts everything, or what is named with what that needs, and shows each
/// system as it answers.
pub(crate) fn up(names: &[&str]) -> ExitCode {
    let systems = match chosen(names) {
        Ok(systems) => systems,
        Err(exit) => return exit,
    };
    let folder = state::folder();
    if ask(&folder, "hello").is_ok() {
        println!("the lab is up already");
        return show();
    }
    finish(begin(&folder, &systems).and_then(|()| follow(&folder)))
}

/// `lab down`: ends everything and removes what it wrote.
pub(crate) fn down() -> ExitCode {
    let folder = state::folder();
    let was_up = ask(&folder, "down").is_ok();
    let began = Instant::now();
    while was_up && folder.join("lab.json").exists() && began.elapsed() < PATIENCE {
        thread::sleep(LOOK);
    }
    let left = leftover::processes(&folder).len();
    finish(leftover::clean(&folder).map_err(|error| format!("{}: {error}", folder.display())).map(|()| {
        println!("{}", if was_up { "the lab is down" } else { "no lab was up" });
        // The supervisor itself may still be on its way out.
        if left > 1 {
            println!("{left} processes that were left of it were ended");
        }
        ExitCode::SUCCESS
    }))
}

/// `lab stop SYSTEM` and `lab start SYSTEM`.
pub(crate) fn tell(word: &str, system: &str) -> ExitCode {
    if let Err(exit) = chosen(&[system]) {
        return exit;
    }
    finish(match ask(&state::folder(), &format!("{word} {system}")) {
        Ok(said) if said == "ok" => {
            println!("{system}: {}", if word == "stop" { "stopped" } else { "answers" });
            Ok(ExitCode::SUCCESS)
        }
        Ok(said) => Err(format!("{system}: {said}\nhelp: cargo xtask lab status")),
        Err(_) => Err("no lab is up\nhelp: cargo xtask lab up".to_owned()),
    })
}

/// `lab status`: which systems answer, now.
pub(crate) fn status() -> ExitCode {
    let folder = state::folder();
    if ask(&folder, "hello").is_ok() {
        return show();
    }
    if State::read(&folder).is_some() || !leftover::processes(&folder).is_empty() {
        eprintln!("half a lab was left: its supervisor is gone\nhelp: cargo xtask lab down");
    } else {
        eprintln!("no lab is up\nhelp: cargo xtask lab up");
    }
    ExitCode::FAILURE
}

/// The systems of these names with those that they need; all where none is named.
fn chosen(names: &[&str]) -> Result<Vec<&'static System>, ExitCode> {
    if let Some(stranger) = names.iter().find(|name| services::named(name).is_none()) {
        let known: Vec<&str> = services::ALL.iter().map(|system| system.name).collect();
        eprintln!("error: the lab has no `{stranger}`; there are {}", known.join(", "));
        return Err(ExitCode::from(2));
    }
    let mut wanted: Vec<&str> = names.to_vec();
    // The latest first: what a system needs stands before it.
    for system in services::ALL.iter().rev() {
        if names.is_empty() || wanted.contains(&system.name) {
            wanted.push(system.name);
            wanted.extend(system.needs);
        }
    }
    Ok(services::ALL.iter().filter(|system| wanted.contains(&system.name)).collect())
}

fn show() -> ExitCode {
    let Some(state) = State::read(&state::folder()) else { return ExitCode::FAILURE };
    let mut all = true;
    for system in services::ALL {
        let Some(found) = state.systems.get(system.name) else { continue };
        let answers = found.condition == Condition::Ready && answers(system, found.address);
        let says = match &found.condition {
            Condition::Ready if answers => "answers".to_owned(),
            Condition::Ready => format!("does not answer: cargo xtask lab stop {0}, then start {0}", system.name),
            Condition::Starting => "starting".to_owned(),
            Condition::Stopped => format!("stopped: cargo xtask lab start {}", system.name),
            Condition::Failed(why) => format!("failed: {}", why.lines().next().unwrap_or_default()),
        };
        println!("{:<13}{:<18}{says}", system.name, found.address);
        show_also(found);
        all &= answers;
    }
    println!("{}", state::folder().join("lab.json").display());
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether a system answers soon: one that hangs keeps a connection waiting.
fn answers(system: &'static System, address: SocketAddr) -> bool {
    let (says, hears) = mpsc::channel();
    thread::spawn(move || says.send((system.is_ready)(address)));
    hears.recv_timeout(SOON).unwrap_or(false)
}

fn begin(folder: &Path, systems: &[&System]) -> Result<(), String> {
    let mut parts: Vec<Part> = Vec::new();
    for part in systems.iter().flat_map(|system| system.parts) {
        if !parts.contains(part) {
            parts.push(*part);
        }
    }
    super::install(&parts).map_err(|error| error.to_string())?;
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    leftover::clean(folder).map_err(failed)?;
    fs::create_dir_all(folder).map_err(failed)?;
    let log = File::create(folder.join("supervisor.log")).map_err(failed)?;
    let errors = log.try_clone().map_err(failed)?;
    let program = std::env::current_exe().map_err(failed)?;
    let mut supervisor = Command::new(program);
    supervisor.args(["lab", "hold"]).args(systems.iter().map(|system| system.name));
    supervisor.env(state::FOLDER, folder).current_dir(folder);
    let mut supervisor = supervisor.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().map_err(failed)?;
    let began = Instant::now();
    while State::read(folder).is_none() {
        let ended = supervisor.try_wait().map_err(failed)?;
        if ended.is_some() || began.elapsed() > PATIENCE {
            let log = folder.join("supervisor.log");
            return Err(format!("the lab's supervisor did not start\nhelp: less {}", log.display()));
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Shows each system when it answers, or doesn't, until none is on its way.
fn follow(folder: &Path) -> Result<ExitCode, String> {
    let began = Instant::now();
    let mut shown = BTreeSet::new();
    loop {
        let gone = || "the lab's supervisor is gone\nhelp: cargo xtask lab down".to_owned();
        ask(folder, "hello").map_err(|_| gone())?;
        let state = State::read(folder).ok_or_else(gone)?;
        for (name, system) in &state.systems {
            if system.condition != Condition::Starting && shown.insert(name.clone()) {
                println!("{}", line(name, system));
                show_also(system);
            }
        }
        if shown.len() == state.systems.len() {
            let failed = state.systems.values().filter(|system| system.condition != Condition::Ready).count();
            println!("{}", folder.join("lab.json").display());
            if failed == 0 {
                println!("the lab is up after {:.1} s", began.elapsed().as_secs_f32());
                return Ok(ExitCode::SUCCESS);
            }
            return Err(format!("{failed} of {} systems did not start\nhelp: cargo xtask lab status", shown.len()));
        }
        thread::sleep(LOOK);
    }
}

fn line(name: &str, system: &SystemState) -> String {
    let seconds = Duration::from_millis(system.took_ms.unwrap_or_default()).as_secs_f32();
    let summary = services::named(name).map_or("", |system| system.summary);
    match &system.condition {
        Condition::Failed(why) => format!("{name:<13}failed: {why}"),
        Condition::Ready | Condition::Starting | Condition::Stopped => {
            format!("{name:<13}{:<18}{seconds:>5.1} s   {summary}", system.address)
        }
    }
}

fn show_also(system: &SystemState) {
    for (name, address) in &system.also {
        println!("  {name:<11}{address}");
    }
}

/// Says a line to the supervisor and waits for its answer.
fn ask(folder: &Path, words: &str) -> io::Result<String> {
    let mut supervisor = connect(folder)?;
    writeln!(supervisor, "{words}")?;
    let mut said = String::new();
    BufReader::new(supervisor).read_line(&mut said)?;
    Ok(said.trim_end().to_owned())
}

fn connect(folder: &Path) -> io::Result<UnixStream> {
    let here = std::env::current_dir()?;
    std::env::set_current_dir(folder)?;
    let supervisor = UnixStream::connect(state::SOCKET);
    std::env::set_current_dir(here)?;
    supervisor
}

fn finish(result: Result<ExitCode, String>) -> ExitCode {
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
