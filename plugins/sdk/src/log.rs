//! Lines for the author. Recorded and bounded by the host; outside a guest they go nowhere.

#[cfg(target_arch = "wasm32")]
use crate::bindings::reverter::belay::plugin::log::{Level, write};

/// For the author while writing the plugin.
pub fn debug(message: &str) {
    #[cfg(target_arch = "wasm32")]
    write(Level::Debug, message);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = message;
}

/// For whoever reads the record of a run.
pub fn info(message: &str) {
    #[cfg(target_arch = "wasm32")]
    write(Level::Info, message);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = message;
}

/// Something that the author should look at.
pub fn warn(message: &str) {
    #[cfg(target_arch = "wasm32")]
    write(Level::Warn, message);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = message;
}
