//! Lets plugins read through the connections of an environment. Translates, and decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use belay_connect::{ConnectionSpec, Connections, HttpRead, Look, Performed, Permit};
use belay_domain::id::{ConnectionName, Millis};
use belay_domain::json::MAX_INTEGER;
use belay_domain::operation::{Body, Outcome, Write};
use belay_sandbox::{
    HttpDigested, HttpError, HttpRequest, HttpResponse, KeyCount, KeyError, KeyFields, KeyMeta, KeyPage, KeyScan,
    ObjectDigested, ObjectError, ObjectMeta, ObjectRange, Reading, Reads,
};

use crate::clock;

/// The connections of an environment, each opened by itself: one that can't be opened stands in nobody else's way.
pub(crate) struct Lines(BTreeMap<ConnectionName, Result<Connections, String>>);

impl Lines {
    pub(crate) fn open<'s>(specs: impl IntoIterator<Item = &'s ConnectionSpec>) -> Self {
        let open = |spec: &ConnectionSpec| Connections::open(vec![spec.clone()]).map_err(|error| error.to_string());
        Self(specs.into_iter().map(|spec| (spec.rules.name.clone(), open(spec))).collect())
    }

    /// Why not: it makes no sense, or the environment does without it. Neither is a system that is down.
    fn to(&self, name: &ConnectionName) -> Result<&Connections, String> {
        match self.0.get(name) {
            Some(Ok(connections)) => Ok(connections),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(format!("this environment has no connection `{name}`")),
        }
    }

    /// Performs a permitted operation, once or not at all.
    pub(crate) async fn perform(&self, permit: Permit) -> Performed {
        match self.to(permit.operation().write.connection()) {
            Ok(connections) => connections.perform(permit, Arc::new(clock::now)).await,
            Err(reason) => Performed { outcome: Outcome::NotApplied { reason }, answer: None },
        }
    }

    /// Looks at what lies where a write goes.
    pub(crate) async fn look(&self, write: &Write) -> Look {
        match self.to(write.connection()) {
            Ok(connections) => connections.look(write).await,
            Err(reason) => Look::CannotTell(reason),
        }
    }
}

fn read(connection: &ConnectionName, request: &HttpRequest) -> HttpRead {
    HttpRead {
        connection: connection.clone(),
        method: request.method.clone(),
        path: request.path.clone(),
        headers: request.headers.clone(),
        body: request.body.0.clone(),
    }
}

fn http_error(error: belay_connect::HttpError) -> HttpError {
    match error {
        belay_connect::HttpError::Denied(reason) => HttpError::Denied(reason),
        belay_connect::HttpError::Unreachable(reason) => HttpError::Unreachable(reason),
        belay_connect::HttpError::TimedOut => HttpError::TimedOut,
        belay_connect::HttpError::TooLarge(limit) => HttpError::TooLarge(limit),
    }
}

fn object_error(error: belay_connect::ObjectError) -> ObjectError {
    match error {
        belay_connect::ObjectError::Denied(reason) => ObjectError::Denied(reason),
        belay_connect::ObjectError::Missing => ObjectError::Missing,
        belay_connect::ObjectError::Unreachable(reason) => ObjectError::Unreachable(reason),
        belay_connect::ObjectError::TimedOut => ObjectError::TimedOut,
        belay_connect::ObjectError::TooLarge(limit) => ObjectError::TooLarge(limit),
    }
}

fn meta(meta: belay_connect::Meta) -> ObjectMeta {
    ObjectMeta { key: meta.key, size: meta.size, modified: meta.modified.map(Millis) }
}

fn key_error(error: belay_connect::KeyError) -> KeyError {
    match error {
        belay_connect::KeyError::Denied(reason) => KeyError::Denied(reason),
        belay_connect::KeyError::Refused(reason) => KeyError::Refused(reason),
        belay_connect::KeyError::WrongKind(reason) => KeyError::WrongKind(reason),
        belay_connect::KeyError::Unreachable(reason) => KeyError::Unreachable(reason),
        belay_connect::KeyError::TimedOut => KeyError::TimedOut,
        belay_connect::KeyError::TooLarge(limit) => KeyError::TooLarge(limit),
    }
}

