//! Limits: what governance and an environment allow, and how a runbook tightens that. A runbook never loosens: one that
//! would is no runbook to run, and both places are named. Never reads a file.

mod bands;
mod said;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::StageName;
use crate::risk::Bands;

pub use said::{Place, Said, Span};

/// What is allowed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Limits {
    /// Approvals by risk.
    pub bands: Said<Bands>,
    /// The same, of stages that have their own: never looser than `bands`.
    pub stage_bands: BTreeMap<StageName, Said<Bands>>,
    /// How long a mandate holds, in milliseconds.
    pub mandate_ttl_ms: Said<u64>,
    /// The age of the oldest point, or moment, that may be gone back to, in milliseconds.
    pub max_point_age_ms: Said<u64>,
    /// How long a run may work on its stages without a person's word, in milliseconds; absent: as long as it takes.
    pub run_within_ms: Option<Said<u64>>,
    /// How long a step may take from its first write until it is restored, in milliseconds; absent: as long as it takes.
    pub step_within_ms: Option<Said<u64>>,
    /// The most data, in milliseconds since the point, that may be set aside; absent: any.
    pub may_lose_ms: Option<Said<u64>>,
}

/// What an environment says in place of the workspace's own, or a runbook on top of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// [`Limits::bands`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bands: Option<Said<Bands>>,
    /// [`Limits::stage_bands`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stage_bands: BTreeMap<StageName, Said<Bands>>,
    /// How many approvals a stage needs at the least, whatever its risk.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stage_approvals: BTreeMap<StageName, Said<u32>>,
    /// [`Limits::mandate_ttl_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mandate_ttl_ms: Option<Said<u64>>,
    /// [`Limits::max_point_age_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_point_age_ms: Option<Said<u64>>,
    /// [`Limits::run_within_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_within_ms: Option<Said<u64>>,
    /// [`Limits::step_within_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_within_ms: Option<Said<u64>>,
    /// [`Limits::may_lose_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_lose_ms: Option<Said<u64>>,
}

/// Where somebody who may only tighten would loosen.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{which}` is {said}, which loosens {allowed}: it may only tighten")]
pub struct Loosened {
    /// Which limit, by its name in the files.
    pub which: String,
    /// What is said, and where: `8h (runbooks/a.toml:12)`.
    pub said: String,
    /// What is allowed, and where.
    pub allowed: String,
    /// Where it is said.
    pub at: Option<Place>,
}

/// The limits under which a runbook runs: those of governance, with an environment's own in their place, tightened by
/// the runbook.
///
/// # Errors
/// Each way in which the runbook, or bands of a stage, would loosen what they are to tighten.
pub fn tighten(governance: &Limits, environment: &Terms, runbook: &Terms) -> Result<Limits, Vec<Loosened>> {
    let mut loosened = Vec::new();
    let base = governance.with(environment, &mut loosened);
    let limits = base.tightened(runbook, &mut loosened);
    if loosened.is_empty() { Ok(limits) } else { Err(loosened) }
}

impl Limits {
    /// What may happen in a stage at which risk.
    pub fn bands_of(&self, stage: &StageName) -> &Said<Bands> {
        self.stage_bands.get(stage).unwrap_or(&self.bands)
    }

    /// An environment is governance too: what it says counts in place of the workspace's, except that a stage's own
    /// bands never loosen the environment's.
    fn with(&self, environment: &Terms, loosened: &mut Vec<Loosened>) -> Self {
        let own = |own: &Option<Said<u64>>, base: &Option<Said<u64>>| own.clone().or_else(|| base.clone());
        let bands = environment.bands.clone().unwrap_or_else(|| self.bands.clone());
        let mut stage_bands = self.stage_bands.clone();
        stage_bands.extend(environment.stage_bands.clone());
        for (stage, found) in &mut stage_bands {
            loosened.extend(bands::loosened(&format!("bands of the stage {stage}"), found, &bands));
            found.value = found.value.or_stricter(&bands.value);
        }
        Self {
            stage_bands,
            bands,
            mandate_ttl_ms: environment.mandate_ttl_ms.clone().unwrap_or_else(|| self.mandate_ttl_ms.clone()),
            max_point_age_ms: environment.max_point_age_ms.clone().unwrap_or_else(|| self.max_point_age_ms.clone()),
            run_within_ms: own(&environment.run_within_ms, &self.run_within_ms),
            step_within_ms: own(&environment.step_within_ms, &self.step_within_ms),
            may_lose_ms: own(&environment.may_lose_ms, &self.may_lose_ms),
        }
    }

