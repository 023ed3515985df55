//! What a lab left that did not end in order. Never touches a process that is not of the same lab.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::state;

/// How often is looked for processes that are on their way out.
const LOOKS: u32 = 50;

/// Kills what still runs of a lab and removes its folder.
pub(super) fn clean(up: &Path) -> std::io::Result<()> {
    for _ in 0..LOOKS {
        let found = processes(up);
        if found.is_empty() {
            break;
        }
        for pid in found {
            // One that is gone meanwhile is as good.
            let _ = kill(pid, Signal::SIGKILL);
        }
        thread::sleep(Duration::from_millis(20));
    }
    match fs::remove_dir_all(up) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The processes of a lab, but for this one.
pub(super) fn processes(up: &Path) -> Vec<Pid> {
    let mark = format!("{}={}", state::FOLDER, up.display());
    // Whoever typed the command may name the folder in its environment too.
    let (here, parent) = (nix::unistd::getpid(), Some(nix::unistd::getppid()));
    let all = fs::read_dir("/proc").into_iter().flatten();
    let numbers = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let is_marked = |pid: &Pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    let others = numbers.map(Pid::from_raw).filter(|pid| *pid != here && Some(*pid) != parent);
    others.filter(is_marked).collect()
}
