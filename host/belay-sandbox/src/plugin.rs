//! A loaded plugin, by its world. Calls share nothing but the compiled code.

use std::borrow::Cow;
use std::sync::Arc;

use belay_domain::digest::Digest;
use belay_domain::json::Json;
use belay_domain::operation::Change;
use belay_domain::state::{Context, Description, Desired, Measurement, Past, Pin, Reference, Resource, State};
use belay_domain::verdict::Judgement;

use crate::access::Access;
use crate::bindings::guardrail::GuardrailPre;
use crate::bindings::probe::ProbePre;
use crate::bindings::reverter::ReverterPre;
use crate::call::Call;
use crate::canonical::CanonicalText;
use crate::limits::{Limits, TooGenerous};
use crate::moment::Moment;
use crate::perform::perform;
use crate::question::{Describe, History, Judge, Locate, Measure, Observe, Plan};
use crate::sandbox::Sandbox;
use crate::world::World;

/// A component that fits one of the worlds, compiled and linked. Cheap to clone.
#[derive(Clone)]
pub struct Plugin {
    sandbox: Sandbox,
    digest: Digest,
    limits: Limits,
    linked: Arc<Linked>,
}

/// A component linked to what its world imports.
pub(crate) enum Linked {
    Reverter(ReverterPre<Moment>),
    Guardrail(GuardrailPre<Moment>),
    Probe(ProbePre<Moment>),
}

impl Plugin {
    pub(crate) fn new(sandbox: Sandbox, digest: Digest, limits: Limits, linked: Linked) -> Self {
        Self { sandbox, digest, limits, linked: Arc::new(linked) }
    }

    /// The SHA-256 of the component.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its world.
    pub fn world(&self) -> World {
        match *self.linked {
            Linked::Reverter(_) => World::Reverter,
            Linked::Guardrail(_) => World::Guardrail,
            Linked::Probe(_) => World::Probe,
        }
    }

    /// What each call may use.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The same plugin under other limits.
    pub fn with_limits(&self, limits: Limits) -> Result<Self, TooGenerous> {
        Ok(Self { limits: limits.checked(self.sandbox.size())?, ..self.clone() })
    }

    pub(crate) const fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub(crate) fn linked(&self) -> &Linked {
        &self.linked
    }

    /// The plugin's functions, if it is a reverter.
    pub fn as_reverter(&self) -> Option<Reverter<'_>> {
        match self.linked() {
            Linked::Reverter(pre) => Some(Reverter { plugin: self, pre }),
            Linked::Guardrail(_) | Linked::Probe(_) => None,
        }
    }

    /// The plugin's functions, if it is a guardrail.
    pub fn as_guardrail(&self) -> Option<Guardrail<'_>> {
        match self.linked() {
            Linked::Guardrail(pre) => Some(Guardrail { plugin: self, pre }),
            Linked::Reverter(_) | Linked::Probe(_) => None,
        }
    }

    /// The plugin's functions, if it is a probe.
    pub fn as_probe(&self) -> Option<Probe<'_>> {
        match self.linked() {
            Linked::Probe(pre) => Some(Probe { plugin: self, pre }),
            Linked::Reverter(_) | Linked::Guardrail(_) => None,
        }
    }

    /// What the plugin says it is. It may read nothing meanwhile.
    pub async fn describe(&self) -> Call<Description> {
        let (question, access) = (Describe {}, Access::none());
        match self.linked() {
            Linked::Reverter(pre) => perform(self, pre, &question, &access).await,
            Linked::Guardrail(pre) => perform(self, pre, &question, &access).await,
            Linked::Probe(pre) => perform(self, pre, &question, &access).await,
        }
    }
}

/// A kind of resource.
#[derive(Clone, Copy)]
pub struct Reverter<'a> {
    plugin: &'a Plugin,
    pre: &'a ReverterPre<Moment>,
}

impl Reverter<'_> {
    /// The resource's state now.
    pub async fn observe(&self, access: &Access, of: &Resource) -> Call<State> {
        let question = Observe { of: Cow::Borrowed(of) };
        perform(self.plugin, self.pre, &question, access).await
    }

    /// The state that a reference stands for, with its proof.
    pub async fn locate(&self, access: &Access, of: &Resource, reference: &Reference) -> Call<Pin> {
        let question = Locate { of: Cow::Borrowed(of), reference: Cow::Borrowed(reference) };
        perform(self.plugin, self.pre, &question, access).await
    }

    /// States that the resource once had, the latest first; more than `limit` are nonsense.
    pub async fn history(&self, access: &Access, of: &Resource, limit: u32) -> Call<Vec<Past>> {
        let question = History { of: Cow::Borrowed(of), limit };
        perform(self.plugin, self.pre, &question, access).await
    }

    /// Exactly one change for each desired state of the path, each starting where the one before ends.
    pub async fn plan(
        &self,
        access: &Access,
        moment: &Context,
        of: &Resource,
        observed: &State,
        path: &[Desired],
    ) -> Call<Vec<Change>> {
        let question = Plan {
            moment: Cow::Borrowed(moment),
            of: Cow::Borrowed(of),
            observed: Cow::Borrowed(observed),
            path: Cow::Borrowed(path),
        };
        perform(self.plugin, self.pre, &question, access).await
    }
}

/// A policy.
#[derive(Clone, Copy)]
pub struct Guardrail<'a> {
    plugin: &'a Plugin,
    pre: &'a GuardrailPre<Moment>,
}

impl Guardrail<'_> {
    /// A verdict on facts. Whoever asks turns each error into a denial.
    pub async fn judge(&self, facts: &CanonicalText, config: &CanonicalText) -> Call<Judgement> {
        let question = Judge { facts: facts.clone(), config: config.clone() };
        perform(self.plugin, self.pre, &question, &Access::none()).await
    }
}

/// A signal for checks.
#[derive(Clone, Copy)]
pub struct Probe<'a> {
    plugin: &'a Plugin,
    pre: &'a ProbePre<Moment>,
}

impl Probe<'_> {
    /// Measures now, held against what the run restores where the check names a resource. Values are plain decimals.
    pub async fn measure(
        &self,
        access: &Access,
        moment: &Context,
        config: &Json,
        expected: Option<&Pin>,
    ) -> Call<Vec<Measurement>> {
        let question = Measure {
            moment: Cow::Borrowed(moment),
            config: Cow::Borrowed(config),
            expected: expected.map(Cow::Borrowed),
        };
        perform(self.plugin, self.pre, &question, access).await
    }
}
