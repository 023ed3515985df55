//! Reads for plugins. Never anything that changes a key.

use belay_domain::id::Millis;
use redis::cmd;
use tokio::time::timeout;

use super::RedisConnection;
use super::find::{Cursor, Found};
use super::refusal::Failure;
use super::reply::Reply;
use super::session::Session;
use crate::read::{KeyError, KeyMeta, KeyPage};

/// The most fields that are read at once.
const MAX_FIELDS: usize = 1_000;
/// The most keys on a page, but for those that the last batch brings.
const MAX_PAGE: u32 = 10_000;

impl RedisConnection {
    /// The value of a key that holds a plain one.
    pub(crate) async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KeyError> {
        tracing::debug!(connection = %self.rules.name, "get");
        let answers = self.ask(&[cmd("GET").arg(key).take()]).await?;
        Ok(bytes(single(answers)?)?)
    }

    /// The values of a hash's fields, in the order of their names.
    pub(crate) async fn fields(&self, key: &[u8], names: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, KeyError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        if names.len() > MAX_FIELDS {
            return Err(KeyError::Denied(format!("{} fields at once, {MAX_FIELDS} are the most", names.len())));
        }
        tracing::debug!(connection = %self.rules.name, fields = names.len(), "fields");
        let answers = self.ask(&[cmd("HMGET").arg(key).arg(names).take()]).await?;
        let Reply::List(values) = single(answers)? else { return Err(Failure::nonsense().into()) };
        if values.len() != names.len() {
            return Err(Failure::nonsense().into());
        }
        Ok(values.into_iter().map(bytes).collect::<Result<_, _>>()?)
    }

    /// What a key is.
    pub(crate) async fn head(&self, key: &[u8]) -> Result<Option<KeyMeta>, KeyError> {
        tracing::debug!(connection = %self.rules.name, "head");
        let answers = self.ask(&[cmd("TYPE").arg(key).take(), cmd("PEXPIRETIME").arg(key).take()]).await?;
        match answers.as_slice() {
            [Reply::Word(kind), Reply::Number(at)] => {
                // -2: there is no such key; -1: it never goes.
                let there = kind != "none" && *at != -2;
                Ok(there.then(|| KeyMeta { kind: kind.clone(), expires: u64::try_from(*at).ok().map(Millis) }))
            }
            _ => Err(Failure::nonsense().into()),
        }
    }

    /// About `limit` keys that start with `prefix`, from the beginning or from where a page ended.
    pub(crate) async fn scan(&self, prefix: &[u8], from: Option<&str>, limit: u32) -> Result<KeyPage, KeyError> {
        let mut cursor = Cursor::parse(from).map_err(KeyError::Denied)?;
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        tracing::debug!(connection = %self.rules.name, limit, "scan");
        let mut keys = Vec::new();
        let paged = async {
            let mut session = self.session().await?;
            while keys.len() < limit {
                let batch = self.within(cursor.batch(&mut session, prefix)).await?;
                keys.extend(batch);
                if cursor.is_at_end() {
                    break;
                }
            }
            self.put(session);
            Ok::<_, KeyError>(())
        };
        timeout(self.scan_timeout, paged).await.map_err(|_| KeyError::TimedOut)??;
        Ok(KeyPage { keys, next: cursor.next() })
    }

    /// How many keys start with `prefix`; none: more than `most`.
    pub(crate) async fn count(&self, prefix: &[u8], most: u64) -> Result<Option<u64>, KeyError> {
        tracing::debug!(connection = %self.rules.name, "count");
        let counted = async {
            let mut session = self.session().await?;
            let found = self.find(&mut session, prefix, most).await?;
            self.put(session);
            Ok(match found {
                Found::All(keys) => Some(keys.len() as u64),
                Found::MoreThan(_) => None,
            })
        };
        timeout(self.scan_timeout, counted).await.map_err(|_| KeyError::TimedOut)?
    }

    /// A session that is known to answer: looking for keys takes many commands, none of which is asked twice.
    async fn session(&self) -> Result<Session, KeyError> {
        if let Some(mut session) = self.take()
            && self.within(session.ask(&cmd("PING"))).await.is_ok()
        {
            return Ok(session);
        }
        self.enter().await
    }
}

/// The value of a key as it is.
pub(super) async fn value_of(session: &mut Session, key: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    bytes(session.ask(cmd("GET").arg(key)).await?)
}

/// The value of a hash's field as it is.
pub(super) async fn field_of(session: &mut Session, key: &[u8], field: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    bytes(session.ask(cmd("HGET").arg(key).arg(field)).await?)
}

fn bytes(reply: Reply) -> Result<Option<Vec<u8>>, Failure> {
    match reply {
        Reply::Nothing => Ok(None),
        Reply::Bytes(bytes) => Ok(Some(bytes)),
        Reply::Number(_) | Reply::Word(_) | Reply::List(_) | Reply::Other => Err(Failure::nonsense()),
    }
}

/// The answer to one command.
fn single(answers: Vec<Reply>) -> Result<Reply, Failure> {
    answers.into_iter().next().ok_or_else(Failure::nonsense)
}
