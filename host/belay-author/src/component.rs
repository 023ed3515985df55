//! From a core module to a component.

use wasm_metadata::{AddMetadata, AddMetadataField, Description, Licenses, Version};
use wit_component::{ComponentEncoder, DecodedWasm};

use crate::{Error, Plugin};

/// Turns a core module into a validated component that carries the plugin's name, version, description and licence,
/// and imports `belay:plugin/…` only. The same module gives the same bytes.
///
/// What stands in a component about its author is a claim, not a fact.
pub fn componentize(plugin: &Plugin, module: &[u8]) -> Result<Vec<u8>, Error> {
    let broken = |reason: String| Error::Component { plugin: plugin.name.clone(), reason };
    let encode = || ComponentEncoder::default().validate(true).module(module)?.encode();
    let component = encode().map_err(|error| broken(format!("{error:#}")))?;
    let foreign = foreign_imports(&component).map_err(broken)?;
    if !foreign.is_empty() {
        return Err(Error::Imports { plugin: plugin.name.clone(), imports: foreign });
    }
    label(plugin).and_then(|label| label.to_wasm(&component).map_err(|error| format!("{error:#}"))).map_err(broken)
}

fn label(plugin: &Plugin) -> Result<AddMetadata, String> {
    let mut label = AddMetadata::default();
    label.name = AddMetadataField::Set(plugin.name.clone());
    label.version = AddMetadataField::Set(Version::new(plugin.version.clone()));
    label.processed_by = vec![("belay".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    if let Some(description) = &plugin.description {
        label.description = AddMetadataField::Set(Description::new(description.clone()));
    }
    if let Some(license) = &plugin.license {
        label.licenses = AddMetadataField::Set(Licenses::new(license).map_err(|error| format!("{error:#}"))?);
    }
    Ok(label)
}

/// What a component imports that is not the contract's.
fn foreign_imports(component: &[u8]) -> Result<Vec<String>, String> {
    let decoded = wit_component::decode(component).map_err(|error| format!("{error:#}"))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err("it holds a WIT package, not code".to_owned());
    };
    let imports = resolve.worlds.get(world).map(|world| world.imports.keys()).into_iter().flatten();
    let names = imports.map(|key| resolve.name_world_key(key));
    Ok(names.filter(|name| !name.starts_with("belay:plugin/")).collect())
}
