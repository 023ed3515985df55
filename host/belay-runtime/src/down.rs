//! Whether a call has no answer because a system is down. Takes a plugin's word for it only where the host saw a read
//! go unanswered: what is misconfigured, refused or misunderstood would be skipped otherwise, again and again.

use belay_domain::plan::BlindCause;
use belay_domain::state::Fault;
use belay_sandbox::{Call, CallError, HttpError, KeyError, ObjectError, ReadAnswer, ReadRecord};

/// What a proxy answers in the place of a system that does not: bad gateway, unavailable, gateway timeout.
const NOBODY_THERE: [u16; 3] = [502, 503, 504];

/// Why a call has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unanswered {
    /// For people, with the plugin's name.
    pub(crate) reason: String,
    /// As far as something follows from it.
    pub(crate) cause: BlindCause,
    /// Its plugin says that the system refused or did not answer, and not that something is wrong.
    pub(crate) may_pass: bool,
}

impl Unanswered {
    /// For a reason that has nothing to do with a system's being down.
    pub(crate) const fn other(reason: String) -> Self {
        Self { reason, cause: BlindCause::Other, may_pass: false }
    }
}

/// Whether a call that has no answer may have one later, as its plugin says.
pub(crate) const fn may_pass<T>(call: &Call<T>) -> bool {
    matches!(call.result, Err(CallError::Fault(Fault::Unavailable(_))))
}

/// Why a call has no answer; it must have none.
pub(crate) fn cause<T>(call: &Call<T>) -> BlindCause {
    let last = call.record.reads.last();
    if may_pass(call) && last.is_some_and(went_unanswered) { BlindCause::SystemDown } else { BlindCause::Other }
}

fn went_unanswered(read: &ReadRecord) -> bool {
    match &read.answer {
        ReadAnswer::HttpError(error) => match error {
            HttpError::Unreachable(_) | HttpError::TimedOut => true,
            HttpError::Denied(_) | HttpError::TooLarge(_) => false,
        },
        ReadAnswer::ObjectError(error) => match error {
            ObjectError::Unreachable(_) | ObjectError::TimedOut => true,
            ObjectError::Denied(_) | ObjectError::Missing | ObjectError::TooLarge(_) => false,
        },
        ReadAnswer::HttpResponse { status, .. } => NOBODY_THERE.contains(status),
        ReadAnswer::HttpDigested(digested) => NOBODY_THERE.contains(&digested.status),
        ReadAnswer::KeyError(error) => match error {
            KeyError::Unreachable(_) | KeyError::TimedOut => true,
            KeyError::Denied(_) | KeyError::Refused(_) | KeyError::WrongKind(_) | KeyError::TooLarge(_) => false,
        },
        ReadAnswer::Value
        | ReadAnswer::NoValue
        | ReadAnswer::FieldValues(_)
        | ReadAnswer::KeyMeta(_)
        | ReadAnswer::Keys(_)
        | ReadAnswer::KeysCounted(_)
        | ReadAnswer::Object
        | ReadAnswer::ObjectMeta(_)
        | ReadAnswer::ObjectDigested(_)
        | ReadAnswer::Objects(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use belay_domain::operation::Body;
    use belay_sandbox::{HttpRequest, Read, ReadRequest};

    use super::*;

    fn unanswered(answer: ReadAnswer) -> bool {
        let request = HttpRequest { method: "GET".into(), path: "/".into(), headers: vec![], body: Body(vec![]) };
        let request = ReadRequest { connection: "registry".into(), read: Read::HttpSend(request) };
        went_unanswered(&ReadRecord { request, answer, body: None })
    }

    #[test]
    fn a_refusal_and_an_error_are_no_silence() {
        let status = |status| ReadAnswer::HttpResponse { status, headers: vec![], took_us: 0, failed_before: vec![] };
        assert!(unanswered(ReadAnswer::HttpError(HttpError::Unreachable("refused".into()))));
        assert!(unanswered(ReadAnswer::HttpError(HttpError::TimedOut)));
        assert!(unanswered(ReadAnswer::ObjectError(ObjectError::Unreachable("stale".into()))));
        assert!(unanswered(status(503)));
        for answered in [status(200), status(401), status(403), status(404), status(429), status(500)] {
            assert!(!unanswered(answered.clone()), "{answered:?}");
        }
        assert!(!unanswered(ReadAnswer::HttpError(HttpError::Denied("not listed".into()))));
        assert!(!unanswered(ReadAnswer::ObjectError(ObjectError::Missing)));
        assert!(!unanswered(ReadAnswer::ObjectError(ObjectError::Denied("permission".into()))));
    }
}
