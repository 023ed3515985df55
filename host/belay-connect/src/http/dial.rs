//! Makes connections. Never dials an address that was not checked, and never uses a proxy.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;

use super::address::{self, Reach};
use super::base::Base;
use super::failed::Failed;
use super::tls::{self, Tls};
use crate::read::HttpError;
use crate::spec::Allow;

/// A connection over which one request after the other can be sent.
pub(crate) type Sender = SendRequest<Full<Bytes>>;

/// Bytes to and from a system, with or without TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The most that an answer's head may take, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// How a connection is made.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) base: Base,
    pub(crate) allow: Vec<Allow>,
    /// Requests carry a credential, which must not travel in the clear beyond private networks.
    pub(crate) carries_credential: bool,
    pub(crate) tls: Tls,
    /// Shared among the addresses of a name: one that swallows packets must not use up the others' time.
    pub(crate) timeout: Duration,
}

impl Dialer {
    /// A stream over which requests can be sent; no byte of one is.
    pub(crate) async fn dial(&self) -> Result<Sender, Failed> {
        handshake(self.stream().await?).await
    }

    /// Resolves the name once, checks each address, connects to the first that answers; with TLS where the connection
    /// has it. No byte of a request is sent.
    pub(crate) async fn stream(&self) -> Result<Box<dyn Stream>, Failed> {
        let stream = self.connect(&self.addresses().await?).await?;
        if !self.base.tls {
            return Ok(Box::new(stream));
        }
        let connector = self.tls.connector().await.map_err(Failed::denied)?;
        let name = ServerName::try_from(self.base.host.clone())
            .map_err(|_| HttpError::Denied(format!("`{}` can't be the name of a certificate", self.base.host)))?;
        let stream =
            connector.connect(name, stream).await.map_err(|error| tls::explain(&self.base.authority, &error))?;
        Ok(Box::new(stream))
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, Failed> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((self.base.host.as_str(), self.base.port))
            .await
            .map_err(|error| Failed::passing(format!("the name {}: {error}", self.base.host)))?
            .collect();
        let mut refusals = Vec::new();
        let mut permitted = Vec::new();
        for address in found {
            match self.refusal(address) {
                Some(reason) => refusals.push(reason),
                None => permitted.push(address),
            }
        }
        if permitted.is_empty() && !refusals.is_empty() {
            refusals.dedup();
            return Err(HttpError::Denied(format!("{}: {}", self.base.host, refusals.join("; "))).into());
        }
        Ok(permitted)
    }

    fn refusal(&self, address: SocketAddr) -> Option<String> {
        let ip = address.ip();
        address::refusal(ip, &self.allow).or_else(|| {
            (self.carries_credential && !self.base.tls && address::reach(ip) == Reach::Public)
                .then(|| format!("{ip} is public: a credential goes there over TLS only"))
        })
    }

    async fn connect(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Failed> {
        let mut reason = "the name has no address".to_owned();
        let share = self.timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Requests are written whole: waiting for more to send would only cost time.
                    stream.set_nodelay(true).map_err(|error| Failed::passing(error.to_string()))?;
                    return Ok(stream);
                }
                Ok(Err(error)) => reason = format!("{address}: {error}"),
                Err(_) => reason = format!("{address}: no answer within {} ms", share.as_millis()),
            }
        }
        // An address that stands for itself is said once.
        let named = if reason.starts_with(&self.base.authority) { "" } else { &format!("{}: ", self.base.authority) };
        Err(Failed::passing(format!("{named}{reason}")))
    }
}

async fn handshake<S>(stream: S) -> Result<Sender, Failed>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failed::passing(error.to_string()))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended");
        }
    });
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_travels_in_the_clear_on_private_networks_only() {
        let refused = |url: &str, carries_credential: bool, address: &str| {
            let dialer = Dialer {
                base: Base::parse(url).unwrap(),
                allow: vec![Allow::Loopback, Allow::Private],
                carries_credential,
                tls: Tls::new(None, None),
                timeout: Duration::from_secs(1),
            };
            dialer.refusal(address.parse().unwrap()).is_some()
        };
        assert!(refused("http://h", true, "1.1.1.1:80"));
        assert!(!refused("http://h", true, "127.0.0.1:80") && !refused("http://h", true, "10.0.0.1:80"));
        assert!(!refused("http://h", false, "1.1.1.1:80") && !refused("https://h", true, "1.1.1.1:443"));
        assert!(refused("https://h", true, "169.254.169.254:443"));
    }
}
