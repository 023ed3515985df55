//! Reads of the systems as a plugin makes them, of which one may go wrong.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use belay_domain::digest::Digest;
use belay_domain::id::ConnectionName;
use belay_domain::operation::Body;
use belay_sandbox::{
    Access, HttpDigested, HttpError, HttpRequest, HttpResponse, KeyCount, KeyError, KeyFields, KeyMeta, KeyPage,
    KeyScan, ObjectDigested, ObjectError, ObjectMeta, ObjectRange, Reading, Reads,
};

use super::{Answer, Mischief, Systems, Value};

/// One call's view of the systems. Reads are counted from 0.
pub(crate) struct Desk {
    systems: Systems,
    wrong: Option<(usize, Mischief)>,
    reads: AtomicUsize,
}

impl Desk {
    /// Grants these connections, and lets the read with this number go wrong.
    pub(crate) fn access(systems: &Systems, granted: &[ConnectionName], wrong: Option<(usize, Mischief)>) -> Access {
        let desk = Self { systems: systems.clone(), wrong, reads: AtomicUsize::new(0) };
        Access::new(Arc::new(desk) as Arc<dyn Reads>, granted.iter().cloned())
    }

    /// What goes wrong with the read that begins.
    fn next(&self) -> Option<Mischief> {
        let number = self.reads.fetch_add(1, Ordering::Relaxed);
        self.wrong.filter(|(wrong, _)| *wrong == number).map(|(_, mischief)| mischief)
    }

    fn http(&self, connection: &ConnectionName, request: &HttpRequest) -> Result<Answer, HttpError> {
        let mischief = self.next();
        let HttpRequest { method, path, body, .. } = request;
        match mischief {
            Some(Mischief::Unreachable) => Err(HttpError::Unreachable("connection refused".to_owned())),
            Some(Mischief::TimedOut) => Err(HttpError::TimedOut),
            Some(Mischief::Denied) => Err(HttpError::Denied("this connection does not list it".to_owned())),
            Some(Mischief::Busy) => Ok(Answer { status: 503, headers: Vec::new(), body: Vec::new() }),
            Some(mischief) => {
                let mut answer = self.systems.answer(connection.as_str(), method, path, &body.0);
                answer.body = mischief.garble(answer.body);
                Ok(answer)
            }
            None => Ok(self.systems.answer(connection.as_str(), method, path, &body.0)),
        }
    }

    fn object(&self, connection: &ConnectionName, key: &str) -> Result<Vec<u8>, ObjectError> {
        let mischief = self.next();
        unanswered_object(mischief)?;
        let held = self.systems.objects.get(&(connection.to_string(), key.to_owned()));
        let bytes = held.cloned().ok_or(ObjectError::Missing)?;
        Ok(mischief.map_or(bytes.clone(), |mischief| mischief.garble(bytes)))
    }

    fn list(&self, connection: &ConnectionName, range: &ObjectRange) -> Result<Vec<ObjectMeta>, ObjectError> {
        unanswered_object(self.next())?;
        let here = self.systems.objects.iter().filter(|((of, key), _)| {
            of == connection.as_str()
                && key.starts_with(&range.prefix)
                && range.after.as_ref().is_none_or(|after| key > after)
        });
        let meta = |((_, key), bytes): (&(String, String), &Vec<u8>)| ObjectMeta {
            key: key.clone(),
            size: bytes.len() as u64,
            modified: None,
        };
        Ok(here.map(meta).take(range.limit as usize).collect())
    }

    fn value(&self, connection: &ConnectionName, key: &[u8]) -> Result<Option<Vec<u8>>, KeyError> {
        let mischief = self.next();
        unanswered_key(mischief)?;
        match self.systems.keys.get(&(connection.to_string(), key.to_vec())).map(|held| &held.value) {
            None => Ok(None),
            Some(Value::Plain(bytes)) => {
                Ok(Some(mischief.map_or_else(|| bytes.clone(), |mischief| mischief.garble(bytes.clone()))))
            }
            Some(Value::Hash(_)) => Err(KeyError::WrongKind("the key holds a hash".to_owned())),
        }
    }

    fn fields(&self, connection: &ConnectionName, fields: &KeyFields) -> Result<Vec<Option<Body>>, KeyError> {
        let mischief = self.next();
        unanswered_key(mischief)?;
        let garble =
            |bytes: &Vec<u8>| Body(mischief.map_or_else(|| bytes.clone(), |mischief| mischief.garble(bytes.clone())));
        match self.systems.keys.get(&(connection.to_string(), fields.key.0.clone())).map(|held| &held.value) {
            None => Ok(fields.names.iter().map(|_| None).collect()),
            Some(Value::Hash(held)) => Ok(fields.names.iter().map(|name| held.get(&name.0).map(garble)).collect()),
            Some(Value::Plain(_)) => Err(KeyError::WrongKind("the key holds a plain value".to_owned())),
        }
    }

