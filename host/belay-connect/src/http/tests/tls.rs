//! Claims about TLS.

use std::sync::Arc;

use belay_domain::operation::Outcome;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::server::{answer, read_request};
use super::{alias, connect, perform, read};

/// A server with a certificate of its own for `localhost`. Returns its port and the certificate in PEM.
async fn start() -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            while read_request(&mut stream).await.is_some() {
                stream.write_all(&answer("200 OK", "", "{}")).await.unwrap();
            }
        }
    });
    (port, made.cert.pem())
}

#[tokio::test]
async fn an_authority_from_a_file_is_trusted_for_its_name_only() {
    let (port, pem) = start().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, pem).unwrap();
    let trusting =
        |host: &str| connect(&format!("https://{host}:{port}"), |target| target.ca_file = Some(path.clone()));
    assert_eq!(trusting("localhost").http_send(read("GET", "/x")).await.unwrap().body, b"{}");
    assert!(matches!(perform(&trusting("localhost"), alias()).await.outcome, Outcome::Applied { .. }));
    let error = trusting("127.0.0.1").http_send(read("GET", "/x")).await.unwrap_err().to_string();
    assert!(error.contains("TLS with 127.0.0.1"), "{error}");
}

#[tokio::test]
async fn a_file_without_a_certificate_is_named() {
    let (port, _) = start().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, "nothing").unwrap();
    for file in [path, dir.path().join("missing.pem")] {
        let connections = connect(&format!("https://localhost:{port}"), |target| target.ca_file = Some(file.clone()));
        let error = connections.http_send(read("GET", "/x")).await.unwrap_err().to_string();
        assert!(error.contains(&file.display().to_string()), "{error}");
    }
}
