//! Connections: reads for plugins, operations for the host, secrets.
//!
//! Operations are performed here and nowhere else, and only with a [`Permit`]. A plugin never gets a credential, never
//! chooses an address, never reaches outside a connection's directory, and never writes. Nothing here knows runs,
//! plugins or the ledger, and no write is ever sent twice.

mod answer;
mod at_once;
mod connections;
mod dir;
mod http;
mod key;
mod objects;
mod permit;
mod read;
mod redis;
mod secret;
mod spec;

pub use connections::{Connections, Error};
pub use permit::{Clock, Look, Performed, Permit, PermitMismatch, RecordedAnswer, Refusal};
pub use read::{Digested, HttpError, HttpRead, HttpResponse, KeyError, KeyMeta, KeyPage, Meta, ObjectError};
pub use secret::{Auth, SecretSource};
pub use spec::{
    Allow, ClientAuth, ClientCertificate, ConnectionSpec, DirTarget, HttpTarget, InvalidQuery, Oauth2, ObjectsTarget,
    QueryPattern, Rate, RedisAuth, RedisTarget, Retry, StoreCredentials, Target,
};
