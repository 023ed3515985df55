//! Reads from memory, for the tests of plugins. Not part of guests.

mod keys;

use std::collections::BTreeMap;

pub use crate::sha256;
use crate::{http, keyvalue, objects};
use keys::Keys;

/// Systems as a test describes them.
///
/// ```
/// use belay_sdk::fake;
/// let reads = fake::Reads::default()
///     .object("lake", "clicks/_delta_log/00000000000000000000.json", "{}")
///     .answer("registry", "GET /api/alias?name=ranker", 404, "{}")
///     .key("cache", "features:generation", "9")
///     .unreachable("metrics");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reads {
    objects: BTreeMap<(String, String), Vec<u8>>,
    modified: BTreeMap<(String, String), u64>,
    answers: BTreeMap<(String, String), http::Response>,
    keys: Keys,
    unreachable: Vec<String>,
    services: Vec<String>,
}

impl Reads {
    /// An object with these bytes; replaces what had the name before.
    #[must_use]
    pub fn object(mut self, connection: &str, key: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.put(connection, key, bytes);
        self
    }

    /// Like [`Reads::object`], in place: what the host would do with an operation.
    pub fn put(&mut self, connection: &str, key: &str, bytes: impl AsRef<[u8]>) {
        self.objects.insert((connection.to_owned(), key.to_owned()), bytes.as_ref().to_vec());
    }

    /// When an object was last written, in milliseconds since 1970 UTC; not known of one that this does not say.
    #[must_use]
    pub fn written(mut self, connection: &str, key: &str, at: u64) -> Self {
        self.modified.insert((connection.to_owned(), key.to_owned()), at);
        self
    }

    /// Takes an object away.
    pub fn remove(&mut self, connection: &str, key: &str) {
        self.objects.remove(&(connection.to_owned(), key.to_owned()));
    }

    /// The answer to `METHOD path`, or to `METHOD path body`, which is looked for first. What has no answer gets a 404
    /// without a body.
    #[must_use]
    pub fn answer(self, connection: &str, line: &str, status: u16, body: impl AsRef<[u8]>) -> Self {
        self.answer_with(connection, line, status, &[], body)
    }

    /// Like [`Reads::answer`], with headers. Their names are in lower case.
    #[must_use]
    pub fn answer_with(
        mut self,
        connection: &str,
        line: &str,
        status: u16,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let answer = http::Response { status, headers, body: body.as_ref().to_vec(), took: 0 };
        self.answers.insert((connection.to_owned(), line.to_owned()), answer);
        self
    }

    /// The answer to `METHOD path`, which must be there, takes so many microseconds.
    #[must_use]
    pub fn took(mut self, connection: &str, line: &str, microseconds: u64) -> Self {
        if let Some(answer) = self.answers.get_mut(&(connection.to_owned(), line.to_owned())) {
            answer.took = microseconds;
        }
        self
    }

    /// No read of this connection gets an answer.
    #[must_use]
    pub fn unreachable(mut self, connection: &str) -> Self {
        self.unreachable.push(connection.to_owned());
        self
    }

    /// The connection is an HTTP service: the host denies it objects.
    #[must_use]
    pub fn service(mut self, connection: &str) -> Self {
        self.services.push(connection.to_owned());
        self
    }

    fn holds_objects(&self, connection: &str) -> Result<(), objects::Error> {
        self.reach(connection).map_err(objects::Error::Unreachable)?;
        if self.services.iter().any(|name| name == connection) {
            return Err(objects::Error::Denied(format!("{connection} is no directory")));
        }
        Ok(())
    }

    fn reach(&self, connection: &str) -> Result<(), String> {
        if self.unreachable.iter().any(|name| name == connection) {
            return Err(format!("{connection} does not answer"));
        }
        Ok(())
    }
}

impl crate::Reads for Reads {
    fn http(&self, request: &http::Request) -> Result<http::Response, http::Error> {
        self.reach(&request.connection).map_err(http::Error::Unreachable)?;
        let line = format!("{} {}", request.method, request.path);
        let exact = format!("{line} {}", String::from_utf8_lossy(&request.body));
        let answer = |line| self.answers.get(&(request.connection.clone(), line));
        let nothing = http::Response { status: 404, headers: Vec::new(), body: Vec::new(), took: 0 };
        Ok(answer(exact).or_else(|| answer(line)).cloned().unwrap_or(nothing))
    }

