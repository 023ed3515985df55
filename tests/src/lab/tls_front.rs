//! TLS in front of a server that speaks plain HTTP, for `localhost`. Never lets a client through whose certificate its
//! authority did not vouch for, where it wants one.

use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::authority::Vouched;
use super::http1::Request;

/// What a front shows and wants.
#[derive(Debug)]
pub struct TlsFront {
    address: SocketAddr,
    config: Arc<Mutex<Arc<ServerConfig>>>,
}

impl TlsFront {
    /// In front of a server, on a free port, until the process ends.
    ///
    /// # Panics
    /// There is no free port, or a file is none that it should be.
    pub fn start(upstream: SocketAddr, shows: &Vouched, wants: Option<&Path>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = Arc::new(Mutex::new(config(shows, wants)));
        let shared = Arc::clone(&config);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let config = Arc::clone(&shared.lock().unwrap());
                // Clients that it turns away are what the tests are about.
                thread::spawn(move || serve(stream, config, upstream));
            }
        });
        Self { address, config }
    }

    /// What a connection's `url` says.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// Shows this and wants that from now on.
    ///
    /// # Panics
    /// A file is none that it should be.
    pub fn change(&self, shows: &Vouched, wants: Option<&Path>) {
        *self.config.lock().unwrap() = config(shows, wants);
    }
}

fn config(shows: &Vouched, wants: Option<&Path>) -> Arc<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = match wants {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = vec![CertificateDer::from_pem_file(&shows.certificate).unwrap()];
    Arc::new(builder.with_single_cert(chain, PrivateKeyDer::from_pem_file(&shows.key).unwrap()).unwrap())
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, upstream: SocketAddr) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let Some(request) = Request::read(&mut stream)? else { return Ok(()) };
    let answer = request.send(upstream)?;
    let stream = stream.get_mut();
    stream.write_all(&answer)?;
    stream.conn.send_close_notify();
    stream.flush()
}
