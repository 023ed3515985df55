//! From bytes to a plugin: looked at, compiled or taken from the store, linked. Nothing of the component runs.

use std::path::Path;

use belay_domain::digest::Digest;
use wasmtime::component::Component;

use crate::inspect::{NotAPlugin, inspect};
use crate::plugin::Plugin;
use crate::precompiled::Precompiled;
use crate::sandbox::Sandbox;

/// Why there is no plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The component is not the one that was pinned.
    #[error("the component is {}, not the one that was pinned", found.short())]
    OtherThanPinned {
        /// Its digest.
        found: Digest,
    },
    /// The bytes are none that this host can run.
    #[error(transparent)]
    NotAPlugin(#[from] NotAPlugin),
    /// It can't be compiled, or asks for more memory or tables than a plugin can have.
    #[error("the component can't be compiled: {0}")]
    Compile(String),
    /// An import or export has the right name and the wrong type.
    #[error("the component doesn't fit its world: {0}")]
    Link(String),
}

impl Sandbox {
    /// Loads a component. With a `store`, compiled code is taken from and kept in that folder, which becomes private to
    /// this user; a store that can't be used is passed over, because it only saves time. Compiling takes some 1 ms for
    /// each KB, blocks, and can't be stopped.
    pub fn load(&self, bytes: &[u8], store: Option<&Path>) -> Result<Plugin, LoadError> {
        self.load_as(Digest::of(bytes), bytes, store)
    }

    /// [`Sandbox::load`], if the component is the one that was pinned. Looks at nothing of another one.
    pub fn load_pinned(&self, pinned: Digest, bytes: &[u8], store: Option<&Path>) -> Result<Plugin, LoadError> {
        let found = Digest::of(bytes);
        if found != pinned {
            return Err(LoadError::OtherThanPinned { found });
        }
        self.load_as(found, bytes, store)
    }

    fn load_as(&self, digest: Digest, bytes: &[u8], store: Option<&Path>) -> Result<Plugin, LoadError> {
        let store = store.and_then(|folder| Precompiled::open(folder).ok());
        let kept = store.as_ref().and_then(|store| store.get(self.engine(), digest));
        let (component, world) = match kept {
            Some(kept) => kept,
            None => {
                let world = inspect(bytes)?.world;
                let component =
                    Component::new(self.engine(), bytes).map_err(|error| LoadError::Compile(format!("{error:#}")))?;
                if let Some(store) = &store {
                    // Without it the next process compiles again, and nothing else changes.
                    let _kept = store.put(self.engine(), digest, &component, world);
                }
                (component, world)
            }
        };
        let linked = self.link(&component, world).map_err(|error| LoadError::Link(format!("{error:#}")))?;
        Ok(Plugin::new(self.clone(), digest, self.limits(), linked))
    }
}
