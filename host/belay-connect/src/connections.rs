//! All connections of an environment, by name. Never adds one after opening.

use std::collections::BTreeMap;

use belay_domain::connection::{ConnectionKind, ConnectionRules};
use belay_domain::digest::Digest;
use belay_domain::guard;
use belay_domain::id::ConnectionName;
use belay_domain::operation::{Outcome, Write};

use crate::dir::DirConnection;
use crate::http::HttpConnection;
use crate::objects::StoreConnection;
use crate::permit::{Clock, Look, Performed, Permit, Refusal};
use crate::read::{Digested, HttpError, HttpRead, HttpResponse, KeyError, KeyMeta, KeyPage, Meta, ObjectError};
use crate::redis::RedisConnection;
use crate::spec::{ConnectionSpec, Target};

/// What an environment's connections lead to.
#[derive(Debug)]
pub struct Connections(BTreeMap<ConnectionName, Connection>);

#[derive(Debug)]
enum Connection {
    Dir(DirConnection),
    Http(Box<HttpConnection>),
    Redis(Box<RedisConnection>),
    Store(Box<StoreConnection>),
}

/// Where named bytes lie.
enum Place<'a> {
    Dir(&'a DirConnection),
    Store(&'a StoreConnection),
}

impl Connection {
    const fn rules(&self) -> &ConnectionRules {
        match self {
            Self::Dir(dir) => dir.rules(),
            Self::Http(http) => http.rules(),
            Self::Redis(redis) => redis.rules(),
            Self::Store(store) => store.rules(),
        }
    }
}

/// Why connections could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two have one name.
    #[error("connection `{0}` is there twice")]
    Twice(ConnectionName),
    /// Its rules are for another kind.
    #[error("connection `{name}` is of kind {kind} but does not lead to one")]
    Kind {
        /// The connection.
        name: ConnectionName,
        /// What its rules say.
        kind: ConnectionKind,
    },
    /// Its target makes no sense or is not there.
    #[error("connection `{name}`: {reason}")]
    Target {
        /// The connection.
        name: ConnectionName,
        /// What is wrong with it.
        reason: String,
    },
}

impl Connections {
    /// Checks what can be checked without reaching anything. Takes microseconds: directories are opened, and names,
    /// secrets and certificate authorities read, when they are used.
    pub fn open(specs: Vec<ConnectionSpec>) -> Result<Self, Error> {
        let mut connections = BTreeMap::new();
        for spec in specs {
            let name = spec.rules.name.clone();
            if connections.insert(name.clone(), open_one(spec)?).is_some() {
                return Err(Error::Twice(name));
            }
        }
        Ok(Self(connections))
    }

    /// Sends a read and returns the answer, whatever its status.
    pub async fn http_send(&self, read: HttpRead) -> Result<HttpResponse, HttpError> {
        self.http(&read.connection).map_err(HttpError::Denied)?.send(read).await
    }

    /// Sends a read and digests the answer's body, streaming.
    pub async fn http_digest(&self, read: HttpRead) -> Result<Digested, HttpError> {
        self.http(&read.connection).map_err(HttpError::Denied)?.digest(read).await
    }

    /// An object's bytes, whole.
    pub async fn object_get(&self, connection: &ConnectionName, key: &str) -> Result<Vec<u8>, ObjectError> {
        match self.place(connection).map_err(ObjectError::Denied)? {
            Place::Dir(dir) => dir.get(key).await,
            Place::Store(store) => store.get(key).await,
        }
    }

    /// What is known of an object's bytes.
    pub async fn object_head(&self, connection: &ConnectionName, key: &str) -> Result<Meta, ObjectError> {
        match self.place(connection).map_err(ObjectError::Denied)? {
            Place::Dir(dir) => dir.head(key).await,
            Place::Store(store) => store.head(key).await,
        }
    }

    /// An object's size and SHA-256, streaming.
    pub async fn object_digest(&self, connection: &ConnectionName, key: &str) -> Result<(u64, Digest), ObjectError> {
        match self.place(connection).map_err(ObjectError::Denied)? {
            Place::Dir(dir) => dir.digest(key).await,
            Place::Store(store) => store.digest(key).await,
        }
    }

