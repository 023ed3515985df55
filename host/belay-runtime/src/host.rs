//! What every request works with: the workspace, the ledger, the sandbox, and who asks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use belay_domain::digest::Digest;
use belay_domain::id::{ConnectionName, EnvironmentName, PluginName};
use belay_ledger::{Ledger, Object};
use belay_sandbox::Access;
use belay_sandbox::Reads;
use belay_sandbox::{LoadError, Plugin, Sandbox, Size};

use crate::api::{Error, FailureKind, Requester};
use crate::compiling;
use crate::ledger;
use crate::reads::Lines;
use crate::record::Cause;
use crate::workspace::{Environment, Problems, Workspace};

/// What every request works with.
pub(crate) struct Host {
    pub(crate) workspace: Workspace,
    pub(crate) requester: Requester,
    pub(crate) ledger: Ledger,
    plugins: Plugins,
    /// The components that are known to be in the ledger.
    kept: Mutex<BTreeSet<Digest>>,
    lines: Mutex<BTreeMap<EnvironmentName, Arc<Lines>>>,
}

impl Host {
    pub(crate) fn open(folder: &Path, requester: Requester) -> Result<Self, Error> {
        let workspace = Workspace::load(folder).map_err(problems)?;
        let ledger = open_ledger(&workspace)?;
        let plugins = Plugins::new(workspace.state.join("compiled"));
        Ok(Self { workspace, requester, ledger, plugins, kept: Mutex::default(), lines: Mutex::default() })
    }

    /// The connections of an environment, opened once.
    pub(crate) fn lines(&self, name: &EnvironmentName, environment: &Environment) -> Arc<Lines> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || Arc::new(Lines::open(environment.connections.values()));
        Arc::clone(lines.entry(name.clone()).or_insert_with(open))
    }

    /// What a call may reach.
    pub(crate) fn access(
        &self,
        name: &EnvironmentName,
        environment: &Environment,
        granted: impl IntoIterator<Item = ConnectionName>,
    ) -> Access {
        Access::new(self.lines(name, environment) as Arc<dyn Reads>, granted)
    }

    /// A plugin of the workspace, if its file is the one that was pinned.
    pub(crate) fn plugin(&self, name: &PluginName) -> Result<Plugin, Error> {
        self.find_plugin(name).map_err(|absent| absent.error)
    }

    /// The same, with the kind of what is wrong.
    pub(crate) fn find_plugin(&self, name: &PluginName) -> Result<Plugin, Absent> {
        let path = self.workspace.plugins.get(name).ok_or_else(|| {
            let error = Error::usage(format!("`{name}` is no plugin of this workspace; belay.toml has [plugin]"));
            Absent { kind: FailureKind::Missing, error }
        })?;
        let pinned = self.pinned(name).map_err(|error| Absent { kind: FailureKind::NotPinned, error })?;
        let plugin = self.plugins.load(name, path, pinned, self.workspace.size_of(name))?;
        self.keep(name, path, pinned).map_err(|error| Absent { kind: FailureKind::NotCalled, error })?;
        Ok(plugin)
    }

    /// Lets a component join the ledger before its first call does, where it was pinned on another host: without it no
    /// call could be made again once the file is another one.
    fn keep(&self, name: &PluginName, path: &Path, pinned: Digest) -> Result<(), Error> {
        if !self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(pinned) {
            return Ok(());
        }
        let unreadable = |error: belay_ledger::Error| ledger::error(&error);
        if self.ledger.has_object(&pinned).map_err(unreadable)? {
            return Ok(());
        }
        let read = std::fs::read(path);
        let object = Object::new(read.map_err(|error| Error::failed(format!("{}: {error}", path.display())))?);
        if *object.digest() != pinned {
            return Err(Error::failed(format!("{} changed while it was read", path.display())));
        }
        let body = serde_json::json!({ "name": name, "digest": pinned });
        let mut draft = Cause::of(&self.requester).draft("component.kept", body)?;
        draft.objects.push(object);
        self.ledger.record(draft).map_err(unreadable)
    }

    /// Loads plugins before anything is read through them: where one must be compiled, nothing else goes on meanwhile,
    /// and an answer that is under way would come too late.
    pub(crate) fn load<'n>(&self, names: impl IntoIterator<Item = &'n PluginName>) -> Result<(), Error> {
        names.into_iter().try_for_each(|name| self.plugin(name).map(|_| ()))
    }

    /// Where compiled plugins are kept.
    pub(crate) fn compiled(&self) -> &Path {
        &self.plugins.compiled
    }

    /// A plugin's component, as its file is.
    pub(crate) fn component(&self, name: &PluginName) -> Result<Vec<u8>, Error> {
        let path = self.workspace.plugins.get(name);
        let bytes = path.map(std::fs::read).transpose();
        let bytes = bytes.map_err(|error| Error::failed(format!("the plugin `{name}` can't be read: {error}")))?;
        bytes.ok_or_else(|| Error::usage(format!("`{name}` is no plugin of this workspace")))
    }

    /// The digest that a plugin's component must have.
    pub(crate) fn pinned(&self, name: &PluginName) -> Result<Digest, Error> {
        self.workspace.lock.plugin.get(name).map(|pinned| pinned.digest).ok_or_else(|| {
            let path = self.workspace.plugins.get(name).map_or_else(String::new, |path| path.display().to_string());
            Error::usage(format!("the plugin `{name}` is not pinned in belay.lock"))
                .next(format!("belay plugin add {path}"))
        })
    }
}

