//! Where components are compiled: in a process of its own, which can be ended and has limits of its own. belay's program
//! says once how that process is started; where nobody said so, components are compiled in this one.

use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use belay_sandbox::{Apart, MAX_COMPONENT_BYTES, Sandbox, Size};

use crate::api::Error;

/// How much computing a component may take to be compiled, in seconds. belay's own take less than one.
pub const COMPILING_S: u64 = 40;

/// The same, on the wall's clock, for machines that are busy or asleep.
const AT_MOST: Duration = Duration::from_secs(10 * COMPILING_S);

static APART: OnceLock<Apart> = OnceLock::new();

/// Says how the process that compiles is started; the first to say so is heard. It is to call [`compile`] with the room
/// and the folder that stand after the arguments, and to limit what it computes to [`COMPILING_S`].
pub fn compile_apart(program: PathBuf, arguments: Vec<OsString>) {
    APART.get_or_init(|| Apart { program, arguments, compute_s: COMPILING_S, time: AT_MOST });
}

/// Compiles the component on standard input, for an engine with this room, into a folder of compiled code. Runs nothing
/// of it.
///
/// # Errors
/// There is no such room; why it can't be compiled or kept.
pub fn compile(room: &OsStr, store: &Path) -> Result<(), Error> {
    let size = [Size::Standard, Size::Large].into_iter().find(|size| word(*size) == room);
    let size = size.ok_or_else(|| Error::usage(format!("no engine has the room `{}`", room.display())))?;
    let mut component = Vec::new();
    let input = std::io::stdin().lock().take(MAX_COMPONENT_BYTES + 1).read_to_end(&mut component);
    input.map_err(|error| Error::failed(format!("the component can't be read: {error}")))?;
    sandbox(size)?.compile(&component, store).map_err(|error| Error::failed(error.to_string()))
}

/// A sandbox as every request uses it.
pub(crate) fn sandbox(size: Size) -> Result<Sandbox, Error> {
    let sandbox = Sandbox::of(size).map_err(|error| Error::failed(error.to_string()))?;
    Ok(match APART.get() {
        Some(apart) => {
            let mut apart = apart.clone();
            apart.arguments.push(word(size).into());
            sandbox.compiling_apart(apart)
        }
        None => sandbox,
    })
}

/// How a room is called between the two processes.
const fn word(size: Size) -> &'static str {
    match size {
        Size::Standard => "standard",
        Size::Large => "large",
    }
}
