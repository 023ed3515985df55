//! Writes. Sent once, byte for byte, over a connection of their own; never sent again.

use std::time::Instant;

use belay_domain::operation::{HttpWrite, Outcome};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::WWW_AUTHENTICATE;
use tokio::time::timeout;

use super::credential::Credential;
use super::dial::Sender;
use super::failed::Failed;
use super::{HttpConnection, body, headers, path, shown, tls};
use crate::answer::judge;
use crate::permit::{Deadline, Performed};
use crate::read::{HttpError, HttpResponse};

/// Everything that a write needs, up to its first byte.
struct Ready {
    sender: Sender,
    request: Request<Full<Bytes>>,
    credential: Credential,
}

impl HttpConnection {
    /// Why a write makes no sense here, apart from the list of writes.
    pub(crate) fn admit_write(&self, write: &HttpWrite) -> Result<(), String> {
        path::check(&write.path)?;
        headers::for_write(&write.headers)?;
        self.line.dialer.base.target(&write.path)?;
        if write.applied.is_empty() {
            return Err("no answer would say that it was applied".to_owned());
        }
        Ok(())
    }

    /// Preparing and answering may each take the connection's time limit. What fails while preparing is not applied;
    /// what fails afterwards is unknown, unless not a byte was sent.
    pub(crate) async fn perform(&self, write: &HttpWrite, deadline: &Deadline) -> Performed {
        let limit = self.target.timeout;
        let ready = match timeout(limit, self.prepare(write)).await {
            Ok(Ok(ready)) => ready,
            Ok(Err(failed)) => return not_applied(failed.error.to_string()),
            Err(_) => return not_applied(format!("no connection within {} ms", limit.as_millis())),
        };
        // Last thing before the first byte: dialling takes time, and the host may have slept.
        if let Err(outcome) = deadline.check() {
            return Performed { outcome, answer: None };
        }
        tracing::debug!(connection = %self.rules.name, method = %write.method, path = %write.path, "write");
        match timeout(limit, self.act(write, ready)).await {
            Ok(performed) => performed,
            Err(_) => unknown(format!("no answer within {} ms", limit.as_millis())),
        }
    }

    async fn prepare(&self, write: &HttpWrite) -> Result<Ready, Failed> {
        let credential = self.credential().await?;
        let headers = headers::for_write(&write.headers).map_err(HttpError::Denied)?;
        let request = self
            .request(&write.method, &write.path, headers, write.body.0.clone(), &credential)
            .map_err(HttpError::Denied)?;
        Ok(Ready { sender: self.line.dial_alone(self.target.timeout).await?, request, credential })
    }

    async fn act(&self, write: &HttpWrite, mut ready: Ready) -> Performed {
        let sent = Instant::now();
        let answer = match ready.sender.try_send_request(ready.request).await {
            Ok(answer) => answer,
            Err(mut error) => {
                // The request comes back only if not a byte of it was written.
                let unsent = error.take_message().is_some();
                return match tls::refused_certificate(error.error()) {
                    Some(refusal) => not_applied(format!("{}: {refusal}", self.line.dialer.base.authority)),
                    None if unsent => {
                        not_applied(format!("the connection closed before anything was sent: {}", error.error()))
                    }
                    None => unknown(format!("the connection broke before an answer: {}", error.error())),
                };
            }
        };
        let (head, body) = answer.into_parts();
        let status = head.status.as_u16();
        if status == 401 {
            // Not to send the write again, but to have another token for what comes next.
            self.authenticator.give_up(&ready.credential).await;
        }
        let challenged = status == 401 && head.headers.contains_key(WWW_AUTHENTICATE);
        match body::read_whole(body, self.target.max_body).await {
            Ok(body) => {
                let shown = shown(status, &head.headers, &body, sent.elapsed(), &ready.credential);
                let outcome = match judge(write, status, &body, &shown.body) {
                    Outcome::Unknown { .. } if challenged => unauthorized(),
                    outcome @ (Outcome::Applied { .. } | Outcome::NotApplied { .. } | Outcome::Unknown { .. }) => {
                        outcome
                    }
                };
                Performed { outcome, answer: Some(shown) }
            }
            Err(error) => {
                let answer = shown(status, &head.headers, &[], sent.elapsed(), &ready.credential);
                broken_off(status, &error, answer)
            }
        }
    }
}

/// A 401 with its challenge says that the request "has not been applied" (RFC 9110, section 15.5.2). Without one it may
/// be anybody's word.
fn unauthorized() -> Outcome {
    Outcome::NotApplied { reason: "the system did not take the credential: 401; it applied nothing".to_owned() }
}

/// A status alone tells nothing: the rules test the body.
fn broken_off(status: u16, error: &HttpError, answer: HttpResponse) -> Performed {
    let reason = format!("the answer {status} could not be read: {error}");
    Performed { outcome: Outcome::Unknown { reason }, answer: Some(answer) }
}

const fn not_applied(reason: String) -> Performed {
    Performed { outcome: Outcome::NotApplied { reason }, answer: None }
}

const fn unknown(reason: String) -> Performed {
    Performed { outcome: Outcome::Unknown { reason }, answer: None }
}
