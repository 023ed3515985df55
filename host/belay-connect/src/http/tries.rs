//! The attempts of one read. Never used for a write: a write is sent once.

use std::ops::ControlFlow;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::RETRY_AFTER;
use tokio::time::{Instant, sleep};

use super::failed::Failed;
use crate::read::HttpError;
use crate::spec::Retry;

/// The attempts so far, and how long there may be more.
#[derive(Debug)]
pub(crate) struct Tries {
    retry: Retry,
    until: Instant,
    /// Why each attempt so far brought nothing.
    failed: Vec<String>,
}

/// An answer, and whether it only says that this was a bad moment.
pub(crate) struct Answered<T> {
    pub(crate) value: T,
    pub(crate) status: u16,
    /// How long the system asks to be left alone.
    pub(crate) wait: Option<Duration>,
}

impl Tries {
    /// None yet; all of them within `limit`.
    pub(crate) fn within(limit: Duration, retry: Retry) -> Self {
        Self { retry, until: Instant::now() + limit, failed: Vec::new() }
    }

    /// The time that is left.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Goes on after an attempt: with what is final, or, after a wait, with another attempt. What was answered last is
    /// final where there is no other: an answer is better than an error.
    pub(crate) async fn next<T>(&mut self, brought: Result<Answered<T>, Failed>) -> ControlFlow<Result<T, HttpError>> {
        match brought {
            Ok(Answered { value, status, wait }) => {
                if is_bad_moment(status) && self.again(&format!("answer {status}"), wait).await {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(Ok(value))
                }
            }
            Err(Failed { error, passing }) => {
                if passing && self.again(&error.to_string(), None).await {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(Err(self.explain(error)))
                }
            }
        }
    }

    /// Waits before another attempt; false where there is none, since attempts or time are used up.
    async fn again(&mut self, reason: &str, asked: Option<Duration>) -> bool {
        let attempts = u32::try_from(self.failed.len()).unwrap_or(u32::MAX).saturating_add(1);
        let wait = asked.unwrap_or_else(|| self.pause(attempts));
        if attempts >= self.retry.attempts || wait >= self.left() {
            return false;
        }
        self.failed.push(reason.to_owned());
        sleep(wait).await;
        true
    }

    /// Counts an attempt that is repeated at once, for another reason than that nobody was there.
    pub(crate) fn note(&mut self, reason: &str) {
        self.failed.push(reason.to_owned());
    }

    /// Why attempts before the one that brought an answer brought none.
    pub(crate) fn into_failed(self) -> Vec<String> {
        self.failed
    }

    /// The error of the last attempt, with the ones before it.
    fn explain(&self, error: HttpError) -> HttpError {
        match error {
            HttpError::Unreachable(reason) => HttpError::Unreachable(self.told(reason)),
            HttpError::TimedOut if !self.failed.is_empty() => {
                HttpError::Unreachable(self.told("no time was left for another attempt".to_owned()))
            }
            error @ (HttpError::Denied(_) | HttpError::TimedOut | HttpError::TooLarge(_)) => error,
        }
    }

    fn told(&self, reason: String) -> String {
        match self.failed.as_slice() {
            [] => reason,
            // Who reads this at night needs one reason once.
            before if before.iter().all(|failed| failed.ends_with(&reason)) => {
                format!("{reason} (tried {} times)", before.len() + 1)
            }
            before => format!("{reason} (tried {} times; before: {})", before.len() + 1, before.join("; ")),
        }
    }

    /// Between half and all of the doubled backoff: those who were turned away together don't come back together.
    fn pause(&self, attempts: u32) -> Duration {
        let longest = self.retry.backoff.saturating_mul(1 << attempts.saturating_sub(1).min(10));
        let mut random = [0];
        // Without randomness the wait is the longest.
        let share = if getrandom::fill(&mut random).is_ok() { 256 + u32::from(random[0]) } else { 511 };
        longest.saturating_mul(share) / 512
    }
}

/// Whether an answer only says that this was a bad moment (RFC 6585, RFC 9110).
const fn is_bad_moment(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// How long a system asks to be left alone: seconds, or until a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    Some(until.duration_since(std::time::SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use std::time::SystemTime;

    fn tries(attempts: u32) -> Tries {
        Tries::within(Duration::from_secs(60), Retry { attempts, backoff: Duration::from_millis(64) })
    }

    #[test]
    fn waits_are_doubled_and_none_is_longer_than_said() {
        for (attempts, longest) in [(1, 64), (2, 128), (3, 256)] {
            for _ in 0..50 {
                let wait = tries(9).pause(attempts).as_millis();
                assert!(wait >= longest / 2 && wait < longest, "{attempts}: {wait}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_end_with_their_number_or_their_time() {
        let mut some = tries(3);
        assert!(some.again("a", None).await && some.again("b", None).await && !some.again("c", None).await);
        assert_eq!(some.into_failed(), ["a", "b"]);
        let mut asked = tries(9);
        assert!(asked.again("a", Some(Duration::from_secs(59))).await);
        assert!(!asked.again("b", Some(Duration::from_secs(2))).await, "it asks for more time than is left");
    }

    #[test]
    fn a_system_says_when_to_come_back_in_seconds_or_by_a_date() {
        let asks = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::try_from(text).unwrap());
            retry_after(&headers)
        };
        assert_eq!(asks("7"), Some(Duration::from_secs(7)));
        assert_eq!(asks("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(90));
        assert!(asks(&soon).is_some_and(|wait| (88..=90).contains(&wait.as_secs())));
        assert_eq!((asks("soon"), asks("-1"), retry_after(&HeaderMap::new())), (None, None, None));
    }

    #[test]
    fn an_error_tells_the_attempts_before_it() {
        let mut tried = tries(3);
        assert_eq!(tried.explain(HttpError::TimedOut), HttpError::TimedOut);
        tried.note("answer 503");
        let told = tried.explain(HttpError::Unreachable("refused".to_owned()));
        assert_eq!(told, HttpError::Unreachable("refused (tried 2 times; before: answer 503)".to_owned()));
        let mut tried = tries(3);
        tried.note("unreachable: refused");
        let told = tried.explain(HttpError::Unreachable("refused".to_owned()));
        assert_eq!(told, HttpError::Unreachable("refused (tried 2 times)".to_owned()));
    }
}
