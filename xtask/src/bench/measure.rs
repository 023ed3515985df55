//! One command as a whole process: wall time, processor time, memory, as the system counts them.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::demo::Error;

/// What a command took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) wall: Duration,
    pub(super) cpu: Duration,
    pub(super) peak_kib: u64,
}

/// Runs a command that must succeed, and says what it took.
pub(super) fn measure(command: &mut Command) -> Result<Taken, Error> {
    let shown = format!("{command:?}");
    let failed = |source| Error::File { path: shown.clone().into(), source };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let process = command.spawn().map_err(failed)?;
    let (status, usage) = wait(process.id()).map_err(|source| Error::File { path: shown.clone().into(), source })?;
    let wall = began.elapsed();
    if status != 0 {
        return Err(Error::Ended { command: shown, found: status.to_string(), expected: 0 });
    }
    Ok(Taken { wall, cpu: usage.0, peak_kib: usage.1 })
}

/// Runs a command that must succeed and print a line that `is_mark` knows. Says what it took, and how long until that
/// line. What it says on standard error is in `errors` afterwards.
pub(super) fn watch(
    command: &mut Command,
    errors: &Path,
    is_mark: impl Fn(&str) -> bool,
) -> Result<(Taken, Duration), Error> {
    let shown = format!("{:?}", command.get_program());
    let file = |source| Error::File { path: errors.to_path_buf(), source };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(errors).map_err(file)?);
    let began = Instant::now();
    let failed = |source| Error::File { path: shown.clone().into(), source };
    let mut process = command.spawn().map_err(failed)?;
    let mut marked = None;
    for line in process.stdout.take().into_iter().flat_map(|said| BufReader::new(said).lines()) {
        if is_mark(&line.map_err(failed)?) {
            marked.get_or_insert_with(|| began.elapsed());
        }
    }
    let (status, usage) = wait(process.id()).map_err(failed)?;
    let wall = began.elapsed();
    match marked {
        Some(marked) if status == 0 => Ok((Taken { wall, cpu: usage.0, peak_kib: usage.1 }, marked)),
        _ => {
            let said = fs::read_to_string(errors).map_err(file)?;
            Err(Error::Untrue(format!("{shown} ended with {status}, and not as it should: {said}")))
        }
    }
}

/// Waits for a process and takes the system's account of it: processor time, and the most memory in KiB.
fn wait(id: u32) -> std::io::Result<(i32, (Duration, u64))> {
    let mut status = 0;
    // SAFETY: an all-zero `rusage` is a valid one, and `wait4` writes to the two places that it is given.
    #[allow(unsafe_code)]
    let (reaped, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let id = libc::pid_t::try_from(id).unwrap_or(-1);
        (libc::wait4(id, &raw mut status, 0, &raw mut usage), usage)
    };
    if reaped < 0 {
        return Err(std::io::Error::last_os_error());
    }
    let time = |time: libc::timeval| {
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), 0)
            + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
    };
    let cpu = time(usage.ru_utime) + time(usage.ru_stime);
    let code = if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -1 };
    Ok((code, (cpu, u64::try_from(usage.ru_maxrss).unwrap_or(0))))
}

/// The middle one, and the least and the most.
pub(super) fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else { return "none".to_owned() };
    let middle = values.get(values.len() / 2).copied().unwrap_or_default();
    format!("{middle:8.2}   ({least:.2} to {most:.2})")
}

/// As milliseconds.
pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
