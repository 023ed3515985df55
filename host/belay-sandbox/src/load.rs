//! From bytes to a plugin: looked at, compiled or taken from the store, linked. Nothing of the component runs.

use std::path::Path;

use belay_domain::digest::Digest;
use wasmtime::component::Component;

use crate::inspect::{NotAPlugin, inspect};
use crate::plugin::Plugin;
use crate::precompiled::Precompiled;
use crate::sandbox::Sandbox;
use crate::world::World;

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
    /// Compiling it took too long and was ended.
    #[error("the component takes more than {seconds} s of computing to compile: no plugin needs that")]
    TooSlow {
        /// How much computing it was given.
        seconds: u64,
    },
    /// An import or export has the right name and the wrong type.
    #[error("the component doesn't fit its world: {0}")]
    Link(String),
}

impl Sandbox {
    /// Loads a component. With a `store`, compiled code is taken from and kept in that folder, which becomes private to
    /// this user; a store that can't be used is passed over, because it only saves time. Compiling takes some 1 ms for
    /// each KB and blocks. It is done as [`Sandbox::compiling_apart`] says.
    pub fn load(&self, bytes: &[u8], store: Option<&Path>) -> Result<Plugin, LoadError> {
        self.load_as(Digest::of(bytes), bytes, store)
    }

    /// A component that was compiled before, if its code is kept in `store` and whole. Its own bytes are not needed, and
    /// not looked at: whoever asks knows that they are what the digest says.
    pub fn load_kept(&self, component: Digest, store: &Path) -> Option<Plugin> {
        let (compiled, world) = self.kept(store, component)?;
        let linked = self.link(&compiled, world).ok()?;
        Some(Plugin::new(self.clone(), component, self.limits(), linked))
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
        let kept = store.and_then(|folder| self.kept(folder, digest));
        let (component, world) = match kept {
            Some(kept) => kept,
            None => self.compiled(bytes, digest, store)?,
        };
        let linked = self.link(&component, world).map_err(|error| LoadError::Link(format!("{error:#}")))?;
        Ok(Plugin::new(self.clone(), digest, self.limits(), linked))
    }

    /// Compiles a component here and keeps its code in `store`: what the program of an [`crate::Apart`] does.
    ///
    /// # Errors
    /// Why it can't be compiled, or that the store can't be used.
    pub fn compile(&self, bytes: &[u8], store: &Path) -> Result<(), LoadError> {
        let world = inspect(bytes)?.world;
        let component = self.component(bytes)?;
        let store = Precompiled::open(store);
        let kept = store.and_then(|store| store.put(self.engine(), Digest::of(bytes), &component, world));
        kept.map_err(|error| LoadError::Compile(format!("its code can't be kept: {error}")))
    }

    fn compiled(&self, bytes: &[u8], digest: Digest, store: Option<&Path>) -> Result<(Component, World), LoadError> {
        let world = inspect(bytes)?.world;
        let Some(apart) = self.apart() else {
            let component = self.component(bytes)?;
            if let Some(store) = store.and_then(|folder| Precompiled::open(folder).ok()) {
                // Without it the next process compiles again, and nothing else changes.
                let _kept = store.put(self.engine(), digest, &component, world);
            }
            return Ok((component, world));
        };
        // A store that can't be used is passed over here too.
        let passing =
            tempfile::tempdir().map_err(|error| LoadError::Compile(format!("a folder for its code: {error}")))?;
        let store = store.filter(|folder| Precompiled::open(folder).is_ok()).unwrap_or(passing.path());
        apart.compile(bytes, store)?;
        self.kept(store, digest)
            .ok_or_else(|| LoadError::Compile(String::from("its compiled code is not there, or damaged")))
    }

    fn component(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        Component::new(self.engine(), bytes).map_err(|error| LoadError::Compile(format!("{error:#}")))
    }

    fn kept(&self, store: &Path, digest: Digest) -> Option<(Component, World)> {
        Precompiled::open(store).ok()?.get(self.engine(), digest)
    }
}
