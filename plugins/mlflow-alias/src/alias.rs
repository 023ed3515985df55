//! The name of an alias.

use belay_sdk::Fault;

/// `ranker@champion`: the alias `champion` of the registered model `ranker`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    pub(crate) model: String,
    pub(crate) name: String,
}

impl Alias {
    /// Reads a resource's id.
    pub(crate) fn parse(id: &str) -> Result<Self, Fault> {
        match id.rsplit_once('@') {
            // A quote would end the name in the registry's search.
            Some((model, name)) if !model.is_empty() && !name.is_empty() && !model.contains('\'') => {
                Ok(Self { model: model.to_owned(), name: name.to_owned() })
            }
            Some(_) | None => Err(Fault::Invalid(format!("`{id}` is not a model's alias, as in `ranker@champion`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_model_and_an_alias() {
        let alias = Alias::parse("team@shop ranker@champion").unwrap();
        assert_eq!((alias.model.as_str(), alias.name.as_str()), ("team@shop ranker", "champion"));
        for id in ["", "ranker", "@champion", "ranker@", "it's@champion"] {
            assert!(matches!(Alias::parse(id), Err(Fault::Invalid(_))), "{id}");
        }
    }
}
