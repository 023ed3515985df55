//! A server that does what a test tells it to, byte for byte.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What it does with the next request.
pub(crate) enum Act {
    /// Answers, and keeps the connection.
    Say(Vec<u8>),
    /// Answers, and closes the connection.
    SayAndClose(Vec<u8>),
    /// Begins to answer, and never goes on.
    SayAndHang(Vec<u8>),
    /// Reads the request, and breaks the connection.
    Break,
    /// Breaks the connection before it reads anything.
    BreakUnread,
}

/// What it was told and what it saw.
#[derive(Default)]
struct Shared {
    acts: Mutex<VecDeque<Act>>,
    requests: Mutex<Vec<String>>,
    connections: Mutex<usize>,
}

pub(crate) struct Server {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

impl Server {
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared { acts: Mutex::new(acts.into_iter().collect()), ..Shared::default() });
        let own = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *own.connections.lock().unwrap() += 1;
                let unread = own.acts.lock().unwrap().pop_front_if(|act| matches!(act, Act::BreakUnread)).is_some();
                if unread {
                    stream.set_zero_linger().unwrap();
                    continue;
                }
                tokio::spawn(serve(stream, Arc::clone(&own)));
            }
        });
        Self { url, shared }
    }

    /// Each request, whole.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    while let Some(request) = read_request(&mut stream).await {
        shared.requests.lock().unwrap().push(request);
        let act = shared.acts.lock().unwrap().pop_front();
        match act {
            Some(Act::Say(answer)) => stream.write_all(&answer).await.unwrap(),
            Some(Act::SayAndClose(answer)) => {
                stream.write_all(&answer).await.unwrap();
                return;
            }
            Some(Act::SayAndHang(answer)) => {
                stream.write_all(&answer).await.unwrap();
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            Some(Act::Break | Act::BreakUnread) | None => return,
        }
    }
}

/// A request with its body, as text; none once the client has closed.
pub(crate) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = String::new();
    let mut piece = [0; 4096];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => text.push_str(std::str::from_utf8(&piece[..count]).unwrap()),
            Ok(_) | Err(_) => return None,
        }
    }
}

/// An answer in the usual form.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// An answer in the usual form that all is well.
pub(crate) fn ok(body: &str) -> Act {
    Act::Say(answer("200 OK", "content-type: application/json\r\n", body))
}
