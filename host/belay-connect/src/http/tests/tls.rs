//! Claims about TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use belay_domain::operation::Outcome;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::server::{answer, read_request};
use super::{alias, connect, perform, read};
use crate::{ClientCertificate, Connections, HttpError, SecretSource};

/// A server with a certificate of its own for `localhost`; with an authority, it wants clients that it vouches for.
/// Returns its port and the certificate in PEM.
async fn start(clients: Option<&Authority>) -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(ring::default_provider());
    let config =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            config.with_client_cert_verifier(verifier)
        }
    };
    let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                while read_request(&mut stream).await.is_some() {
                    stream.write_all(&answer("200 OK", "", "{}")).await.unwrap();
                }
            });
        }
    });
    (port, made.cert.pem())
}

/// Vouches for clients.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// The files of a client's certificate and of its key.
    fn vouch(&self, dir: &Path, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let files = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }
}

fn trusting(host: &str, port: u16, ca_file: &Path, client: Option<(PathBuf, PathBuf)>) -> Connections {
    connect(&format!("https://{host}:{port}"), |target| {
        target.ca_file = Some(ca_file.to_path_buf());
        target.client_certificate =
            client.map(|(certificate, key)| ClientCertificate { certificate, key: SecretSource::File(key) });
    })
}

/// Why a read is denied: what does not match does not count as down, or a step could be skipped for it.
async fn denial(connections: &Connections) -> String {
    match connections.http_send(read("GET", "/x")).await {
        Err(HttpError::Denied(reason)) => reason,
        other => panic!("not denied: {other:?}"),
    }
}

#[tokio::test]
async fn an_authority_from_a_file_is_trusted_for_its_name_only() {
    let (port, pem) = start(None).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, pem).unwrap();
    let trusting = |host: &str| trusting(host, port, &path, None);
    assert_eq!(trusting("localhost").http_send(read("GET", "/x")).await.unwrap().body, b"{}");
    assert!(matches!(perform(&trusting("localhost"), alias()).await.outcome, Outcome::Applied { .. }));
    let error = denial(&trusting("127.0.0.1")).await;
    assert!(error.contains("TLS with 127.0.0.1") && error.contains("its certificate does not match"), "{error}");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_named_and_nothing_is_sent() {
    let ((port, _), (_, other)) = (start(None).await, start(None).await);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, other).unwrap();
    let connections = trusting("localhost", port, &path, None);
    let error = denial(&connections).await;
    assert!(error.contains("its certificate does not match"), "{error}");
    let outcome = perform(&connections, alias()).await.outcome;
    assert!(matches!(&outcome, Outcome::NotApplied { reason } if reason.contains("TLS with localhost")), "{outcome:?}");
}

#[tokio::test]
async fn a_file_without_a_certificate_is_named() {
    let (port, _) = start(None).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, "nothing").unwrap();
    for file in [path, dir.path().join("missing.pem")] {
        let connections = connect(&format!("https://localhost:{port}"), |target| target.ca_file = Some(file.clone()));
        let error = denial(&connections).await;
        assert!(error.contains(&file.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn belay_shows_its_certificate_where_the_system_wants_one() {
    let (authority, stranger) = (Authority::new("ours"), Authority::new("theirs"));
    let (port, pem) = start(Some(&authority)).await;
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, pem).unwrap();
    let good = authority.vouch(dir.path(), "belay");
    let unknown = stranger.vouch(dir.path(), "stranger");
    let known = trusting("localhost", port, &ca, Some(good));
    assert_eq!(known.http_send(read("GET", "/x")).await.unwrap().body, b"{}");
    assert!(matches!(perform(&known, alias()).await.outcome, Outcome::Applied { .. }));

    for (client, expected) in [(None, "`client_certificate` on the connection"), (Some(unknown), "did not accept")] {
        let connections = trusting("localhost", port, &ca, client);
        let error = denial(&connections).await;
        assert!(error.contains(expected), "{error}");
        // In TLS 1.3 the request is on its way before the system says no; it is not looked at.
        let outcome = perform(&connections, alias()).await.outcome;
        assert!(matches!(&outcome, Outcome::NotApplied { reason } if reason.contains(expected)), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_certificate_and_a_key_that_do_not_fit_are_named_before_anything_is_sent() {
    let authority = Authority::new("ours");
    let (port, pem) = start(Some(&authority)).await;
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, pem).unwrap();
    let (one, other) = (authority.vouch(dir.path(), "one"), authority.vouch(dir.path(), "other"));
    let no_key = dir.path().join("no.key");
    std::fs::write(&no_key, "canary").unwrap();
    for (client, expected) in [
        ((one.0.clone(), other.1), "one.pem and its key do not belong together"),
        ((one.0.clone(), no_key), "no private key"),
        ((one.0.clone(), dir.path().join("missing.key")), "missing.key"),
        ((dir.path().join("missing.pem"), one.1.clone()), "missing.pem"),
        ((one.1.clone(), one.1.clone()), "holds no certificate"),
    ] {
        let connections = trusting("localhost", port, &ca, Some(client));
        let error = denial(&connections).await;
        assert!(error.contains(expected) && !error.contains("canary"), "{error}");
        let outcome = perform(&connections, alias()).await.outcome;
        assert!(matches!(&outcome, Outcome::NotApplied { .. }), "{outcome:?}");
    }
}

/// The address of whoever says this to each that comes, and closes.
async fn says(words: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 16 << 10];
            let _read = stream.read(&mut hello).await;
            let _written = stream.write_all(words).await;
        }
    });
    url
}

#[tokio::test]
async fn what_speaks_no_tls_is_not_down_and_what_breaks_off_is() {
    let plain = says(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let error = denial(&connect(&plain, |_| {})).await;
    assert!(error.contains("is this address one for TLS?"), "{error}");
    let found = connect(&says(b"").await, |_| {}).http_send(read("GET", "/x")).await;
    assert!(matches!(found, Err(HttpError::Unreachable(_))), "{found:?}");
}