    fn http_digest(&self, request: &http::Request) -> Result<http::Digested, http::Error> {
        let http::Response { status, body, took, .. } = self.http(request)?;
        Ok(http::Digested { status, size: body.len() as u64, sha256: sha256(&body), took })
    }

    fn object(&self, connection: &str, key: &str) -> Result<Vec<u8>, objects::Error> {
        self.holds_objects(connection)?;
        self.objects.get(&(connection.to_owned(), key.to_owned())).cloned().ok_or(objects::Error::Missing)
    }

    fn object_meta(&self, connection: &str, key: &str) -> Result<objects::Meta, objects::Error> {
        let bytes = self.object(connection, key)?;
        let modified = self.modified.get(&(connection.to_owned(), key.to_owned())).copied();
        Ok(objects::Meta { key: key.to_owned(), size: bytes.len() as u64, modified })
    }

    fn object_digest(&self, connection: &str, key: &str) -> Result<(u64, String), objects::Error> {
        let bytes = self.object(connection, key)?;
        Ok((bytes.len() as u64, sha256(&bytes)))
    }

    fn objects(
        &self,
        connection: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<objects::Meta>, objects::Error> {
        self.holds_objects(connection)?;
        let matching = self.objects.iter().filter(|((of, key), _)| {
            of == connection && key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after)
        });
        let meta = |(named, bytes): (&(String, String), &Vec<u8>)| objects::Meta {
            key: named.1.clone(),
            size: bytes.len() as u64,
            modified: self.modified.get(named).copied(),
        };
        Ok(matching.map(meta).take(limit as usize).collect())
    }

    fn value(&self, connection: &str, key: &[u8]) -> Result<Option<Vec<u8>>, keyvalue::Error> {
        self.reach(connection).map_err(keyvalue::Error::Unreachable)?;
        self.keys.value(connection, key)
    }

    fn fields(&self, connection: &str, key: &[u8], names: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, keyvalue::Error> {
        self.reach(connection).map_err(keyvalue::Error::Unreachable)?;
        self.keys.fields(connection, key, names)
    }

    fn key_meta(&self, connection: &str, key: &[u8]) -> Result<Option<keyvalue::Meta>, keyvalue::Error> {
        self.reach(connection).map_err(keyvalue::Error::Unreachable)?;
        Ok(self.keys.meta(connection, key))
    }

    fn keys(
        &self,
        connection: &str,
        prefix: &[u8],
        from: Option<&str>,
        limit: u32,
    ) -> Result<keyvalue::Page, keyvalue::Error> {
        self.reach(connection).map_err(keyvalue::Error::Unreachable)?;
        self.keys.page(connection, prefix, from, limit)
    }

    fn count_keys(&self, connection: &str, prefix: &[u8], most: u64) -> Result<Option<u64>, keyvalue::Error> {
        self.reach(connection).map_err(keyvalue::Error::Unreachable)?;
        Ok(self.keys.count(connection, prefix, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_to_its_end_page_by_page() {
        let mut fake = Reads::default().object("lake", "other", "");
        for number in 0..2_500 {
            fake.put("lake", &format!("log/{number:05}"), "x");
        }
        let reads: &dyn crate::Reads = &fake;
        let all = reads.all_objects("lake", "log/", Some("log/00009")).unwrap();
        assert_eq!(all.len(), 2_490);
        assert_eq!(all.first().map(|meta| meta.key.as_str()), Some("log/00010"));
        assert_eq!(all.last().map(|meta| meta.key.as_str()), Some("log/02499"));
    }

    #[test]
    fn answers_that_are_no_json_are_told_apart() {
        use crate::Fault;
        let fake = Reads::default()
            .answer("api", "GET /ok", 200, "[1]")
            .answer("api", "GET /page", 200, "<html>")
            .answer("api", "GET /busy", 503, "")
            .answer("api", "GET /odd", 302, "")
            .unreachable("down");
        let reads: &dyn crate::Reads = &fake;
        assert_eq!(reads.get_json::<Vec<u8>>("api", "/ok"), Ok(vec![1]));
        let fault = |connection: &str, path: &str| reads.get_json::<Vec<u8>>(connection, path).unwrap_err();
        assert!(matches!(fault("api", "/page"), Fault::Unexpected(_)));
        assert!(matches!(fault("api", "/busy"), Fault::Unavailable(_)));
        assert!(matches!(fault("api", "/odd"), Fault::Unexpected(_)));
        assert!(matches!(fault("api", "/none"), Fault::Missing(_)));
        assert!(matches!(fault("down", "/ok"), Fault::Unavailable(_)));
    }
}
