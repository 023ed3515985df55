//! A connection to the server on which belay has said who it is. Never connects again by itself, and never sends a
//! command twice.

use std::fmt;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, RedisConnectionInfo, Value, cmd};

use super::metered::{Meter, Metered};
use super::refusal::Failure;
use super::reply::Reply;
use crate::http::dial::Dialer;
use crate::http::scrub::Scrubber;
use crate::read::{HttpError, KeyError};
use crate::secret::SecretReader;

/// What an answer may hold beside the value: lengths, the names of errors, many small pieces.
const FRAME: u64 = 64 << 10;

/// What it takes to make sessions.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) dialer: Dialer,
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretReader>,
    pub(super) database: u32,
    /// The largest answer, in bytes.
    pub(super) most: u64,
}

/// One connection, one command after the other.
pub(super) struct Session {
    connection: MultiplexedConnection,
    meter: Meter,
    most: u64,
    scrubber: Scrubber,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

impl Entry {
    /// Dials, says who asks, chooses the database. Nothing is read or written there.
    pub(super) async fn enter(&self) -> Result<Session, KeyError> {
        let secret = match &self.password {
            Some(password) => Some(password.read().await.map_err(KeyError::Denied)?),
            None => None,
        };
        let scrubber = secret.as_ref().map_or_else(Scrubber::none, |secret| Scrubber::of(&[secret.bytes()]));
        let stream = self.dialer.stream().await.map_err(|failed| unreached(failed.error))?;
        let meter = Meter::new(FRAME);
        // Each command has the time limit of whoever asks, not the client's own.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let (connection, driver) =
            MultiplexedConnection::new_with_config(&info, Metered::new(stream, meter.clone()), config)
                .await
                .map_err(|error| KeyError::Unreachable(error.to_string()))?;
        tokio::spawn(driver);
        let mut session = Session { connection, meter, most: self.most, scrubber };
        if let Some(secret) = secret {
            let mut auth = cmd("AUTH");
            auth.arg(self.user.as_deref()).arg(secret.bytes());
            session.ask(&auth).await?;
        }
        if self.database != 0 {
            session.ask(cmd("SELECT").arg(self.database)).await?;
        }
        Ok(session)
    }
}

impl Session {
    /// The answer to a command, of at most the connection's `max_value` bytes.
    pub(super) async fn ask(&mut self, command: &Cmd) -> Result<Reply, Failure> {
        self.meter.reset(self.most.saturating_add(FRAME));
        let told: Result<Value, _> = command.query_async(&mut self.connection).await;
        told.map(Reply::from).map_err(|error| {
            if let Some(why) = self.meter.turned_away() {
                return Failure::Refused { reason: format!("TLS: {why}"), before: true, wrong_kind: false };
            }
            if self.meter.is_over() { Failure::TooLarge(self.most) } else { Failure::of(&error, &self.scrubber) }
        })
    }
}

impl Session {
    /// The answers to commands, one after the other, without credentials: a value that somebody stored may hold one.
    pub(super) async fn ask_all(&mut self, commands: &[Cmd]) -> Result<Vec<Reply>, Failure> {
        let mut answers = Vec::with_capacity(commands.len());
        for command in commands {
            let answer = self.ask(command).await?;
            answers.push(self.without_credentials(answer));
        }
        Ok(answers)
    }

    fn without_credentials(&self, answer: Reply) -> Reply {
        match answer {
            Reply::Bytes(bytes) => Reply::Bytes(self.scrubber.scrub(&bytes).into_owned()),
            Reply::List(parts) => Reply::List(parts.into_iter().map(|part| self.without_credentials(part)).collect()),
            Reply::Nothing | Reply::Number(_) | Reply::Word(_) | Reply::Other => answer,
        }
    }
}

fn unreached(error: HttpError) -> KeyError {
    match error {
        HttpError::Denied(reason) => KeyError::Denied(reason),
        HttpError::Unreachable(reason) => KeyError::Unreachable(reason),
        HttpError::TimedOut => KeyError::TimedOut,
        HttpError::TooLarge(most) => KeyError::TooLarge(most),
    }
}
