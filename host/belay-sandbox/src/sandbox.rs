//! The sandbox: one engine, one linker for each world, and a place for each call under way.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use crate::apart::Apart;
use crate::bindings::guardrail::{Guardrail, GuardrailPre};
use crate::bindings::probe::{Probe, ProbePre};
use crate::bindings::reverter::{Reverter, ReverterPre};
use crate::engine::{self, EngineId};
use crate::limits::{Limits, Size, TooGenerous};
use crate::moment::Moment;
use crate::plugin::Linked;
use crate::ticker::{Pace, Ticker};
use crate::world::World;

/// Loads and runs plugins. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>, Option<Arc<Apart>>);

struct Inner {
    engine: Engine,
    ticker: Ticker,
    id: EngineId,
    size: Size,
    limits: Limits,
    reverters: Linker<Moment>,
    guardrails: Linker<Moment>,
    probes: Linker<Moment>,
    places: Semaphore,
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The limits are more than the pool can hold.
    #[error(transparent)]
    Limits(#[from] TooGenerous),
    /// The engine could not be made, most often because address space is limited: the pool reserves some 300 GiB of
    /// addresses, though no memory.
    #[error("the engine for plugins can't be set up: {0}")]
    Engine(String),
}

impl Sandbox {
    /// Reserves the pool for ordinary plugins and starts the clock. Each call gets `limits` unless its plugin has
    /// others.
    pub fn new(limits: Limits) -> Result<Self, SetupError> {
        Self::with(Size::Standard, limits)
    }

    /// The same for plugins of this size, with the limits of [`Limits::of`].
    pub fn of(size: Size) -> Result<Self, SetupError> {
        Self::with(size, Limits::of(size))
    }

    fn with(size: Size, limits: Limits) -> Result<Self, SetupError> {
        let failed = |error: wasmtime::Error| SetupError::Engine(format!("{error:#}"));
        let engine = Engine::new(&engine::settings_for(size)).map_err(failed)?;
        let ticker = Ticker::start(&engine).map_err(|error| SetupError::Engine(error.to_string()))?;
        let linker = |add: fn(&mut Linker<Moment>) -> wasmtime::Result<()>| {
            let mut linker = Linker::new(&engine);
            add(&mut linker).map(|()| linker).map_err(failed)
        };
        Ok(Self(
            Arc::new(Inner {
                reverters: linker(|linker| Reverter::add_to_linker::<_, HasSelf<_>>(linker, |moment| moment))?,
                guardrails: linker(|linker| Guardrail::add_to_linker::<_, HasSelf<_>>(linker, |moment| moment))?,
                probes: linker(|linker| Probe::add_to_linker::<_, HasSelf<_>>(linker, |moment| moment))?,
                engine,
                ticker,
                id: EngineId::here(),
                size,
                limits: limits.checked(size)?,
                places: Semaphore::new(engine::instances(size) as usize),
            }),
            None,
        ))
    }

    /// The same, with components compiled by another process, which is ended when it takes too long. Without it they are
    /// compiled in this one, for as long as they take.
    #[must_use]
    pub fn compiling_apart(self, apart: Apart) -> Self {
        Self(self.0, Some(Arc::new(apart)))
    }

    pub(crate) fn apart(&self) -> Option<&Apart> {
        self.1.as_deref()
    }

    /// What calls run on here.
    pub fn id(&self) -> &EngineId {
        &self.0.id
    }

    /// For plugins of which size it has room.
    pub fn size(&self) -> Size {
        self.0.size
    }

    pub(crate) fn limits(&self) -> Limits {
        self.0.limits
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Tells the clock of a call that begins.
    pub(crate) fn pace(&self) -> Pace {
        self.0.ticker.call()
    }

    /// Waits until a call can be made. The semaphore is never closed, so that there is always a permit.
    pub(crate) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.0.places.acquire().await.ok()
    }

    /// Links a component to what its world imports, and to nothing else.
    pub(crate) fn link(&self, component: &Component, world: World) -> wasmtime::Result<Linked> {
        let pre =
            |linker: &Linker<Moment>| -> wasmtime::Result<InstancePre<Moment>> { linker.instantiate_pre(component) };
        match world {
            World::Reverter => ReverterPre::new(pre(&self.0.reverters)?).map(Linked::Reverter),
            World::Guardrail => GuardrailPre::new(pre(&self.0.guardrails)?).map(Linked::Guardrail),
            World::Probe => ProbePre::new(pre(&self.0.probes)?).map(Linked::Probe),
        }
    }
}
