//! A stage that takes a resource back into what is quarantined is judged a band higher. Never refuses it for that alone:
//! in the last band it stays, since an undo must remain possible.

use crate::risk::{Assessment, Bands, Part};

/// The same risk with a cause that takes it into the next band, where there is one.
pub fn raise_by_a_band(mut assessment: Assessment, bands: &Bands, cause: &str) -> Assessment {
    let next = bands.of(assessment.risk).map(|band| band.up_to.saturating_add(1));
    let Some(next) = next.filter(|risk| bands.of(*risk).is_some()) else { return assessment };
    let part = Part { cause: cause.to_owned(), score: next.saturating_sub(assessment.risk) };
    let place = assessment.parts.partition_point(|other| other.score >= part.score);
    assessment.parts.insert(place, part);
    Assessment { risk: next, ..assessment }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::risk::Band;

    fn bands() -> Bands {
        let bands = [(25, 0), (60, 1), (85, 2)].map(|(up_to, approvals)| Band { up_to, approvals });
        Bands::try_from(bands.to_vec()).unwrap()
    }

    fn raised(risk: u32) -> Assessment {
        let parts = vec![Part { cause: "writes".to_owned(), score: risk }];
        raise_by_a_band(Assessment { risk, parts }, &bands(), "back into what r-1 left")
    }

    #[test]
    fn it_lies_in_the_next_band() {
        assert_eq!(raised(12).to_string(), "26 = back into what r-1 left 14 + writes 12");
        assert_eq!(raised(41).to_string(), "61 = writes 41 + back into what r-1 left 20");
        assert_eq!(raised(70).to_string(), "70 = writes 70");
        assert_eq!(raised(90).to_string(), "90 = writes 90");
    }

    proptest! {
        #[test]
        fn more_risk_is_never_raised_to_less(lower in 0..=100_u32, upper in 0..=100_u32) {
            let (lower, upper) = (lower.min(upper), lower.max(upper));
            prop_assert!(raised(lower).risk <= raised(upper).risk);
            prop_assert!(raised(lower).risk >= lower);
        }
    }
}
