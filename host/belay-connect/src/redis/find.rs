//! Finds the keys of a prefix. The server looks at all its keys for that, a batch at a time; others are served between
//! the batches.

use std::collections::HashSet;

use redis::cmd;

use super::RedisConnection;
use super::refusal::Failure;
use super::reply::Reply;
use super::session::Session;

/// How many keys the server looks at for each batch: some 500 µs of its time. Each batch is a round trip, which on a busy
/// machine takes longer than that.
const BATCH: u32 = 5_000;

/// Where a search stands.
pub(super) struct Cursor {
    at: u64,
    began: bool,
}

impl Cursor {
    pub(super) const fn start() -> Self {
        Self { at: 0, began: false }
    }

    /// From where a page ended.
    pub(super) fn parse(from: Option<&str>) -> Result<Self, String> {
        match from {
            None => Ok(Self::start()),
            Some(text) => match text.parse() {
                Ok(at) if at != 0 => Ok(Self { at, began: true }),
                Ok(_) | Err(_) => Err("a page begins where another ended, and this is no such place".to_owned()),
            },
        }
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.began && self.at == 0
    }

    /// Where the next page begins.
    pub(super) fn next(&self) -> Option<String> {
        (self.at != 0).then(|| self.at.to_string())
    }

    /// The next keys that start with a prefix: none, some, or many.
    pub(super) async fn batch(&mut self, session: &mut Session, prefix: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
        let mut scan = cmd("SCAN");
        scan.arg(self.at).arg("MATCH").arg(pattern(prefix)).arg("COUNT").arg(BATCH);
        let (at, keys) = answered(session.ask(&scan).await?).ok_or_else(Failure::nonsense)?;
        (self.at, self.began) = (at, true);
        Ok(keys.into_iter().filter(|key| key.starts_with(prefix)).collect())
    }
}

/// What a search found.
pub(super) enum Found {
    /// All keys of the prefix, each once.
    All(Vec<Vec<u8>>),
    /// More than this many.
    MoreThan(u64),
}

impl RedisConnection {
    /// Every key that starts with a prefix and is there all along; stops once there are more than `most`.
    pub(super) async fn find(&self, session: &mut Session, prefix: &[u8], most: u64) -> Result<Found, Failure> {
        let mut found = HashSet::new();
        let mut cursor = Cursor::start();
        while !cursor.is_at_end() {
            found.extend(self.within(cursor.batch(session, prefix)).await?);
            if found.len() as u64 > most {
                return Ok(Found::MoreThan(most));
            }
        }
        Ok(Found::All(found.into_iter().collect()))
    }
}

/// `[cursor, [key, …]]`
fn answered(reply: Reply) -> Option<(u64, Vec<Vec<u8>>)> {
    let Reply::List(parts) = reply else { return None };
    let [Reply::Bytes(at), Reply::List(keys)] = <[Reply; 2]>::try_from(parts).ok()? else { return None };
    let at = std::str::from_utf8(&at).ok()?.parse().ok()?;
    let key = |key| if let Reply::Bytes(key) = key { Some(key) } else { None };
    Some((at, keys.into_iter().map(key).collect::<Option<_>>()?))
}

/// The server's own kind of pattern, for what starts with these bytes.
fn pattern(prefix: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(prefix.len() + 1);
    for &byte in prefix {
        if matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern.push(b'*');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_taken_literally() {
        assert_eq!(pattern(b"v[9]*?\\:\xff"), b"v\\[9\\]\\*\\?\\\\:\xff*");
    }

    #[test]
    fn a_page_begins_where_another_ended() {
        assert!(!Cursor::start().is_at_end());
        assert_eq!(Cursor::parse(Some("17")).ok().and_then(|cursor| cursor.next()).as_deref(), Some("17"));
        for text in ["0", "", "-1", "x", "18446744073709551616"] {
            assert!(Cursor::parse(Some(text)).is_err(), "{text}");
        }
    }
}
