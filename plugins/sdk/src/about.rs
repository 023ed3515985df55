//! What a plugin says of itself.

use crate::Description;

/// A plugin's name, version and summary; [`about!`](crate::about) takes them from its `Cargo.toml`.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// As in `belay.toml`: lower case, digits and hyphens.
    pub name: &'static str,
    /// Semantic version.
    pub version: &'static str,
    /// One line.
    pub summary: &'static str,
}

impl About {
    pub(crate) fn describe(self, config_schema: String, attributes_schema: String) -> Description {
        Description {
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            summary: self.summary.to_owned(),
            config_schema,
            attributes_schema,
        }
    }
}

/// The [`About`] of the package that this stands in.
#[macro_export]
macro_rules! about {
    () => {
        $crate::About {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            summary: env!("CARGO_PKG_DESCRIPTION"),
        }
    };
}
