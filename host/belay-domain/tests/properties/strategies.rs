//! Values as they may come, in every variant.

mod governance;
mod plans;
mod runbooks;
mod values;

pub(crate) use governance::{feature_set, mandate, point};
pub(crate) use plans::{operation, stage_plan};
pub(crate) use runbooks::runbook;
