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
    let label = Label {
        name: &plugin.name,
        version: &plugin.version,
        description: plugin.description.as_deref(),
        license: plugin.license.as_deref(),
    };
    finish(&label, &component)
}

/// What is written into a component.
pub(crate) struct Label<'p> {
    pub(crate) name: &'p str,
    pub(crate) version: &'p str,
    pub(crate) description: Option<&'p str>,
    pub(crate) license: Option<&'p str>,
}

/// Checks what a component imports, and labels it.
pub(crate) fn finish(label: &Label<'_>, component: &[u8]) -> Result<Vec<u8>, Error> {
    let broken = |reason: String| Error::Component { plugin: label.name.to_owned(), reason };
    let foreign = foreign_imports(component).map_err(broken)?;
    if !foreign.is_empty() {
        return Err(Error::Imports { plugin: label.name.to_owned(), imports: foreign });
    }
    let added = label.metadata().and_then(|added| added.to_wasm(component).map_err(|error| format!("{error:#}")));
    added.map_err(broken)
}

impl Label<'_> {
    fn metadata(&self) -> Result<AddMetadata, String> {
        let mut label = AddMetadata::default();
        label.name = AddMetadataField::Set(self.name.to_owned());
        label.version = AddMetadataField::Set(Version::new(self.version.to_owned()));
        label.processed_by = vec![("belay".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
        if let Some(description) = self.description {
            label.description = AddMetadataField::Set(Description::new(description.to_owned()));
        }
        if let Some(license) = self.license {
            label.licenses = AddMetadataField::Set(Licenses::new(license).map_err(|error| format!("{error:#}"))?);
        }
        Ok(label)
    }
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
