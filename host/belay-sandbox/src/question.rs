//! The questions that can be put to a plugin. Each is also its recorded input: its members are the WIT's parameters.

use std::borrow::Cow;
use std::future::Future;

use belay_domain::json::{Json, NotCanonical};
use belay_domain::operation::Change;
use belay_domain::state::{Context, Description, Desired, Measurement, Past, Pin, Reference, Resource, State};
use belay_domain::verdict::Judgement;
use serde::{Deserialize, Serialize};
use wasmtime::Store;

use crate::bindings::guardrail::GuardrailPre;
use crate::bindings::probe::ProbePre;
use crate::bindings::reverter::ReverterPre;
use crate::call::CallError;
use crate::canonical::CanonicalText;
use crate::edge::{operation, state, verdict};
use crate::moment::Moment;
use crate::world::Function;

/// What comes back: an error of the guest's execution outside, an answer or why it is none inside.
pub(crate) type Told<T> = wasmtime::Result<Result<T, CallError>>;

/// A question to a plugin of the world `P` stands for.
pub(crate) trait Question<P>: Serialize + Sync + Sized {
    /// What answers it.
    type Answer: Serialize + Send;
    /// Which exported function.
    const FUNCTION: Function;

    /// Its canonical JSON.
    fn input(&self) -> Result<String, NotCanonical> {
        Json::from(self).map(|json| json.canonical())
    }

    /// Puts it to a new instance in `store`.
    fn put(&self, plugin: &P, store: &mut Store<Moment>) -> impl Future<Output = Told<Self::Answer>> + Send;
}

/// `describe()`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Describe {}

/// `observe(of)`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Observe<'a> {
    pub(crate) of: Cow<'a, Resource>,
}

/// `locate(of, reference)`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Locate<'a> {
    pub(crate) of: Cow<'a, Resource>,
    pub(crate) reference: Cow<'a, Reference>,
}

/// `history(of, limit)`.
#[derive(Serialize, Deserialize)]
pub(crate) struct History<'a> {
    pub(crate) of: Cow<'a, Resource>,
    pub(crate) limit: u32,
}

/// `plan(moment, of, observed, path)`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Plan<'a> {
    pub(crate) moment: Cow<'a, Context>,
    pub(crate) of: Cow<'a, Resource>,
    pub(crate) observed: Cow<'a, State>,
    pub(crate) path: Cow<'a, [Desired]>,
}

/// `judge(facts, config)`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Judge {
    pub(crate) facts: CanonicalText,
    pub(crate) config: CanonicalText,
}

/// `measure(moment, config, expected)`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Measure<'a> {
    pub(crate) moment: Cow<'a, Context>,
    pub(crate) config: Cow<'a, Json>,
    pub(crate) expected: Option<Cow<'a, Pin>>,
}

macro_rules! describe {
    ($($pre:ident, $exports:ident;)*) => {$(
        impl Question<$pre<Moment>> for Describe {
            type Answer = Description;
            const FUNCTION: Function = Function::Describe;

            async fn put(&self, plugin: &$pre<Moment>, store: &mut Store<Moment>) -> Told<Description> {
                let plugin = plugin.instantiate_async(&mut *store).await?;
                Ok(state::description(plugin.$exports().call_describe(store).await?))
            }
        }
    )*};
}

describe! {
    ReverterPre, belay_plugin_reverting;
    GuardrailPre, belay_plugin_judging;
    ProbePre, belay_plugin_probing;
}

impl Question<ReverterPre<Moment>> for Observe<'_> {
    type Answer = State;
    const FUNCTION: Function = Function::Observe;

    async fn put(&self, plugin: &ReverterPre<Moment>, store: &mut Store<Moment>) -> Told<State> {
        let plugin = plugin.instantiate_async(&mut *store).await?;
        let told = plugin.belay_plugin_reverting().call_observe(store, &state::resource(&self.of)).await?;
        Ok(told.map_err(state::fault).and_then(state::state_out))
    }
}

impl Question<ReverterPre<Moment>> for Locate<'_> {
    type Answer = Pin;
    const FUNCTION: Function = Function::Locate;

    async fn put(&self, plugin: &ReverterPre<Moment>, store: &mut Store<Moment>) -> Told<Pin> {
        let plugin = plugin.instantiate_async(&mut *store).await?;
        let (of, reference) = (state::resource(&self.of), state::reference(&self.reference));
        let told = plugin.belay_plugin_reverting().call_locate(store, &of, &reference).await?;
        Ok(told.map_err(state::fault).and_then(state::pin))
    }
}

impl Question<ReverterPre<Moment>> for History<'_> {
    type Answer = Vec<Past>;
    const FUNCTION: Function = Function::History;

    async fn put(&self, plugin: &ReverterPre<Moment>, store: &mut Store<Moment>) -> Told<Vec<Past>> {
        let plugin = plugin.instantiate_async(&mut *store).await?;
        let of = state::resource(&self.of);
        let told = plugin.belay_plugin_reverting().call_history(store, &of, self.limit).await?;
        Ok(told.map_err(state::fault).and_then(|past| state::history(past, self.limit)))
    }
}

impl Question<ReverterPre<Moment>> for Plan<'_> {
    type Answer = Vec<Change>;
    const FUNCTION: Function = Function::Plan;

    async fn put(&self, plugin: &ReverterPre<Moment>, store: &mut Store<Moment>) -> Told<Vec<Change>> {
        let plugin = plugin.instantiate_async(&mut *store).await?;
        let (moment, of) = (state::context(&self.moment), state::resource(&self.of));
        let observed = state::state_in(&self.observed);
        let path: Vec<_> = self.path.iter().map(state::desired).collect();
        let told = plugin.belay_plugin_reverting().call_plan(store, &moment, &of, &observed, &path).await?;
        Ok(told.map_err(state::fault).and_then(|changes| operation::changes(changes, path.len())))
    }
}

impl Question<GuardrailPre<Moment>> for Judge {
    type Answer = Judgement;
    const FUNCTION: Function = Function::Judge;

    // Both are canonical and `config` sorts before `facts`, so that joining them is canonical too. Facts are large.
    fn input(&self) -> Result<String, NotCanonical> {
        let (config, facts) = (self.config.as_str(), self.facts.as_str());
        Ok(["{\"config\":", config, ",\"facts\":", facts, "}"].concat())
    }

    async fn put(&self, plugin: &GuardrailPre<Moment>, store: &mut Store<Moment>) -> Told<Judgement> {
        let plugin = plugin.instantiate_async(&mut *store).await?;
        let (facts, config) = (self.facts.as_string(), self.config.as_string());
        let told = plugin.belay_plugin_judging().call_judge(store, facts, config).await?;
        Ok(told.map_err(state::fault).and_then(verdict::judgement))
    }
}

impl Question<ProbePre<Moment>> for Measure<'_> {
    type Answer = Vec<Measurement>;
    const FUNCTION: Function = Function::Measure;

    async fn put(&self, plugin: &ProbePre<Moment>, store: &mut Store<Moment>) -> Told<Vec<Measurement>> {
        let plugin = plugin.instantiate_async(&mut *store).await?;
        let (moment, config) = (state::context(&self.moment), self.config.canonical());
        let expected = self.expected.as_deref().map(state::pin_in);
        let told = plugin.belay_plugin_probing().call_measure(store, &moment, &config, expected.as_ref()).await?;
        Ok(told.map_err(state::fault).and_then(state::measurements))
    }
}
