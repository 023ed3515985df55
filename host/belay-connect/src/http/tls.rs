//! TLS for https connections. Nothing is loaded before the first one is made; there is no way to skip verification.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, AlertDescription, ClientConfig, RootCertStore};

use super::failed::Failed;
use crate::secret::{Secret, SecretReader};
use crate::spec::ClientCertificate;

/// The system's authorities: read once for all connections.
static SYSTEM_ROOTS: OnceLock<Result<Arc<RootCertStore>, String>> = OnceLock::new();

/// One connection's TLS: which authorities it trusts, and by which certificate belay shows who it is.
#[derive(Debug)]
pub(crate) struct Tls {
    ca_file: Option<PathBuf>,
    identity: Option<Identity>,
    roots: tokio::sync::OnceCell<Arc<RootCertStore>>,
    /// Without a client certificate, which is read each time.
    plain: tokio::sync::OnceCell<Arc<ClientConfig>>,
}

#[derive(Debug)]
struct Identity {
    certificate: PathBuf,
    key: SecretReader,
}

impl Tls {
    pub(crate) fn new(ca_file: Option<PathBuf>, client: Option<ClientCertificate>) -> Self {
        let identity =
            client.map(|client| Identity { certificate: client.certificate, key: SecretReader::new(client.key) });
        Self { ca_file, identity, roots: tokio::sync::OnceCell::const_new(), plain: tokio::sync::OnceCell::const_new() }
    }

    /// The connector for one connection.
    pub(crate) async fn connector(&self) -> Result<TlsConnector, String> {
        let roots = self.roots.get_or_try_init(|| blocking(&self.ca_file, |file| roots(file.as_deref()))).await?;
        let config = match &self.identity {
            None => Arc::clone(self.plain.get_or_try_init(|| async { client(roots, None) }).await?),
            Some(identity) => {
                let key = identity.key.read().await?;
                let chain = blocking(&identity.certificate, |path| certificates("`client_certificate`", path)).await?;
                client(roots, Some((&identity.certificate, chain, &key)))?
            }
        };
        Ok(TlsConnector::from(config))
    }
}

/// Reads a file on a thread of its own.
async fn blocking<P, T>(path: &P, read: impl FnOnce(&P) -> Result<T, String> + Send + 'static) -> Result<T, String>
where
    P: Clone + Send + 'static,
    T: Send + 'static,
{
    let path = path.clone();
    tokio::task::spawn_blocking(move || read(&path)).await.map_err(|error| error.to_string())?
}

type ClientIdentity<'a> = (&'a Path, Vec<CertificateDer<'static>>, &'a Secret);

fn client(roots: &Arc<RootCertStore>, identity: Option<ClientIdentity<'_>>) -> Result<Arc<ClientConfig>, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(Arc::clone(roots));
    let Some((path, chain, key)) = identity else {
        return Ok(Arc::new(config.with_no_client_auth()));
    };
    let key = PrivateKeyDer::from_pem_slice(key.bytes())
        .map_err(|_| "`client_certificate`: the key is no private key in PEM".to_owned())?;
    // rustls holds the key against the certificate; what it says names neither's bytes.
    let config = config.with_client_auth_cert(chain, key).map_err(|error| {
        if matches!(error, rustls::Error::InconsistentKeys(_)) {
            format!("`client_certificate`: {} and its key do not belong together", path.display())
        } else {
            format!("`client_certificate` {} can't be used: {error}", path.display())
        }
    })?;
    Ok(Arc::new(config))
}

fn roots(ca_file: Option<&Path>) -> Result<Arc<RootCertStore>, String> {
    match ca_file {
        Some(path) => file_roots(path).map(Arc::new),
        None => SYSTEM_ROOTS.get_or_init(system_roots).clone(),
    }
}

fn file_roots(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("`ca_file`", path)? {
        roots.add(certificate).map_err(|error| format!("`ca_file` {} can't be used: {error}", path.display()))?;
    }
    Ok(roots)
}

/// The certificates of a PEM file; never none.
fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unusable = |reason: String| format!("{key} {} can't be used: {reason}", path.display());
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| unusable(error.to_string()))?;
    if found.is_empty() { Err(unusable("it holds no certificate".to_owned())) } else { Ok(found) }
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

/// Why a handshake failed. Whoever answers with another's certificate, or with no TLS at all, is not down.
pub(crate) fn explain(authority: &str, error: &io::Error) -> Failed {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            let unknown = matches!(reason, rustls::CertificateError::UnknownIssuer);
            let help = if unknown { "; `ca_file` names the authorities that are trusted" } else { "" };
            Failed::denied(format!("TLS with {authority}: its certificate does not match: {error}{help}"))
        }
        Some(rustls::Error::AlertReceived(_)) => match refused_certificate(error) {
            Some(refusal) => Failed::denied(format!("TLS with {authority}: {refusal}")),
            None => Failed::lasting(format!("TLS with {authority}: {error}")),
        },
        Some(_) => Failed::denied(format!("TLS with {authority}: {error}; is this address one for TLS?")),
        None => Failed::passing(format!("TLS with {authority}: {error}")),
    }
}

/// That the system did not accept who belay says it is. It says so while the handshake lasts, which from belay's side
/// may be after a request was sent (RFC 8446, section 4.4.2.4): until it has accepted, it looks at no request.
pub(crate) fn refused_certificate(error: &(dyn Error + 'static)) -> Option<String> {
    let mut error = Some(error);
    while let Some(found) = error {
        let inner = found.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::AlertReceived(alert)) = inner {
            return refusal(*alert);
        }
        error = found.source();
    }
    None
}

/// The alerts that answer a certificate (RFC 8446, section 6.2).
const REFUSALS: [(AlertDescription, &str); 8] = [
    (AlertDescription::BadCertificate, "it is no good"),
    (AlertDescription::UnsupportedCertificate, "its kind is not supported"),
    (AlertDescription::CertificateRevoked, "it was revoked"),
    (AlertDescription::CertificateExpired, "it has expired"),
    (AlertDescription::CertificateUnknown, "it is not known"),
    (AlertDescription::DecryptError, "its signature does not hold"),
    (AlertDescription::UnknownCA, "its authority is not known"),
    (AlertDescription::AccessDenied, "it gives no access"),
];

fn refusal(alert: AlertDescription) -> Option<String> {
    if alert == AlertDescription::CertificateRequired {
        return Some("it wants a client certificate; `client_certificate` on the connection names one".to_owned());
    }
    let (_, why) = REFUSALS.iter().find(|(refusal, _)| *refusal == alert)?;
    Some(format!("it did not accept belay's client certificate: {why}"))
}
