//! Programs that others wrote. A test whose program is not installed says that it is left out.

use std::io::Write as _;
use std::process::Command;

/// Whether a test leaves at once because a program is not there; says which and what installs it.
pub(crate) fn is_left_out(program: &str, first: &str, packages: &str) -> bool {
    if Command::new(program).arg(first).output().is_ok_and(|output| output.status.success()) {
        return false;
    }
    left_out(packages)
}

/// Says that the test is left out, also where the harness keeps what passing tests print.
pub(crate) fn left_out(packages: &str) -> bool {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "left out: {test}: apt-get install {packages}");
    true
}