    fn tightened(&self, runbook: &Terms, loosened: &mut Vec<Loosened>) -> Self {
        let mut least = |which: &str, allowed: Option<&Said<u64>>, said: &Option<Said<u64>>| match (allowed, said) {
            (Some(allowed), Some(said)) if said.value > allowed.value => {
                loosened.push(Loosened::of(which, (&said.as_time(), &said.at), &allowed.as_time()));
                Some(allowed.clone())
            }
            (_, Some(said)) => Some(said.clone()),
            (allowed, None) => allowed.cloned(),
        };
        let ttl = least("mandate_ttl", Some(&self.mandate_ttl_ms), &runbook.mandate_ttl_ms);
        let age = least("max_point_age", Some(&self.max_point_age_ms), &runbook.max_point_age_ms);
        let run_within_ms = least("run_within", self.run_within_ms.as_ref(), &runbook.run_within_ms);
        let step_within_ms = least("step_within", self.step_within_ms.as_ref(), &runbook.step_within_ms);
        let may_lose_ms = least("may_lose", self.may_lose_ms.as_ref(), &runbook.may_lose_ms);
        Self {
            bands: self.tightened_bands(runbook, loosened),
            stage_bands: self.tightened_stages(runbook, loosened),
            mandate_ttl_ms: ttl.unwrap_or_else(|| self.mandate_ttl_ms.clone()),
            max_point_age_ms: age.unwrap_or_else(|| self.max_point_age_ms.clone()),
            run_within_ms,
            step_within_ms,
            may_lose_ms,
        }
    }

    fn tightened_bands(&self, runbook: &Terms, loosened: &mut Vec<Loosened>) -> Said<Bands> {
        let Some(said) = &runbook.bands else { return self.bands.clone() };
        loosened.extend(bands::loosened("bands", said, &self.bands));
        Said { value: said.value.or_stricter(&self.bands.value), at: said.at.clone() }
    }

    /// The runbook's bands hold for stages that governance has bands for too.
    fn tightened_stages(&self, runbook: &Terms, loosened: &mut Vec<Loosened>) -> BTreeMap<StageName, Said<Bands>> {
        let mut stages = self.stage_bands.clone();
        if let Some(said) = &runbook.bands {
            stages.values_mut().for_each(|bands| bands.value = bands.value.or_stricter(&said.value));
        }
        for (stage, said) in &runbook.stage_bands {
            let allowed = self.bands_of(stage);
            loosened.extend(bands::loosened(&format!("bands of the stage {stage}"), said, allowed));
            let stricter = said.value.or_stricter(&allowed.value);
            stages.insert(stage.clone(), Said { value: stricter, at: said.at.clone() });
        }
        for (stage, least) in &runbook.stage_approvals {
            let bands = stages.get(stage).cloned().unwrap_or_else(|| self.tightened_bands(runbook, &mut Vec::new()));
            let value = bands.value.with_at_least(least.value);
            stages.insert(stage.clone(), Said { value, at: least.at.clone() });
        }
        stages
    }
}

impl Terms {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Loosened {
    fn of(which: &str, (said, at): (&impl fmt::Display, &Option<Place>), allowed: &impl fmt::Display) -> Self {
        Self { which: which.to_owned(), said: said.to_string(), allowed: allowed.to_string(), at: at.clone() }
    }
}
