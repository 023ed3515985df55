//! TLS for https connections. Nothing is loaded before the first one is made; there is no way to skip verification.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The system's authorities: read once for all connections.
static SYSTEM_ROOTS: OnceLock<Result<Arc<RootCertStore>, String>> = OnceLock::new();

/// One connection's TLS: which authorities it trusts.
#[derive(Debug)]
pub(super) struct Tls {
    ca_file: Option<PathBuf>,
    config: tokio::sync::OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) const fn new(ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, config: tokio::sync::OnceCell::const_new() }
    }

    /// The connector, made at the first call.
    pub(super) async fn connector(&self) -> Result<TlsConnector, String> {
        let config = self.config.get_or_try_init(|| load(self.ca_file.clone())).await?;
        Ok(TlsConnector::from(Arc::clone(config)))
    }
}

async fn load(ca_file: Option<PathBuf>) -> Result<Arc<ClientConfig>, String> {
    let loaded = tokio::task::spawn_blocking(move || client(&roots(ca_file.as_deref())?));
    loaded.await.map_err(|error| error.to_string())?
}

fn client(roots: &Arc<RootCertStore>) -> Result<Arc<ClientConfig>, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(Arc::clone(roots))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn roots(ca_file: Option<&Path>) -> Result<Arc<RootCertStore>, String> {
    match ca_file {
        Some(path) => file_roots(path).map(Arc::new),
        None => SYSTEM_ROOTS.get_or_init(system_roots).clone(),
    }
}

fn file_roots(path: &Path) -> Result<RootCertStore, String> {
    let unusable = |reason: String| format!("`ca_file` {} can't be used: {reason}", path.display());
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| unusable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() { Err(unusable("it holds no certificate".to_owned())) } else { Ok(roots) }
}

fn system_roots() -> Result<Arc<RootCertStore>, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Distributions ship a few certificates that no verifier accepts; they are left out, as everywhere.
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        return Err("this system has no certificate authorities; install them or set `ca_file`".to_owned());
    }
    Ok(Arc::new(roots))
}
