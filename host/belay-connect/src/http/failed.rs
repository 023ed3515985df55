//! Why an attempt brought nothing, and whether the next one could. Never decides that there is a next one.

use crate::read::HttpError;

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: HttpError,
    /// Nobody was there, or the connection broke: in a moment it may be otherwise.
    pub(crate) passing: bool,
}

impl Failed {
    /// Nobody was there, or the connection broke.
    pub(crate) const fn passing(reason: String) -> Self {
        Self { error: HttpError::Unreachable(reason), passing: true }
    }

    /// What belay has is not enough to ask or to believe: a credential that can't be read, a certificate that does not
    /// match. Nobody is down, and time does not mend it.
    pub(crate) const fn denied(reason: String) -> Self {
        Self { error: HttpError::Denied(reason), passing: false }
    }

    /// The system can't be reached like this, however often one tries.
    pub(crate) const fn lasting(reason: String) -> Self {
        Self { error: HttpError::Unreachable(reason), passing: false }
    }
}

impl From<HttpError> for Failed {
    fn from(error: HttpError) -> Self {
        Self { error, passing: false }
    }
}
