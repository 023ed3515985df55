//! Sends what `object_store` built. Never goes to another address than the connection's, and sends a write at most
//! once.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{ACCEPT_ENCODING, ETAG, HOST, HeaderValue, IF_MATCH, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Response, Uri};
use object_store::client::{HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService};
use tokio::time::timeout;

use super::refusal::Fate;
use crate::http::dial::Sender;
use crate::http::failed::Failed;
use crate::http::line::Line;
use crate::http::tls;
use crate::http::tries::retry_after;
use crate::permit::Deadline;

/// The most that a store may say about a failure, in bytes.
const MOST_SAID: usize = 64 << 10;

/// How one operation's requests are sent.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) line: Arc<Line>,
    pub(super) timeout: Duration,
    /// For a write.
    pub(super) act: Option<Arc<Act>>,
    /// Of the last request.
    pub(super) fate: Arc<Mutex<Option<Fate>>>,
}

/// Leave for one write.
pub(super) struct Act {
    pub(super) deadline: Deadline,
    /// What a deletion is to be held against where the store can.
    pub(super) if_match: Option<String>,
}

impl std::fmt::Debug for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[leave for one write]")
    }
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = self.plain(request).await?;
        match &self.act {
            Some(act) => self.write(request, act).await,
            None => self.read(request).await,
        }
    }
}

impl Service {
    /// The request as it goes out: to this connection's address, whatever its own says.
    async fn plain(&self, request: HttpRequest) -> Result<Request<Full<Bytes>>, HttpError> {
        let (mut head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let target: Uri = target.parse().map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        if !head.headers.contains_key(HOST) {
            let host = HeaderValue::try_from(&self.line.dialer.base.authority);
            head.headers.insert(HOST, host.map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?);
        }
        head.headers.insert(USER_AGENT, HeaderValue::from_static(concat!("belay/", env!("CARGO_PKG_VERSION"))));
        head.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        head.uri = target;
        head.extensions.clear();
        Ok(Request::from_parts(head, Full::new(body.collect().await?.to_bytes())))
    }

    async fn read(&self, request: Request<Full<Bytes>>) -> Result<HttpResponse, HttpError> {
        let (answer, sender, _) = match self.line.exchange(request, self.timeout).await {
            Ok(exchanged) => exchanged,
            Err(failed) => return Err(self.note(Fate::Failed(failed))),
        };
        let (head, body) = answer.into_parts();
        if head.status.is_success() {
            let body = Returning { body, sender: Some(sender), line: Arc::clone(&self.line) };
            return Ok(Response::from_parts(head, HttpResponseBody::new(body)));
        }
        let said = match said(body).await {
            Ok(said) => said,
            Err(reason) => return Err(self.note(Fate::Failed(Failed::passing(reason)))),
        };
        self.line.keep(sender);
        Ok(self.answered(head.status.as_u16(), head.headers, said))
    }

    /// Dialling and answering may each take the time limit. What fails before the first byte was not sent.
    async fn write(&self, mut request: Request<Full<Bytes>>, act: &Act) -> Result<HttpResponse, HttpError> {
        if self.has_fate() {
            // Whatever object_store means by asking again: a write is sent once.
            return Err(HttpError::new(HttpErrorKind::Unknown, Noted));
        }
        if let (&Method::DELETE, Some(etag)) = (request.method(), &act.if_match)
            && let Ok(etag) = HeaderValue::try_from(etag)
        {
            request.headers_mut().insert(IF_MATCH, etag);
        }
        let limit = self.timeout;
        let mut sender = match timeout(limit, self.line.dial_alone(limit)).await {
            Ok(Ok(sender)) => sender,
            Ok(Err(failed)) => return Err(self.note(Fate::Failed(failed))),
            Err(_) => {
                let reason = format!("no connection within {} ms", limit.as_millis());
                return Err(self.note(Fate::Failed(Failed::lasting(reason))));
            }
        };
        // Last thing before the first byte: dialling takes time, and the host may have slept.
        if let Err(outcome) = act.deadline.check() {
            return Err(self.note(Fate::Stopped(outcome)));
        }
        match timeout(limit, self.exchange_once(&mut sender, request)).await {
            Ok(Ok((status, headers, said))) => Ok(self.answered(status, headers, said)),
            Ok(Err(fate)) => Err(self.note(fate)),
            Err(_) => Err(self.note(Fate::Unanswered(format!("no answer within {} ms", limit.as_millis())))),
        }
    }

    async fn exchange_once(
        &self,
        sender: &mut Sender,
        request: Request<Full<Bytes>>,
    ) -> Result<(u16, HeaderMap, Bytes), Fate> {
        let answer = sender.try_send_request(request).await.map_err(|mut error| {
            // The request comes back only if not a byte of it was written.
            let unsent = error.take_message().is_some();
            let told = format!("the connection broke before an answer: {}", error.error());
            match tls::refused_certificate(error.error()) {
                Some(refusal) => Fate::Failed(Failed::denied(refusal)),
                None if unsent => Fate::Failed(Failed::lasting(told)),
                None => Fate::Unanswered(told),
            }
        })?;
        let (head, body) = answer.into_parts();
        let status = head.status.as_u16();
        let said = said(body)
            .await
            .map_err(|reason| Fate::Unanswered(format!("the answer {status} could not be read: {reason}")))?;
        Ok((status, head.headers, said))
    }

    fn answered(&self, status: u16, headers: HeaderMap, said: Bytes) -> HttpResponse {
        let wait = retry_after(&headers);
        let tagged = headers.contains_key(ETAG);
        drop(self.note(Fate::Answered { status, tagged, body: said.to_vec(), wait }));
        let mut response = Response::new(HttpResponseBody::from(said));
        *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
        *response.headers_mut() = headers;
        response
    }

    fn has_fate(&self) -> bool {
        self.fate.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Keeps what became of the request; the error only tells object_store to stop.
    fn note(&self, fate: Fate) -> HttpError {
        *self.fate.lock().unwrap_or_else(PoisonError::into_inner) = Some(fate);
        HttpError::new(HttpErrorKind::Unknown, Noted)
    }
}

/// What became of the request is kept beside it.
#[derive(Debug, thiserror::Error)]
#[error("the request brought no answer")]
struct Noted;

/// A body that is not large, whole.
async fn said(mut body: Incoming) -> Result<Bytes, String> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("it broke off: {error}"))?;
        if let Ok(piece) = frame.into_data() {
            whole.extend_from_slice(&piece);
        }
        if whole.len() > MOST_SAID {
            return Err(format!("it is larger than {MOST_SAID} bytes"));
        }
    }
    Ok(whole.into())
}

/// A body that gives its connection back at its end.
struct Returning {
    body: Incoming,
    sender: Option<Sender>,
    line: Arc<Line>,
}

impl Body for Returning {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if self.body.is_end_stream()
            && let Some(sender) = self.sender.take()
        {
            self.line.keep(sender);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
