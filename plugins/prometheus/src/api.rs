//! The server's API: <https://prometheus.io/docs/prometheus/latest/querying/api/>.

use belay_sdk::{Fault, Reads, json};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::answer::{Answer, Data};

/// RFC 3986: all but unreserved characters.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A server behind a connection.
pub(crate) struct Server<'a> {
    pub(crate) reads: &'a dyn Reads,
    pub(crate) connection: &'a str,
}

impl Server<'_> {
    /// The result of an instant query, at the server's own present.
    pub(crate) fn ask(&self, query: &str) -> Result<Data, Fault> {
        let path = format!("/api/v1/query?query={}", utf8_percent_encode(query, &RESERVED));
        let answer = self.reads.get(self.connection, &path)?;
        let what = format!("GET {path} at {}: {}", self.connection, answer.status);
        match answer.status {
            200 | 400 | 422 => json::answered::<Answer>(&answer.body, &what)?.data(query),
            401 | 403 | 408 | 429 | 500.. => Err(Fault::Unavailable(what)),
            _ => Err(Fault::Unexpected(what)),
        }
    }
}
