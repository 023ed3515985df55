//! HTTP/1.1 as the lab's own servers and clients speak it; the clients ask once on each connection. Never for people's use:
//! no chunked requests, no limits.

use std::io::{self, BufRead, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long a server of the lab may take; a test fails then, and does not hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// `GET`
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Whole.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Whole.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers of its own.
    pub fn new(method: &str, target: &str, body: &[u8]) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: body.to_vec() }
    }

    /// A request that says JSON; `null` is no body.
    pub fn json(method: &str, target: &str, body: &Value) -> Self {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = Self::new(method, target, body.as_bytes());
        request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        request
    }

    /// Reads one; nothing where the connection ends first.
    ///
    /// # Errors
    /// The connection breaks, or what comes is no request.
    pub fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(start) = line(from)? else { return Ok(None) };
        let mut words = start.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Err(no_http()) };
        let mut request = Self::new(method, target, &[]);
        while let Some(header) = line(from)?.filter(|line| !line.is_empty()) {
            let (name, value) = header.split_once(':').ok_or_else(no_http)?;
            request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = request.header("content-length").map_or(Ok(0), str::parse).map_err(|_| no_http())?;
        request.body = vec![0; length];
        from.read_exact(&mut request.body)?;
        Ok(Some(request))
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Sends it and gives the answer's bytes as they came. The server is asked to close.
    ///
    /// # Errors
    /// The server can't be reached, or breaks off.
    pub fn send(&self, to: SocketAddr) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in
            self.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "connection" | "content-length"))
        {
            head += &format!("{name}: {value}\r\n");
        }
        if self.header("host").is_none() {
            head += &format!("host: {to}\r\n");
        }
        head += &format!("connection: close\r\ncontent-length: {}\r\n\r\n", self.body.len());
        stream.write_all(&[head.as_bytes(), &self.body].concat())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

impl Answer {
    /// Takes an answer's bytes apart, as they come from a server that was asked to close.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, body: bytes[end + 4..].to_vec() })
    }

    /// An answer's bytes. Its sender closes the connection.
    pub fn bytes(status: u16, content_type: &str, body: &[u8]) -> Vec<u8> {
        Self::with(status, content_type, "connection: close\r\n", body)
    }

    /// An answer's bytes. More may be asked on the same connection.
    pub fn kept_alive(status: u16, content_type: &str, body: &[u8]) -> Vec<u8> {
        Self::with(status, content_type, "", body)
    }

    fn with(status: u16, content_type: &str, more: &str, body: &[u8]) -> Vec<u8> {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} Lab\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n{more}\r\n");
        [head.as_bytes(), body].concat()
    }
}

/// A line without its end; nothing at the end of the connection.
fn line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = from.read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn no_http() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no HTTP/1.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_sent() {
        let bytes = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET";
        let request = Request::read(&mut bytes.as_slice()).unwrap().unwrap();
        assert_eq!(
            (request.method.as_str(), request.target.as_str(), request.body.as_slice()),
            ("POST", "/a?b=c", &b"hi"[..])
        );
        assert_eq!(request.header("host"), Some("x"));
        assert_eq!(Request::read(&mut &b""[..]).unwrap(), None);
        assert!(Request::read(&mut &b"\x16\x03\x01\r\n\r\n"[..]).is_err());
    }

    #[test]
    fn an_answer_is_taken_apart_as_it_was_put_together() {
        let bytes = Answer::bytes(404, "text/html", b"<p>\r\n\r\n</p>");
        assert_eq!(Answer::parse(&bytes), Some(Answer { status: 404, body: b"<p>\r\n\r\n</p>".to_vec() }));
        assert_eq!(Answer::parse(b"HTTP/1.1 200 OK\r\n"), None);
    }
}