    fn meta(&self, connection: &ConnectionName, key: &[u8]) -> Result<Option<KeyMeta>, KeyError> {
        unanswered_key(self.next())?;
        let held = self.systems.keys.get(&(connection.to_string(), key.to_vec()));
        Ok(held.map(|held| {
            let kind = match held.value {
                Value::Plain(_) => "string",
                Value::Hash(_) => "hash",
            };
            KeyMeta { kind: kind.to_owned(), expires: held.expires }
        }))
    }

    fn scan(&self, connection: &ConnectionName, prefix: &[u8]) -> Result<KeyPage, KeyError> {
        unanswered_key(self.next())?;
        let keys = self.systems.with_prefix(connection.as_str(), prefix);
        Ok(KeyPage { keys: keys.into_iter().map(Body).collect(), next: None })
    }

    fn count(&self, connection: &ConnectionName, count: &KeyCount) -> Result<Option<u64>, KeyError> {
        unanswered_key(self.next())?;
        let found = self.systems.with_prefix(connection.as_str(), &count.prefix.0).len() as u64;
        Ok((found <= count.most).then_some(found))
    }
}

fn unanswered_object(mischief: Option<Mischief>) -> Result<(), ObjectError> {
    match mischief {
        Some(Mischief::Unreachable | Mischief::Busy) => {
            Err(ObjectError::Unreachable("the directory is not there".to_owned()))
        }
        Some(Mischief::TimedOut) => Err(ObjectError::TimedOut),
        Some(Mischief::Denied) => Err(ObjectError::Denied("outside the directory".to_owned())),
        Some(_) | None => Ok(()),
    }
}

fn unanswered_key(mischief: Option<Mischief>) -> Result<(), KeyError> {
    match mischief {
        Some(Mischief::Unreachable) => Err(KeyError::Unreachable("connection refused".to_owned())),
        Some(Mischief::Busy) => Err(KeyError::Refused("LOADING the dataset in memory".to_owned())),
        Some(Mischief::TimedOut) => Err(KeyError::TimedOut),
        Some(Mischief::Denied) => Err(KeyError::Denied("this connection does not allow it".to_owned())),
        Some(_) | None => Ok(()),
    }
}

impl Reads for Desk {
    fn http_send<'a>(
        &'a self,
        connection: &'a ConnectionName,
        request: &'a HttpRequest,
    ) -> Reading<'a, Result<HttpResponse, HttpError>> {
        let answer = self.http(connection, request).map(|Answer { status, headers, body }| HttpResponse {
            status,
            headers,
            body,
            took_us: 1_000,
            failed_before: Vec::new(),
        });
        Box::pin(ready(answer))
    }

    fn http_digest<'a>(
        &'a self,
        connection: &'a ConnectionName,
        request: &'a HttpRequest,
    ) -> Reading<'a, Result<HttpDigested, HttpError>> {
        let digested = self.http(connection, request).map(|Answer { status, body, .. }| HttpDigested {
            status,
            size: body.len() as u64,
            sha256: Digest::of(&body),
            took_us: 1_000,
            failed_before: Vec::new(),
        });
        Box::pin(ready(digested))
    }

    fn object_get<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<Vec<u8>, ObjectError>> {
        Box::pin(ready(self.object(connection, key)))
    }

    fn object_head<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<ObjectMeta, ObjectError>> {
        let meta = |bytes: Vec<u8>| ObjectMeta { key: key.to_owned(), size: bytes.len() as u64, modified: None };
        Box::pin(ready(self.object(connection, key).map(meta)))
    }

    fn object_digest<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<ObjectDigested, ObjectError>> {
        let digested = |bytes: Vec<u8>| ObjectDigested { size: bytes.len() as u64, sha256: Digest::of(&bytes) };
        Box::pin(ready(self.object(connection, key).map(digested)))
    }

    fn object_list<'a>(
        &'a self,
        connection: &'a ConnectionName,
        range: &'a ObjectRange,
    ) -> Reading<'a, Result<Vec<ObjectMeta>, ObjectError>> {
        Box::pin(ready(self.list(connection, range)))
    }

    fn key_get<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a [u8],
    ) -> Reading<'a, Result<Option<Vec<u8>>, KeyError>> {
        Box::pin(ready(self.value(connection, key)))
    }

    fn key_fields<'a>(
        &'a self,
        connection: &'a ConnectionName,
        fields: &'a KeyFields,
    ) -> Reading<'a, Result<Vec<Option<Body>>, KeyError>> {
        Box::pin(ready(self.fields(connection, fields)))
    }

    fn key_head<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a [u8],
    ) -> Reading<'a, Result<Option<KeyMeta>, KeyError>> {
        Box::pin(ready(self.meta(connection, key)))
    }

    fn key_scan<'a>(
        &'a self,
        connection: &'a ConnectionName,
        scan: &'a KeyScan,
    ) -> Reading<'a, Result<KeyPage, KeyError>> {
        Box::pin(ready(self.scan(connection, &scan.prefix.0)))
    }

    fn key_count<'a>(
        &'a self,
        connection: &'a ConnectionName,
        count: &'a KeyCount,
    ) -> Reading<'a, Result<Option<u64>, KeyError>> {
        Box::pin(ready(self.count(connection, count)))
    }
}
