//! Other programs, run to their end. Their words are kept for the error, not shown.

use std::io::{self, Read as _};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Error;

/// How much of what a program said an error repeats, in characters.
const SAID: usize = 400;

/// Runs a command to its end and returns what it wrote to stdout.
pub(crate) fn output(command: &mut Command) -> Result<String, Error> {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().map_err(not_started(command))?;
    if !status.success() {
        return Err(Error::Failed { command: line(command), said: end_of(&stderr) });
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// Runs a command that may hang; it is ended when the time is up.
pub(crate) fn within(limit: Duration, command: &mut Command) -> Result<(), Error> {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = quiet.spawn().map_err(not_started(command))?;
    let failed = |said: String| Error::Failed { command: line(command), said };
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => {
                let mut said = Vec::new();
                child.stderr.take().map(|mut stderr| stderr.read_to_end(&mut said));
                return Err(failed(end_of(&said)));
            }
            Ok(None) if start.elapsed() < limit => thread::sleep(Duration::from_millis(50)),
            Ok(None) => {
                let ended = child.kill().and_then(|()| child.wait());
                let late = format!("no end after {} s", limit.as_secs());
                return Err(failed(ended.map_or_else(|error| format!("{late}, and {error}"), |_| late.clone())));
            }
            Err(error) => return Err(failed(error.to_string())),
        }
    }
}

/// The command as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn not_started(command: &Command) -> impl FnOnce(io::Error) -> Error + use<> {
    let program = command.get_program().to_string_lossy().into_owned();
    move |source| Error::NotStarted { program, source }
}

fn end_of(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let text = text.trim();
    let skip = text.chars().count().saturating_sub(SAID);
    text.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failure_repeats_what_the_program_said() {
        let error = output(&mut shell("echo out; echo why >&2; exit 3")).unwrap_err();
        assert!(matches!(&error, Error::Failed { said, .. } if said == "why"), "{error}");
        assert_eq!(output(&mut shell("echo out")).unwrap(), "out\n");
        assert!(matches!(output(&mut Command::new("no-such-program")), Err(Error::NotStarted { .. })));
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let error = within(Duration::from_millis(100), &mut shell("exec sleep 600")).unwrap_err();
        assert!(error.to_string().contains("no end after"), "{error}");
        assert!(within(Duration::from_secs(60), &mut shell("exit 0")).is_ok());
    }
}