/// What canonical JSON can hold of a time; far more than any time limit.
fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX).min(MAX_INTEGER.unsigned_abs())
}

impl Reads for Lines {
    fn http_send<'a>(
        &'a self,
        connection: &'a ConnectionName,
        request: &'a HttpRequest,
    ) -> Reading<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(HttpError::Denied)?;
            let answer = line.http_send(read(connection, request)).await.map_err(http_error)?;
            let belay_connect::HttpResponse { status, headers, body, took, failed_before } = answer;
            Ok(HttpResponse { status, headers, body, took_us: micros(took), failed_before })
        })
    }

    fn http_digest<'a>(
        &'a self,
        connection: &'a ConnectionName,
        request: &'a HttpRequest,
    ) -> Reading<'a, Result<HttpDigested, HttpError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(HttpError::Denied)?;
            let found = line.http_digest(read(connection, request)).await.map_err(http_error)?;
            let belay_connect::Digested { status, size, sha256, took, failed_before } = found;
            Ok(HttpDigested { status, size, sha256, took_us: micros(took), failed_before })
        })
    }

    fn object_get<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<Vec<u8>, ObjectError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(ObjectError::Denied)?;
            line.object_get(connection, key).await.map_err(object_error)
        })
    }

    fn object_head<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<ObjectMeta, ObjectError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(ObjectError::Denied)?;
            line.object_head(connection, key).await.map(meta).map_err(object_error)
        })
    }

    fn object_digest<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<ObjectDigested, ObjectError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(ObjectError::Denied)?;
            let (size, sha256) = line.object_digest(connection, key).await.map_err(object_error)?;
            Ok(ObjectDigested { size, sha256 })
        })
    }

    fn object_list<'a>(
        &'a self,
        connection: &'a ConnectionName,
        range: &'a ObjectRange,
    ) -> Reading<'a, Result<Vec<ObjectMeta>, ObjectError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(ObjectError::Denied)?;
            let found = line.object_list(connection, &range.prefix, range.after.as_deref(), range.limit).await;
            found.map(|found| found.into_iter().map(meta).collect()).map_err(object_error)
        })
    }

    fn key_get<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a [u8],
    ) -> Reading<'a, Result<Option<Vec<u8>>, KeyError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(KeyError::Denied)?;
            line.key_get(connection, key).await.map_err(key_error)
        })
    }

    fn key_fields<'a>(
        &'a self,
        connection: &'a ConnectionName,
        fields: &'a KeyFields,
    ) -> Reading<'a, Result<Vec<Option<Body>>, KeyError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(KeyError::Denied)?;
            let names: Vec<&[u8]> = fields.names.iter().map(|name| name.0.as_slice()).collect();
            let found = line.key_fields(connection, &fields.key.0, &names).await.map_err(key_error)?;
            Ok(found.into_iter().map(|value| value.map(Body)).collect())
        })
    }

    fn key_head<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a [u8],
    ) -> Reading<'a, Result<Option<KeyMeta>, KeyError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(KeyError::Denied)?;
            let found = line.key_head(connection, key).await.map_err(key_error)?;
            Ok(found.map(|found| KeyMeta { kind: found.kind, expires: found.expires }))
        })
    }

    fn key_scan<'a>(
        &'a self,
        connection: &'a ConnectionName,
        scan: &'a KeyScan,
    ) -> Reading<'a, Result<KeyPage, KeyError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(KeyError::Denied)?;
            let page = line.key_scan(connection, &scan.prefix.0, scan.from.as_deref(), scan.limit).await;
            let page = page.map_err(key_error)?;
            Ok(KeyPage { keys: page.keys.into_iter().map(Body).collect(), next: page.next })
        })
    }

    fn key_count<'a>(
        &'a self,
        connection: &'a ConnectionName,
        count: &'a KeyCount,
    ) -> Reading<'a, Result<Option<u64>, KeyError>> {
        Box::pin(async move {
            let line = self.to(connection).map_err(KeyError::Denied)?;
            line.key_count(connection, &count.prefix.0, count.most).await.map_err(key_error)
        })
    }
}
