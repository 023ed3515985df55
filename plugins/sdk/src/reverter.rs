//! Kinds of resources.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::bindings::reverter::belay::plugin::types;
use crate::bindings::reverter::exports::belay::plugin::reverting;
use crate::{About, Change, Context, Description, Fault, Host, Past, Pin, Reads, Reference, State, json, schema_of};

/// A resource with its configuration typed.
#[derive(Clone, Debug)]
pub struct Resource<C> {
    /// The operator's name for the system it lives in.
    pub connection: String,
    /// What the plugin needs to find it there.
    pub id: String,
    /// The rest of its configuration.
    pub config: C,
}

/// What a step wants, its attributes typed.
#[derive(Clone, Debug)]
pub enum Desired<A> {
    /// A state that was pinned.
    Pinned(Pin),
    /// Some attributes of the content set.
    Attributes(A),
}

/// For kinds of resources whose attributes can't be set.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum NoAttributes {}

impl JsonSchema for NoAttributes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NoAttributes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }
}

/// A kind of resource: how it is observed, found in its past, and put back.
pub trait Reverter {
    /// What it is; usually `belay_sdk::about!()`.
    const ABOUT: About;
    /// What the feature set configures for each resource.
    type Config: DeserializeOwned + JsonSchema;
    /// What a step can set; [`NoAttributes`] where nothing.
    type Attributes: DeserializeOwned + JsonSchema;

    /// The state now. Cheap: it is called before, between and after writes.
    fn observe(reads: &dyn Reads, of: &Resource<Self::Config>) -> Result<State, Fault>;

    /// The state that a reference stands for, checked to be there, with its proof.
    fn locate(reads: &dyn Reads, of: &Resource<Self::Config>, reference: Reference) -> Result<Pin, Fault>;

    /// States it once had, the latest first, at most `limit`.
    fn history(reads: &dyn Reads, of: &Resource<Self::Config>, limit: u32) -> Result<Vec<Past>, Fault>;

    /// One change for each desired state, each starting where the one before ends.
    fn plan(
        reads: &dyn Reads,
        moment: &Context,
        of: &Resource<Self::Config>,
        observed: State,
        path: Vec<Desired<Self::Attributes>>,
    ) -> Result<Vec<Change>, Fault>;
}

impl<T: Reverter> reverting::Guest for T {
    fn describe() -> Description {
        T::ABOUT.describe(schema_of::<T::Config>(), schema_of::<T::Attributes>())
    }

    fn observe(of: types::Resource) -> Result<State, Fault> {
        T::observe(&Host, &typed(of)?)
    }

    fn locate(of: types::Resource, reference: Reference) -> Result<Pin, Fault> {
        T::locate(&Host, &typed(of)?, reference)
    }

    fn history(of: types::Resource, limit: u32) -> Result<Vec<Past>, Fault> {
        T::history(&Host, &typed(of)?, limit)
    }

    fn plan(
        moment: Context,
        of: types::Resource,
        observed: State,
        path: Vec<types::Desired>,
    ) -> Result<Vec<Change>, Fault> {
        let path = path.into_iter().map(desired).collect::<Result<_, Fault>>()?;
        T::plan(&Host, &moment, &typed(of)?, observed, path)
    }
}

fn typed<C: DeserializeOwned>(of: types::Resource) -> Result<Resource<C>, Fault> {
    let config = json::configured(&of.config, "the resource's configuration")?;
    Ok(Resource { connection: of.connection, id: of.id, config })
}

fn desired<A: DeserializeOwned>(desired: types::Desired) -> Result<Desired<A>, Fault> {
    Ok(match desired {
        types::Desired::Pinned(pin) => Desired::Pinned(pin),
        types::Desired::Attributes(set) => Desired::Attributes(json::configured(&set, "the attributes to set")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_without_attributes_has_an_empty_schema() {
        assert_eq!(schema_of::<NoAttributes>(), "{}");
    }
}
