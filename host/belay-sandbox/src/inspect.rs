//! What can be told of a component without running it.

use belay_domain::digest::Digest;
use serde::Serialize;
use wit_component::DecodedWasm;

use crate::contract::{Contract, Side};
use crate::fit::{self, Misfit};
use crate::world::World;

/// A component as it presents itself. Nothing was compiled or run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Inspection {
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    /// The world that it fits.
    pub world: World,
    /// The version of `belay:plugin` that it was built against.
    pub wit: String,
    /// Interfaces that it imports; it can reach nothing else.
    pub imports: Vec<String>,
    /// Interfaces that it exports.
    pub exports: Vec<String>,
    /// What its author wrote into it.
    pub claims: Claims,
}

/// What an author wrote into a component. Claims, not facts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Claims {
    /// Its name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Who wrote it.
    pub authors: Option<String>,
    /// Its licence.
    pub licenses: Option<String>,
    /// Where its source is.
    pub source: Option<String>,
    /// The revision of its source.
    pub revision: Option<String>,
    /// What processed it: `belay-author 0.1.0`.
    pub processed_by: Vec<String>,
}

/// Why bytes are no plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPlugin {
    /// Too large to be looked at.
    #[error("{size} bytes are more than a component may have: {most}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The largest allowed.
        most: u64,
    },
    /// Not WebAssembly at all.
    #[error("not a WebAssembly component: it doesn't begin with `\\0asm`")]
    NotWasm,
    /// A module where a component was due.
    #[error("a core WebAssembly module, not a component; `belay plugin build` makes one of it")]
    CoreModule,
    /// A WIT package where a component was due.
    #[error("a WIT package, not a component")]
    WitPackage,
    /// Damaged, cut off, or of a newer kind.
    #[error("not a valid WebAssembly component, perhaps cut off: {0}")]
    Invalid(String),
    /// It asks for, or lacks, something.
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

/// The largest component, in bytes. Compiling takes time and memory in proportion, and can't be stopped.
pub const MAX_COMPONENT_BYTES: u64 = 32 << 20;

/// Looks at a component and checks that this host can run it. Runs nothing.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, NotAPlugin> {
    let size = bytes.len() as u64;
    if size > MAX_COMPONENT_BYTES {
        return Err(NotAPlugin::TooLarge { size, most: MAX_COMPONENT_BYTES });
    }
    let contract = decode(bytes)?;
    let (world, wit) = fit::world(&contract)?;
    Ok(Inspection {
        digest: Digest::of(bytes),
        size,
        world,
        wit,
        imports: names(&contract.imports),
        exports: names(&contract.exports),
        claims: claims(bytes)?,
    })
}

fn names(side: &Side) -> Vec<String> {
    side.interfaces.keys().chain(&side.functions).cloned().collect()
}

fn invalid(error: impl std::fmt::Display) -> NotAPlugin {
    NotAPlugin::Invalid(error.to_string())
}

fn decode(bytes: &[u8]) -> Result<Contract, NotAPlugin> {
    // Magic, then a version and a layer of two bytes each: layer 0 is a module, layer 1 a component.
    match bytes {
        [0, b'a', b's', b'm', _, _, 0, 0, ..] => return Err(NotAPlugin::CoreModule),
        [0, b'a', b's', b'm', ..] => {}
        _ => return Err(NotAPlugin::NotWasm),
    }
    match wit_component::decode(bytes).map_err(|error| invalid(error.root_cause()))? {
        DecodedWasm::Component(resolve, world) => Ok(Contract::of(&resolve, world)),
        DecodedWasm::WitPackage(..) => Err(NotAPlugin::WitPackage),
    }
}

fn claims(bytes: &[u8]) -> Result<Claims, NotAPlugin> {
    let payload = wasm_metadata::Payload::from_binary(bytes).map_err(|error| invalid(error.root_cause()))?;
    let metadata = payload.metadata();
    let processed_by = metadata.producers.as_ref().and_then(|producers| producers.get("processed-by"));
    Ok(Claims {
        name: metadata.name.clone(),
        version: metadata.version.as_ref().map(ToString::to_string),
        description: metadata.description.as_ref().map(ToString::to_string),
        authors: metadata.authors.as_ref().map(ToString::to_string),
        licenses: metadata.licenses.as_ref().map(ToString::to_string),
        source: metadata.source.as_ref().map(ToString::to_string),
        revision: metadata.revision.as_ref().map(ToString::to_string),
        processed_by: processed_by
            .map(|tools| tools.iter().map(|(name, version)| format!("{name} {version}")).collect())
            .unwrap_or_default(),
    })
}
