//! A server that answers each command as a test says. It knows no command, and keeps nothing.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does about a command.
pub(super) enum Act {
    Say(Vec<u8>),
    Close,
    Silence,
}

pub(super) fn say(bytes: impl AsRef<[u8]>) -> Act {
    Act::Say(bytes.as_ref().to_vec())
}

pub(super) fn bulk(text: &str) -> Vec<u8> {
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

/// The answer to SCAN.
pub(super) fn page(cursor: &str, keys: &[String]) -> Vec<u8> {
    let keys: Vec<u8> = keys.iter().flat_map(|key| bulk(key)).collect();
    let count = keys.iter().filter(|byte| **byte == b'$').count();
    [b"*2\r\n".to_vec(), bulk(cursor), format!("*{count}\r\n").into_bytes(), keys].concat()
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    said: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each command, as `GET key`, by what `act` says of it; the script stands as `…`.
    pub(super) async fn start(act: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (heard, act) = (Arc::clone(&said), Arc::new(act));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&heard), Arc::clone(&act)));
            }
        });
        Self { address, said }
    }

    /// The commands so far.
    pub(super) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, heard: Arc<Mutex<Vec<String>>>, act: Arc<impl Fn(&str) -> Act>) {
    let mut stream = BufReader::new(stream);
    while let Some(command) = command(&mut stream).await {
        heard.lock().unwrap().push(command.clone());
        match act(&command) {
            Act::Say(bytes) => stream.write_all(&bytes).await.unwrap_or_default(),
            Act::Close => return,
            Act::Silence => {}
        }
    }
}

async fn command(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let words = number(stream).await?;
    let mut command = Vec::new();
    for _ in 0..words {
        let mut word = vec![0; number(stream).await? + 2];
        stream.read_exact(&mut word).await.ok()?;
        word.truncate(word.len() - 2);
        let word = String::from_utf8_lossy(&word).into_owned();
        command.push(if word.starts_with("--") { "…".to_owned() } else { word });
    }
    Some(command.join(" "))
}

/// Of a line like `*3` or `$5`.
async fn number(stream: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.trim_end().get(1..)?.parse().ok()
}
