//! Reads. Never anything that changes the system: GET, HEAD, and the queries that the connection lists.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hyper::Response;
use hyper::body::Incoming;
use tokio::time::timeout;

use super::credential::Credential;
use super::dial::Sender;
use super::failed::Failed;
use super::tries::{Answered, Tries, retry_after};
use super::{HttpConnection, body, headers, path, refuse_encoded, shown};
use crate::read::{Digested, HttpError, HttpRead, HttpResponse};

/// An answer whose body is still to come.
struct Head {
    answer: Response<Incoming>,
    sender: Sender,
    credential: Credential,
    sent: Instant,
}

impl HttpConnection {
    /// The answer, whole, whatever its status.
    pub(crate) async fn send(&self, read: HttpRead) -> Result<HttpResponse, HttpError> {
        self.admit_read(&read).map_err(HttpError::Denied)?;
        let mut tries = Tries::within(self.target.timeout, self.target.retry);
        loop {
            let brought = within(tries.left(), self.fetch(&read, &mut tries)).await;
            if let ControlFlow::Break(found) = tries.next(brought).await {
                return found.map(|answer| HttpResponse { failed_before: tries.into_failed(), ..answer });
            }
        }
    }

    /// The answer's digest, streamed. Tried again only until its head is there.
    pub(crate) async fn digest(&self, read: HttpRead) -> Result<Digested, HttpError> {
        self.admit_read(&read).map_err(HttpError::Denied)?;
        let mut tries = Tries::within(self.target.digest_timeout, self.target.retry);
        loop {
            let patience = self.target.timeout.min(tries.left());
            let brought = within(patience, self.head(&read, &mut tries)).await;
            if let ControlFlow::Break(found) = tries.next(brought).await {
                let digested = within(tries.left(), async { Ok(self.fetch_digest(found?).await?) }).await;
                let digested = digested.map_err(|failed| failed.error)?;
                return Ok(Digested { failed_before: tries.into_failed(), ..digested });
            }
        }
    }

    async fn fetch(&self, read: &HttpRead, tries: &mut Tries) -> Result<Answered<HttpResponse>, Failed> {
        let Answered { value: Head { answer, sender, credential, sent }, status, wait } =
            self.head(read, tries).await?;
        refuse_encoded(&answer)?;
        let (head, body) = answer.into_parts();
        let body = body::read_whole(body, self.target.max_body).await.map_err(broken)?;
        let took = sent.elapsed();
        self.line.keep(sender);
        Ok(Answered { value: shown(status, &head.headers, &body, took, &credential), status, wait })
    }

    async fn fetch_digest(&self, head: Head) -> Result<Digested, HttpError> {
        let (parts, body) = head.answer.into_parts();
        let (size, sha256) = body::digest(body, self.target.max_digest, self.target.timeout).await?;
        let took = head.sent.elapsed();
        self.line.keep(head.sender);
        Ok(Digested { status: parts.status.as_u16(), size, sha256, took, failed_before: Vec::new() })
    }

    /// The answer's head. Where the system does not take a token, the read is made once more with another: it changes
    /// nothing, and a token may be revoked long before it expires.
    async fn head(&self, read: &HttpRead, tries: &mut Tries) -> Result<Answered<Head>, Failed> {
        let first = self.ask(read).await?;
        if first.status != 401 || !self.authenticator.give_up(&first.value.credential).await {
            return Ok(first);
        }
        tries.note("answer 401: another token was asked for");
        self.ask(read).await
    }

    async fn ask(&self, read: &HttpRead) -> Result<Answered<Head>, Failed> {
        let credential = self.credential().await?;
        let headers = headers::for_read(&read.headers).map_err(HttpError::Denied)?;
        let request = self
            .request(&read.method, &read.path, headers, read.body.clone(), &credential)
            .map_err(HttpError::Denied)?;
        tracing::debug!(connection = %self.rules.name, method = %read.method, path = %read.path, "read");
        let (answer, sender, sent) = self.line.exchange(request, self.target.timeout).await?;
        let (status, wait) = (answer.status().as_u16(), retry_after(answer.headers()));
        Ok(Answered { value: Head { answer, sender, credential, sent }, status, wait })
    }

    /// Why this is not a read; checked before anything is reached.
    fn admit_read(&self, read: &HttpRead) -> Result<(), String> {
        path::check(&read.path)?;
        headers::for_read(&read.headers)?;
        let plain = matches!(read.method.as_str(), "GET" | "HEAD");
        if plain && !read.body.is_empty() {
            return Err(format!("a {} has no body", read.method));
        }
        let line = format!("{} {}", read.method, read.path);
        if self.rules.writes.iter().any(|rule| rule.pattern.matches(&line)) {
            return Err(format!("`{line}` is on the connection's list of writes, so it is no read"));
        }
        if plain || self.target.queries.iter().any(|query| query.matches(&line)) {
            return Ok(());
        }
        Err(format!("`{line}` is neither GET nor HEAD nor one of the connection's queries"))
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(HttpError::TimedOut.into()))
}

/// A body that breaks off may come whole the next time; one that is too large does not get smaller.
fn broken(error: HttpError) -> Failed {
    let passing = matches!(error, HttpError::Unreachable(_));
    Failed { error, passing }
}
