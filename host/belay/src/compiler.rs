//! belay as the process that compiles a component for another belay: it has limits, and may be ended at any time.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use belay_runtime::COMPILING_S;
use nix::sys::resource::{Resource, setrlimit};

/// What such a process is started with, before the room of the engine and the folder of compiled code. No command is
/// called so.
const WORD: &str = "compile-component-from-stdin";

/// The most memory that it may fill, in bytes. Addresses that are reserved for plugins don't count.
const MEMORY_BYTES: u64 = 3 << 30;

/// Compiles, where this process was started for that; none otherwise.
pub(crate) fn perform() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    let asked = words.next().is_some_and(|word| word == OsStr::new(WORD));
    let (true, Some(room), Some(store), None) = (asked, words.next(), words.next(), words.next()) else {
        return None;
    };
    let compiled = |()| belay_runtime::compile(&room, Path::new(&store)).map_err(|error| error.what);
    Some(match limited().and_then(compiled) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    })
}

/// Lets this program be started so wherever a component must be compiled.
pub(crate) fn offer() {
    // Without a path to itself it compiles in its own process.
    if let Ok(program) = std::env::current_exe() {
        belay_runtime::compile_apart(program, vec![OsString::from(WORD)]);
    }
}

/// Its own limits end it also where whoever started it is gone.
fn limited() -> Result<(), String> {
    // SIGXCPU at the first, SIGKILL at the second: whoever started it knows the first for what it is.
    let compute = (Resource::RLIMIT_CPU, COMPILING_S, COMPILING_S + 5);
    let limits = [compute, (Resource::RLIMIT_DATA, MEMORY_BYTES, MEMORY_BYTES), (Resource::RLIMIT_CORE, 0, 0)];
    let set =
        |(what, soft, hard)| setrlimit(what, soft, hard).map_err(|error| format!("the limits of the process: {error}"));
    limits.into_iter().try_for_each(set)
}
