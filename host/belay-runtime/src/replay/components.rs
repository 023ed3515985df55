//! The components of recorded calls, each loaded once. Takes none whose digest is not the recorded one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use belay_domain::digest::Digest;
use belay_sandbox::{CallSummary, LoadError, Plugin, Sandbox, Size};

use crate::compiling;
use crate::host::Host;

/// Plugins by digest and room.
pub(super) struct Components<'h> {
    pub(super) host: &'h Host,
    sandboxes: Mutex<BTreeMap<Size, Sandbox>>,
    loaded: Mutex<BTreeMap<(Digest, Size), Result<Plugin, String>>>,
}

impl<'h> Components<'h> {
    pub(super) const fn new(host: &'h Host) -> Self {
        Self { host, sandboxes: Mutex::new(BTreeMap::new()), loaded: Mutex::new(BTreeMap::new()) }
    }

    /// The component of a call, in a room that has what the call was allowed; or why there is none.
    pub(super) fn of(&self, call: &CallSummary) -> Result<Plugin, String> {
        let standard = call.limits.table_elements <= Size::Standard.max_table_elements();
        let place = (call.plugin, if standard { Size::Standard } else { Size::Large });
        // Held while a component is loaded: whoever wants the same waits, and compiles it no second time.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.entry(place).or_insert_with(|| self.load(place.0, place.1)).clone()
    }

    fn load(&self, digest: Digest, size: Size) -> Result<Plugin, String> {
        let bytes = self.find(&digest)?;
        let within = |size| -> Result<Result<Plugin, LoadError>, String> {
            Ok(self.sandbox(size)?.load_pinned(digest, &bytes, Some(self.host.compiled())))
        };
        let loaded = match within(size)? {
            // Small tables, and still too many instances for an ordinary plugin.
            Err(LoadError::Compile(_)) if size == Size::Standard => within(Size::Large)?,
            loaded => loaded,
        };
        loaded.map_err(|error| error.to_string())
    }

    /// The component's bytes: as the ledger keeps them, or else as a plugin's file of the workspace.
    fn find(&self, digest: &Digest) -> Result<Vec<u8>, String> {
        if let Some(bytes) = self.host.ledger.object(digest).map_err(|error| error.to_string())? {
            return Ok(bytes);
        }
        let files = self.host.workspace.plugins.values().filter_map(|path| std::fs::read(path).ok());
        let found = files.into_iter().find(|bytes| Digest::of(bytes) == *digest);
        found.ok_or_else(|| format!("neither the ledger nor [plugin] of belay.toml has the component {digest}"))
    }

    fn sandbox(&self, size: Size) -> Result<Sandbox, String> {
        let mut sandboxes = self.sandboxes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sandbox) = sandboxes.get(&size) {
            return Ok(sandbox.clone());
        }
        let made = compiling::sandbox(size).map_err(|error| error.what)?;
        sandboxes.insert(size, made.clone());
        Ok(made)
    }
}
