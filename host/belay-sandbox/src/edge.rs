//! Between the WIT's shapes and the domain's. What comes from a guest is checked here and nowhere else.

pub(crate) mod operation;
pub(crate) mod reads;
pub(crate) mod state;
pub(crate) mod verdict;

use belay_domain::json::Json;

use crate::call::CallError;

/// JSON text from a guest; `what` names it in the error.
fn json(what: &str, text: &str) -> Result<Json, CallError> {
    Json::parse(text).map_err(|error| CallError::nonsense(what, error))
}