/// Why there is no plugin to ask.
pub(crate) struct Absent {
    pub(crate) kind: FailureKind,
    pub(crate) error: Error,
}

/// The workspace's ledger, which must be there: a clone of the configuration must not begin a second truth unnoticed.
fn open_ledger(workspace: &Workspace) -> Result<Ledger, Error> {
    Ledger::open(&workspace.state, &workspace.key).map_err(|error| {
        let error = ledger::error(&error);
        if workspace.state.join("ledger.db").exists() {
            return error;
        }
        Error::usage(format!("there is no ledger at {}", workspace.state.display()))
            .next("belay init, on the host where this workspace's state is to live")
    })
}

/// Problems of a workspace as one error.
pub(crate) fn problems(problems: Problems) -> Error {
    Error::usage(problems.to_string()).changed("nothing was read or changed beyond the workspace").next("belay lint")
}

fn not_loaded(name: &PluginName, path: &Path, pinned: Digest, error: &LoadError) -> Error {
    if let LoadError::OtherThanPinned { found } = error {
        let (path, found, pinned) = (path.display(), found.short(), pinned.short());
        return Error::refused(format!("{path} is {found}, but `{name}` is pinned as {pinned} in belay.lock"))
            .changed("nothing was changed; the plugin was not run")
            .next(format!("belay plugin add {path}, if the change is meant"));
    }
    Error::failed(format!("the plugin `{name}` can't be loaded: {error}"))
        .changed("nothing was changed")
        .next(format!("belay plugin inspect {}", path.display()))
}

/// Plugins, loaded when they are needed: a workspace may have many that a request has no use for.
struct Plugins {
    compiled: PathBuf,
    sandboxes: Mutex<BTreeMap<Size, Sandbox>>,
    loaded: Mutex<BTreeMap<PluginName, Plugin>>,
}

impl Plugins {
    fn new(compiled: PathBuf) -> Self {
        Self { compiled, sandboxes: Mutex::default(), loaded: Mutex::default() }
    }

    fn load(&self, name: &PluginName, path: &Path, pinned: Digest, size: Size) -> Result<Plugin, Absent> {
        let absent = |kind| move |error| Absent { kind, error };
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = loaded.get(name) {
            return Ok(plugin.clone());
        }
        let unread = |error: io::Error| Absent {
            kind: FailureKind::Missing,
            error: Error::failed(format!("the plugin `{name}` can't be read from {}: {error}", path.display()))
                .changed("nothing was changed")
                .next("belay plugin list"),
        };
        let is_pinned = File::open(path).and_then(Digest::of_all).map_err(unread)? == pinned;
        let sandbox = self.sandbox(size).map_err(absent(FailureKind::NotCalled))?;
        let kept = is_pinned.then(|| sandbox.load_kept(pinned, &self.compiled));
        let plugin = match kept.flatten() {
            Some(plugin) => plugin,
            None => {
                let bytes = std::fs::read(path).map_err(unread)?;
                sandbox.load_pinned(pinned, &bytes, Some(&self.compiled)).map_err(|error| {
                    let other = matches!(error, LoadError::OtherThanPinned { .. });
                    let kind = if other { FailureKind::OtherDigest } else { FailureKind::NotLoadable };
                    Absent { kind, error: not_loaded(name, path, pinned, &error) }
                })?
            }
        };
        loaded.insert(name.clone(), plugin.clone());
        Ok(plugin)
    }

    fn sandbox(&self, size: Size) -> Result<Sandbox, Error> {
        let mut sandboxes = self.sandboxes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sandbox) = sandboxes.get(&size) {
            return Ok(sandbox.clone());
        }
        let made = compiling::sandbox(size)?;
        sandboxes.insert(size, made.clone());
        Ok(made)
    }
}
