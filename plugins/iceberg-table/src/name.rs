//! `shop.clicks@main`: a table, and a branch or tag of it.

use belay_sdk::Fault;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Config;

/// RFC 3986: all but unreserved characters.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The branch that readers see unless they ask for another.
pub(crate) const MAIN: &str = "main";

/// What a resource's id names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The table's path in the catalog.
    pub(crate) path: String,
    /// The table, for people.
    pub(crate) table: String,
    /// The branch or tag.
    pub(crate) reference: String,
}

impl Name {
    pub(crate) fn parse(id: &str, config: &Config) -> Result<Self, Fault> {
        let wrong = |why: &str| Fault::Invalid(format!("`{id}` is not a table, as in `shop.clicks@main`: {why}"));
        let (table, reference) = id.split_once('@').unwrap_or((id, MAIN));
        let (namespace, name) = table.rsplit_once('.').ok_or_else(|| wrong("it has no namespace"))?;
        let levels: Vec<&str> = namespace.split('.').collect();
        if reference.is_empty() || name.is_empty() || levels.iter().any(|level| level.is_empty()) {
            return Err(wrong("a part of it is empty"));
        }
        let separator = match (&config.separator, levels.len()) {
            (Some(separator), _) => separator.as_str(),
            (None, 1) => "",
            (None, _) => return Err(wrong("a namespace of several levels needs `separator`")),
        };
        let encoded = |text: &str| utf8_percent_encode(text, &RESERVED).to_string();
        let namespace = levels.into_iter().map(encoded).collect::<Vec<_>>().join(separator);
        let prefix = match config.prefix.trim_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        let path = format!("/v1/{prefix}namespaces/{namespace}/tables/{}", encoded(name));
        Ok(Self { path, table: table.to_owned(), reference: reference.to_owned() })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn name(id: &str, prefix: &str, separator: Option<&str>) -> Result<Name, Fault> {
        Name::parse(id, &Config { prefix: prefix.to_owned(), separator: separator.map(str::to_owned) })
    }

    #[test]
    fn an_id_is_a_path_and_a_reference() {
        let found = name("shop.clicks", "", None).unwrap();
        assert_eq!((found.path.as_str(), found.reference.as_str()), ("/v1/namespaces/shop/tables/clicks", "main"));
        let found = name("shop.eu.clicks 2@audit/x", "warehouse/", Some("%2E")).unwrap();
        assert_eq!(found.path, "/v1/warehouse/namespaces/shop%2Eeu/tables/clicks%202");
        assert_eq!((found.table.as_str(), found.reference.as_str()), ("shop.eu.clicks 2", "audit/x"));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for id in ["", "clicks", ".clicks", "shop.", "shop..clicks", "shop.clicks@", "a.b.c"] {
            assert!(matches!(name(id, "", None), Err(Fault::Invalid(_))), "{id}");
        }
    }
}
