//! A Redis server, or what speaks its protocol. Never goes where its connection has no permission to, never leaves its
//! database, never follows a redirection to another server, and sends no command but the few that are written here.

mod address;
mod find;
mod look;
mod metered;
mod read;
mod refusal;
mod reply;
mod script;
mod session;
mod sweep;
#[cfg(test)]
mod tests;
mod write;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use belay_domain::connection::ConnectionRules;
use redis::Cmd;
use tokio::time::timeout;

use self::address::Address;
use self::refusal::Failure;
use self::reply::Reply;
use self::session::{Entry, Session};
use crate::http::dial::Dialer;
use crate::http::tls::Tls;
use crate::read::KeyError;
use crate::secret::SecretReader;
use crate::spec::RedisTarget;

/// One Redis connection. Opening it reaches nothing: names and secrets are read when they are used.
#[derive(Debug)]
pub(crate) struct RedisConnection {
    rules: ConnectionRules,
    timeout: Duration,
    scan_timeout: Duration,
    entry: Entry,
    /// The last session that a read left behind.
    idle: Mutex<Option<Session>>,
}

impl RedisConnection {
    pub(crate) fn open(rules: ConnectionRules, target: RedisTarget) -> Result<Self, String> {
        let Address { base, database } = Address::parse(&target.url)?;
        if target.client_certificate.is_some() && !base.tls {
            return Err(
                "`client_certificate` needs a rediss:// address: without TLS nobody would ask for it".to_owned()
            );
        }
        let (user, password) = match target.auth {
            None => (None, None),
            Some(auth) => (auth.user, Some(SecretReader::new(auth.password))),
        };
        let dialer = Dialer {
            base,
            allow: target.allow,
            carries_credential: password.is_some(),
            tls: Tls::new(target.ca_file, target.client_certificate),
            timeout: target.timeout,
        };
        let entry = Entry { dialer, user, password, database, most: target.max_value };
        let (timeout, scan_timeout) = (target.timeout, target.scan_timeout);
        Ok(Self { rules, timeout, scan_timeout, entry, idle: Mutex::default() })
    }

    pub(crate) const fn rules(&self) -> &ConnectionRules {
        &self.rules
    }

    /// A new session, within the time limit.
    async fn enter(&self) -> Result<Session, KeyError> {
        timeout(self.timeout, self.entry.enter()).await.map_err(|_| KeyError::TimedOut)?
    }

    /// The answers to reads, in their order, without credentials. Asks over the session that waits, if there is one; it
    /// may have gone stale, so what breaks there is asked once more over a new one: it changes nothing.
    async fn ask(&self, reads: &[Cmd]) -> Result<Vec<Reply>, KeyError> {
        if let Some(mut session) = self.take() {
            match self.within(session.ask_all(reads)).await {
                Err(Failure::Broken(_)) => {}
                told => return self.told(session, told),
            }
        }
        let mut session = self.enter().await?;
        let told = self.within(session.ask_all(reads)).await;
        self.told(session, told)
    }

    async fn within<T>(&self, asked: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        timeout(self.timeout, asked).await.unwrap_or(Err(Failure::TimedOut))
    }

    /// Keeps a session in which nothing is under way.
    fn told<T>(&self, session: Session, told: Result<T, Failure>) -> Result<T, KeyError> {
        if matches!(told, Ok(_) | Err(Failure::Refused { .. })) {
            self.put(session);
        }
        told.map_err(KeyError::from)
    }

    fn take(&self) -> Option<Session> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, session: Session) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
    }
}
