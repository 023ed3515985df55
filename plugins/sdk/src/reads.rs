//! Reads through the host, behind a trait so that a plugin's logic is tested without one.

use serde::de::DeserializeOwned;

use crate::{Fault, http, json, keyvalue, objects};

/// How many objects one page of a listing asks for.
const PAGE: u32 = 1_000;

/// What a plugin may read. In a guest it is [`Host`]; in tests, [`fake::Reads`](crate::fake::Reads).
pub trait Reads {
    /// Sends one read; whatever its status, the answer comes back.
    fn http(&self, request: &http::Request) -> Result<http::Response, http::Error>;
    /// Status, size and SHA-256 of a body, streamed by the host.
    fn http_digest(&self, request: &http::Request) -> Result<http::Digested, http::Error>;
    /// An object's bytes, whole.
    fn object(&self, connection: &str, key: &str) -> Result<Vec<u8>, objects::Error>;
    /// What is known of an object.
    fn object_meta(&self, connection: &str, key: &str) -> Result<objects::Meta, objects::Error>;
    /// An object's size and SHA-256, streamed by the host.
    fn object_digest(&self, connection: &str, key: &str) -> Result<(u64, String), objects::Error>;
    /// One page of the objects whose key starts with a prefix, in key order, after a key, at most `limit`.
    fn objects(
        &self,
        connection: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<objects::Meta>, objects::Error>;
    /// The value of a key that holds a plain one; none where the key is not there.
    fn value(&self, connection: &str, key: &[u8]) -> Result<Option<Vec<u8>>, keyvalue::Error>;
    /// The values of some fields of a hash, in the order of the names, at most 1,000.
    fn fields(&self, connection: &str, key: &[u8], names: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, keyvalue::Error>;
    /// What a key is; none where it is not there.
    fn key_meta(&self, connection: &str, key: &[u8]) -> Result<Option<keyvalue::Meta>, keyvalue::Error>;
    /// A page of about `limit` keys that start with a prefix, from the beginning or from where a page ended.
    fn keys(
        &self,
        connection: &str,
        prefix: &[u8],
        from: Option<&str>,
        limit: u32,
    ) -> Result<keyvalue::Page, keyvalue::Error>;
    /// How many keys start with a prefix; none: more than `most`.
    fn count_keys(&self, connection: &str, prefix: &[u8], most: u64) -> Result<Option<u64>, keyvalue::Error>;
}

impl dyn Reads + '_ {
    /// `GET path`, whatever the answer's status.
    pub fn get(&self, connection: &str, path: &str) -> Result<http::Response, Fault> {
        let answer = self.http(&http::Request::get(connection, path));
        answer.map_err(|error| Fault::from(error).while_doing(&format!("GET {path} at {connection}")))
    }

    /// The JSON that `GET path` answers with 200. Another status is a fault: 404 [`Fault::Missing`], 408, 429 and from
    /// 500 on [`Fault::Unavailable`], others [`Fault::Unexpected`].
    pub fn get_json<T: DeserializeOwned>(&self, connection: &str, path: &str) -> Result<T, Fault> {
        let answer = self.get(connection, path)?;
        let what = format!("GET {path} at {connection}");
        match answer.status {
            200 => json::answered(&answer.body, &what),
            404 => Err(Fault::Missing(format!("{what}: 404"))),
            status @ (408 | 429 | 500..) => Err(Fault::Unavailable(format!("{what}: {status}"))),
            status => Err(Fault::Unexpected(format!("{what}: {status}"))),
        }
    }

    /// An object's bytes; `None` where nothing has this name.
    pub fn get_object(&self, connection: &str, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        match self.object(connection, key) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(objects::Error::Missing) => Ok(None),
            Err(error) => Err(Fault::from(error).while_doing(&format!("reading {connection}/{key}"))),
        }
    }

    /// All objects whose key starts with a prefix and comes after a key, page by page, in key order.
    pub fn all_objects(
        &self,
        connection: &str,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<objects::Meta>, Fault> {
        let mut all: Vec<objects::Meta> = Vec::new();
        loop {
            let from = all.last().map(|meta| meta.key.clone());
            let page = self
                .objects(connection, prefix, from.as_deref().or(after), PAGE)
                .map_err(|error| Fault::from(error).while_doing(&format!("listing {connection}/{prefix}")))?;
            let last = page.len() < PAGE as usize;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }
}

impl http::Request {
    /// A `GET` without headers.
    pub fn get(connection: &str, path: &str) -> Self {
        Self {
            connection: connection.to_owned(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// The host of a guest.
#[derive(Clone, Copy, Debug)]
pub struct Host;

impl Reads for Host {
    fn http(&self, request: &http::Request) -> Result<http::Response, http::Error> {
        http::send(request)
    }

    fn http_digest(&self, request: &http::Request) -> Result<http::Digested, http::Error> {
        http::digest(request)
    }

    fn object(&self, connection: &str, key: &str) -> Result<Vec<u8>, objects::Error> {
        objects::get(connection, key)
    }

    fn object_meta(&self, connection: &str, key: &str) -> Result<objects::Meta, objects::Error> {
        objects::head(connection, key)
    }

    fn object_digest(&self, connection: &str, key: &str) -> Result<(u64, String), objects::Error> {
        objects::digest(connection, key)
    }

    fn objects(
        &self,
        connection: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<objects::Meta>, objects::Error> {
        objects::list(connection, prefix, after, limit)
    }

    fn value(&self, connection: &str, key: &[u8]) -> Result<Option<Vec<u8>>, keyvalue::Error> {
        keyvalue::get(connection, key)
    }

    fn fields(&self, connection: &str, key: &[u8], names: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, keyvalue::Error> {
        keyvalue::fields(connection, key, names)
    }

    fn key_meta(&self, connection: &str, key: &[u8]) -> Result<Option<keyvalue::Meta>, keyvalue::Error> {
        keyvalue::head(connection, key)
    }

    fn keys(
        &self,
        connection: &str,
        prefix: &[u8],
        from: Option<&str>,
        limit: u32,
    ) -> Result<keyvalue::Page, keyvalue::Error> {
        keyvalue::scan(connection, prefix, from, limit)
    }

    fn count_keys(&self, connection: &str, prefix: &[u8], most: u64) -> Result<Option<u64>, keyvalue::Error> {
        keyvalue::count(connection, prefix, most)
    }
}
