//! What a run may do once something failed: the mandate's part and the specification's. Plans nothing.

use std::collections::BTreeMap;

use belay_domain::digest::Digest;
use belay_domain::fallback::{Alternate, Fallback, UndoBounds};
use belay_domain::id::PluginName;
use belay_domain::json::NotCanonical;
use belay_domain::operation::Reversibility;
use belay_domain::runbook::OnFailure;
use belay_engine::{AlternateSpec, FallbackSpec, RunLimits};

use crate::prepare::Prepared;

impl Prepared {
    /// What people sign of it.
    pub(crate) fn fallback(&self) -> Result<Fallback, NotCanonical> {
        Ok(match (&self.on_failure, &self.alternate) {
            // What undoing would write can't be known before there is something to undo. So it is bounded by what the
            // bands take at all, and each of its stages is judged and asks for approval like any other.
            (OnFailure::Undo, _) => Fallback::Undo(UndoBounds {
                worst: Reversibility::Recoverable,
                highest_risk: self.ground.environment.risk.limits.bands.value.limit(),
            }),
            (OnFailure::Runbook(_), Some(alternate)) => Fallback::Runbook(Box::new(Alternate {
                runbook: alternate.ground.runbook.clone(),
                parameters: alternate.parameters.clone(),
                desired: alternate.wanted()?,
                may_skip: alternate.may_skip.clone(),
                stages: alternate.firsts.iter().map(|first| alternate.bounds(first)).collect(),
            })),
            (OnFailure::Halt | OnFailure::Runbook(_), _) => Fallback::Halt,
        })
    }

    /// What the engine goes by.
    pub(crate) fn fallback_spec(&self) -> FallbackSpec {
        match (&self.on_failure, &self.alternate) {
            (OnFailure::Undo, _) => FallbackSpec::Undo,
            (OnFailure::Runbook(_), Some(alternate)) => FallbackSpec::Runbook(Box::new(AlternateSpec {
                runbook: alternate.ground.runbook.name.clone(),
                stages: alternate.stages.clone(),
                checks: alternate.checks.clone(),
                service_level: alternate.service_level,
            })),
            (OnFailure::Halt | OnFailure::Runbook(_), _) => FallbackSpec::Halt,
        }
    }

    /// What the rules in force say of how the run may run, and of the stages that may follow a failure.
    pub(crate) fn run_limits(&self) -> RunLimits {
        let limits = &self.ground.environment.risk.limits;
        let own = limits.stage_bands.iter().map(|(stage, bands)| (stage.clone(), bands.value.clone()));
        let undoing = own.clone().filter_map(|(stage, bands)| Some((format!("undo.{stage}").parse().ok()?, bands)));
        let after = self.alternate.iter().flat_map(|alternate| {
            let limits = &alternate.ground.environment.risk.limits;
            alternate.stages.iter().map(|stage| (stage.name.clone(), limits.bands_of(&stage.name).value.clone()))
        });
        RunLimits {
            stage_bands: own.clone().chain(undoing).chain(after).collect(),
            run_within_ms: limits.run_within_ms.as_ref().map(|said| said.value),
            step_within_ms: limits.step_within_ms.as_ref().map(|said| said.value),
            max_point_age_ms: Some(limits.max_point_age_ms.value),
        }
    }

    /// The components in use, those of what may follow a failure too.
    pub(crate) fn components(&self) -> BTreeMap<PluginName, Digest> {
        let mut components = self.ground.components();
        components.extend(self.alternate.iter().flat_map(|alternate| alternate.ground.components()));
        components
    }
}
