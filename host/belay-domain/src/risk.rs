//! Risk: a number from 0 to 100 for each stage, and the causes that add up to it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stage's risk. The parts add up to the total; where that passes 100, the risk is 100.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Assessment {
    /// 0 to 100.
    pub risk: u32,
    /// What it is made of, the largest first.
    pub parts: Vec<Part>,
}

/// One cause of risk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Part {
    /// For people: `2 consumers`.
    pub cause: String,
    /// Points.
    pub score: u32,
}

impl fmt::Display for Assessment {
    /// `41 = writes 18 + 2 consumers 9 + critical tier 8 + point's age 6`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.risk)?;
        for (index, part) in self.parts.iter().enumerate() {
            write!(f, " {} {} {}", if index == 0 { '=' } else { '+' }, part.cause, part.score)?;
        }
        Ok(())
    }
}

/// What may happen at which risk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Band {
    /// The highest risk in this band.
    pub up_to: u32,
    /// How many people must approve.
    pub approvals: u32,
}

/// Bands in rising order. Above the last: refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<Band>", into = "Vec<Band>")]
pub struct Bands(Vec<Band>);

/// Bands that leave no clear answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidBands {
    /// There must be one.
    #[error("there is no band: every stage would be refused")]
    None,
    /// They must rise.
    #[error("the band up to {1} stands after the one up to {0}: bands rise")]
    NotRising(u32, u32),
    /// Risk ends at 100.
    #[error("a band reaches up to {0}: risk ends at 100")]
    AboveHundred(u32),
    /// More risk can't need fewer people.
    #[error("the band up to {0} asks for fewer approvals than the one below it")]
    FewerApprovals(u32),
}

impl TryFrom<Vec<Band>> for Bands {
    type Error = InvalidBands;

    fn try_from(bands: Vec<Band>) -> Result<Self, InvalidBands> {
        let last = bands.last().ok_or(InvalidBands::None)?;
        if last.up_to > 100 {
            return Err(InvalidBands::AboveHundred(last.up_to));
        }
        for (lower, upper) in bands.iter().zip(bands.iter().skip(1)) {
            if upper.up_to <= lower.up_to {
                return Err(InvalidBands::NotRising(lower.up_to, upper.up_to));
            }
            if upper.approvals < lower.approvals {
                return Err(InvalidBands::FewerApprovals(upper.up_to));
            }
        }
        Ok(Self(bands))
    }
}

impl From<Bands> for Vec<Band> {
    fn from(bands: Bands) -> Self {
        bands.0
    }
}

impl Bands {
    /// The band that a risk falls into; none: refused.
    pub fn of(&self, risk: u32) -> Option<Band> {
        self.0.iter().find(|band| risk <= band.up_to).copied()
    }

    /// The highest risk that is not refused.
    pub fn limit(&self) -> u32 {
        self.0.last().map_or(0, |band| band.up_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(pairs: &[(u32, u32)]) -> Result<Bands, InvalidBands> {
        pairs.iter().map(|&(up_to, approvals)| Band { up_to, approvals }).collect::<Vec<_>>().try_into()
    }

    #[test]
    fn a_risk_falls_into_the_first_band_that_reaches_it() {
        let bands = bands(&[(25, 0), (60, 1), (85, 2)]).unwrap();
        let approvals = |risk| bands.of(risk).map(|band| band.approvals);
        assert_eq!([0, 25, 26, 60, 85, 86].map(approvals), [Some(0), Some(0), Some(1), Some(1), Some(2), None]);
    }

    #[test]
    fn bands_that_leave_no_clear_answer_are_refused() {
        assert_eq!(bands(&[]), Err(InvalidBands::None));
        assert_eq!(bands(&[(60, 0), (25, 1)]), Err(InvalidBands::NotRising(60, 25)));
        assert_eq!(bands(&[(101, 0)]), Err(InvalidBands::AboveHundred(101)));
        assert_eq!(bands(&[(25, 1), (60, 0)]), Err(InvalidBands::FewerApprovals(60)));
    }
}