    /// The objects whose key starts with `prefix` and comes after `after`, in bytewise order of their keys, at most
    /// `limit` and never more than 10,000.
    pub async fn object_list(
        &self,
        connection: &ConnectionName,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Meta>, ObjectError> {
        match self.place(connection).map_err(ObjectError::Denied)? {
            Place::Dir(dir) => dir.list(prefix, after, limit).await,
            Place::Store(store) => store.list(prefix, after, limit).await,
        }
    }

    /// The value of a key that holds a plain one; none where there is no such key.
    pub async fn key_get(&self, connection: &ConnectionName, key: &[u8]) -> Result<Option<Vec<u8>>, KeyError> {
        self.redis(connection).map_err(KeyError::Denied)?.get(key).await
    }

    /// The values of at most 1,000 fields of a hash, in the order of their names.
    pub async fn key_fields(
        &self,
        connection: &ConnectionName,
        key: &[u8],
        names: &[&[u8]],
    ) -> Result<Vec<Option<Vec<u8>>>, KeyError> {
        self.redis(connection).map_err(KeyError::Denied)?.fields(key, names).await
    }

    /// What a key is; none where there is no such key.
    pub async fn key_head(&self, connection: &ConnectionName, key: &[u8]) -> Result<Option<KeyMeta>, KeyError> {
        self.redis(connection).map_err(KeyError::Denied)?.head(key).await
    }

    /// About `limit` keys that start with `prefix`, and never more than some 10,000; `from`: where a page ended.
    pub async fn key_scan(
        &self,
        connection: &ConnectionName,
        prefix: &[u8],
        from: Option<&str>,
        limit: u32,
    ) -> Result<KeyPage, KeyError> {
        self.redis(connection).map_err(KeyError::Denied)?.scan(prefix, from, limit).await
    }

    /// How many keys start with `prefix`; none: more than `most`.
    pub async fn key_count(
        &self,
        connection: &ConnectionName,
        prefix: &[u8],
        most: u64,
    ) -> Result<Option<u64>, KeyError> {
        self.redis(connection).map_err(KeyError::Denied)?.count(prefix, most).await
    }

    /// Whether a write is on its connection's list and makes sense there. [`Connections::perform`] asks the same
    /// again; asking early spares a plan that can't be performed.
    pub fn admit(&self, write: &Write) -> Result<(), Refusal> {
        self.admitted(write).map(|_| ())
    }

    /// Performs a permitted operation: once, byte for byte, or not at all. Never fails: what went wrong is the
    /// outcome.
    pub async fn perform(&self, permit: Permit, clock: Clock) -> Performed {
        let (operation, deadline) = permit.spend(clock);
        if let Err(outcome) = deadline.check() {
            return Performed { outcome, answer: None };
        }
        match (self.admitted(&operation.write), operation.write) {
            (Ok(Connection::Dir(dir)), Write::Object(write)) => {
                Performed { outcome: dir.perform(write, deadline).await, answer: None }
            }
            (Ok(Connection::Http(http)), Write::Http(write)) => http.perform(&write, &deadline).await,
            (Ok(Connection::Redis(redis)), Write::Keyvalue(write)) => {
                Performed { outcome: redis.perform(&write, &deadline).await, answer: None }
            }
            (Ok(Connection::Store(store)), Write::Object(write)) => {
                Performed { outcome: store.perform(write, deadline).await, answer: None }
            }
            (Ok(Connection::Dir(_) | Connection::Http(_) | Connection::Redis(_) | Connection::Store(_)), _) => {
                not_allowed("the connection is of another kind".to_owned())
            }
            (Err(Refusal(reason)), _) => not_allowed(reason),
        }
    }

    /// Looks at what lies where a write goes, to settle an unknown outcome. Changes nothing.
    pub async fn look(&self, write: &Write) -> Look {
        match write {
            Write::Http(_) => Look::CannotTell("an HTTP system can't be looked into".to_owned()),
            Write::Object(object) => match self.place(&object.connection) {
                Ok(Place::Dir(dir)) => dir.look(object).await,
                Ok(Place::Store(store)) => store.look(object).await,
                Err(reason) => Look::CannotTell(reason),
            },
            Write::Keyvalue(write) => match self.redis(&write.connection) {
                Ok(redis) => redis.look(write).await,
                Err(reason) => Look::CannotTell(reason),
            },
        }
    }

    fn admitted(&self, write: &Write) -> Result<&Connection, Refusal> {
        let name = write.connection();
        let connection = self.0.get(name).ok_or_else(|| Refusal(unknown(name)))?;
        match (connection, write) {
            (Connection::Dir(dir), Write::Object(write)) => dir.admit_write(write).map_err(Refusal)?,
            (Connection::Http(http), Write::Http(write)) => http.admit_write(write).map_err(Refusal)?,
            (Connection::Redis(redis), Write::Keyvalue(write)) => redis.admit_write(write).map_err(Refusal)?,
            (Connection::Store(store), Write::Object(write)) => store.admit_write(write).map_err(Refusal)?,
            (Connection::Dir(_) | Connection::Http(_) | Connection::Redis(_) | Connection::Store(_), _) => {
                return Err(Refusal(format!("connection `{name}` is of kind {}", connection.rules().kind)));
            }
        }
        if guard::rules_for(connection.rules(), write).next().is_none() {
            let line = write.line();
            return Err(Refusal(format!("`{line}` is not on the list of writes of connection `{name}`")));
        }
        Ok(connection)
    }

    fn http(&self, name: &ConnectionName) -> Result<&HttpConnection, String> {
        match self.0.get(name) {
            Some(Connection::Http(http)) => Ok(http),
            Some(Connection::Redis(_)) => Err(format!("connection `{name}` is of kind redis: it holds keys")),
            Some(other @ (Connection::Dir(_) | Connection::Store(_))) => {
                Err(format!("connection `{name}` is of kind {}: it holds objects", other.rules().kind))
            }
            None => Err(unknown(name)),
        }
    }

    fn place(&self, name: &ConnectionName) -> Result<Place<'_>, String> {
        match self.0.get(name) {
            Some(Connection::Dir(dir)) => Ok(Place::Dir(dir)),
            Some(Connection::Store(store)) => Ok(Place::Store(store)),
            Some(Connection::Http(_)) => Err(format!("connection `{name}` is of kind http: it holds no objects")),
            Some(Connection::Redis(_)) => Err(format!("connection `{name}` is of kind redis: it holds no objects")),
            None => Err(unknown(name)),
        }
    }

