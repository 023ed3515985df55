//! Bands held against each other, risk by risk.

use super::said::At;
use super::{Loosened, Said};
use crate::risk::{Band, Bands};

const RISKS: std::ops::RangeInclusive<u32> = 0..=100;

impl Bands {
    /// At each risk the answer of whichever is stricter.
    #[must_use]
    pub fn or_stricter(&self, other: &Self) -> Self {
        let stricter = |risk: u32| Some(self.approvals(risk)?.max(other.approvals(risk)?));
        Self::by_risk(stricter).unwrap_or_else(|| self.clone())
    }

    /// The same bands, each with at least so many approvals.
    #[must_use]
    pub fn with_at_least(&self, approvals: u32) -> Self {
        Self::by_risk(|risk| Some(self.approvals(risk)?.max(approvals))).unwrap_or_else(|| self.clone())
    }

    fn approvals(&self, risk: u32) -> Option<u32> {
        self.of(risk).map(|band| band.approvals)
    }

    /// None where not even risk 0 is allowed, which no bands say.
    fn by_risk(answer: impl Fn(u32) -> Option<u32>) -> Option<Self> {
        let mut bands: Vec<Band> = Vec::new();
        for (risk, approvals) in RISKS.map_while(|risk| Some((risk, answer(risk)?))) {
            match bands.last_mut().filter(|last| last.approvals == approvals) {
                Some(last) => last.up_to = risk,
                None => bands.push(Band { up_to: risk, approvals }),
            }
        }
        Self::try_from(bands).ok()
    }
}

/// Where bands ask for fewer people than others, or allow what those refuse: at the lowest such risk.
pub(super) fn loosened(which: &str, said: &Said<Bands>, allowed: &Said<Bands>) -> Option<Loosened> {
    let asks = |bands: &Bands, risk: u32| bands.approvals(risk).unwrap_or(u32::MAX);
    let risk = RISKS.into_iter().find(|risk| asks(&said.value, *risk) < asks(&allowed.value, *risk))?;
    let words = |bands: &Said<Bands>| match bands.value.approvals(risk) {
        None => format!("refused at risk {risk}"),
        Some(1) => format!("1 approval at risk {risk}"),
        Some(approvals) => format!("{approvals} approvals at risk {risk}"),
    };
    let shown = |bands: &Said<Bands>| At(words(bands), bands.at.as_ref()).to_string();
    Some(Loosened::of(which, (&shown(said), &said.at), &shown(allowed)))
}
