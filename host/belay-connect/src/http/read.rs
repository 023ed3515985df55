//! Reads. Never anything that changes the system: GET, HEAD, and the queries that the connection lists.

use std::time::Instant;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use tokio::time::timeout;

use super::credential::Credential;
use super::dial::Sender;
use super::{HttpConnection, body, headers, path, refuse_encoded, shown};
use crate::read::{Digested, HttpError, HttpRead, HttpResponse};

/// A read under way: its head is there, its body is not.
struct Asked {
    answer: Response<Incoming>,
    sender: Sender,
    credential: Credential,
    sent: Instant,
}

impl HttpConnection {
    /// The answer, whole, whatever its status.
    pub(crate) async fn send(&self, read: HttpRead) -> Result<HttpResponse, HttpError> {
        self.admit_read(&read).map_err(HttpError::Denied)?;
        timeout(self.target.timeout, self.fetch(read)).await.map_err(|_| HttpError::TimedOut)?
    }

    /// The answer's digest, streamed.
    pub(crate) async fn digest(&self, read: HttpRead) -> Result<Digested, HttpError> {
        self.admit_read(&read).map_err(HttpError::Denied)?;
        timeout(self.target.digest_timeout, self.fetch_digest(read)).await.map_err(|_| HttpError::TimedOut)?
    }

    async fn fetch(&self, read: HttpRead) -> Result<HttpResponse, HttpError> {
        let Asked { answer, sender, credential, sent } = self.ask(read).await?;
        refuse_encoded(&answer)?;
        let (head, body) = answer.into_parts();
        let body = body::read_whole(body, self.target.max_body).await?;
        let took = sent.elapsed();
        self.pool.put(sender);
        Ok(shown(head.status.as_u16(), &head.headers, &body, took, &credential))
    }

    async fn fetch_digest(&self, read: HttpRead) -> Result<Digested, HttpError> {
        let patience = self.target.timeout;
        let Asked { answer, sender, sent, .. } =
            timeout(patience, self.ask(read)).await.map_err(|_| HttpError::TimedOut)??;
        let (head, body) = answer.into_parts();
        let (size, sha256) = body::digest(body, self.target.max_digest, patience).await?;
        let took = sent.elapsed();
        self.pool.put(sender);
        Ok(Digested { status: head.status.as_u16(), size, sha256, took })
    }

    async fn ask(&self, read: HttpRead) -> Result<Asked, HttpError> {
        let credential = self.credential().await?;
        let headers = headers::for_read(&read.headers).map_err(HttpError::Denied)?;
        let request =
            self.request(&read.method, &read.path, headers, read.body, &credential).map_err(HttpError::Denied)?;
        tracing::debug!(connection = %self.rules.name, method = %read.method, path = %read.path, "read");
        let (answer, sender, sent) = self.exchange(request).await?;
        Ok(Asked { answer, sender, credential, sent })
    }

    /// Over a connection that waits, if there is one. It may have gone stale, so a read that fails there is sent once
    /// more over a new one; it changes nothing.
    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Sender, Instant), HttpError> {
        let sent = Instant::now();
        if let Some(mut sender) = self.pool.take()
            && sender.ready().await.is_ok()
            && let Ok(answer) = sender.send_request(request.clone()).await
        {
            return Ok((answer, sender, sent));
        }
        let mut sender = self.dialer.dial().await?;
        let sent = Instant::now();
        let answer = sender
            .send_request(request)
            .await
            .map_err(|error| HttpError::Unreachable(format!("no answer: {error}")))?;
        Ok((answer, sender, sent))
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