    fn redis(&self, name: &ConnectionName) -> Result<&RedisConnection, String> {
        match self.0.get(name) {
            Some(Connection::Redis(redis)) => Ok(redis),
            Some(other) => Err(format!("connection `{name}` is of kind {}: it holds no keys", other.rules().kind)),
            None => Err(unknown(name)),
        }
    }
}

fn open_one(spec: ConnectionSpec) -> Result<Connection, Error> {
    let (name, kind) = (spec.rules.name.clone(), spec.rules.kind);
    let opened = match (spec.target, kind) {
        (Target::Dir(target), ConnectionKind::Dir) => Ok(Connection::Dir(DirConnection::new(spec.rules, target))),
        (Target::Http(target), ConnectionKind::Http) => {
            HttpConnection::open(spec.rules, target).map(|http| Connection::Http(Box::new(http)))
        }
        (Target::Redis(target), ConnectionKind::Redis) => {
            RedisConnection::open(spec.rules, target).map(|redis| Connection::Redis(Box::new(redis)))
        }
        (Target::Objects(target), ConnectionKind::Objects) => {
            StoreConnection::open(spec.rules, target).map(|store| Connection::Store(Box::new(store)))
        }
        (Target::Dir(_) | Target::Http(_) | Target::Redis(_) | Target::Objects(_), _) => {
            return Err(Error::Kind { name, kind });
        }
    };
    opened.map_err(|reason| Error::Target { name, reason })
}

fn unknown(name: &ConnectionName) -> String {
    format!("there is no connection `{name}`")
}

const fn not_allowed(reason: String) -> Performed {
    Performed { outcome: Outcome::NotApplied { reason }, answer: None }
}
