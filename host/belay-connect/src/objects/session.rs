//! One operation's store: with the credential of this moment, and with what became of its request. Never outlives the
//! operation.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential};
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::{CredentialProvider, RetryConfig};
use tokio::time::timeout;

use super::refusal::{Fate, Refusal};
use super::service::{Act, Service};
use super::{Signer, StoreConnection};
use crate::http::failed::Failed;
use crate::http::scrub::Scrubber;
use crate::http::tries::Answered;
use crate::read::{HttpError, ObjectError};
use crate::secret::SecretReader;

/// One operation's store.
pub(super) struct Session {
    pub(super) store: AmazonS3,
    pub(super) service: Service,
    pub(super) credential: Option<Arc<AwsCredential>>,
    scrubber: Scrubber,
    fate: Arc<Mutex<Option<Fate>>>,
}

/// Hands out the one service that an operation has.
#[derive(Debug)]
struct Connector(Service);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// The credential of one operation.
#[derive(Debug)]
struct Held(Arc<AwsCredential>);

#[async_trait]
impl CredentialProvider for Held {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        Ok(Arc::clone(&self.0))
    }
}

impl StoreConnection {
    /// A store for one operation; with an `act` for a write.
    pub(super) async fn session(&self, act: Option<Act>) -> Result<Session, Failed> {
        let (credential, scrubber) = match &self.signer {
            Some(signer) => signer.credential().await.map_err(Failed::denied)?,
            None => (None, Scrubber::none()),
        };
        let fate = Arc::new(Mutex::new(None));
        let service = Service {
            line: Arc::clone(&self.line),
            timeout: self.target.timeout,
            act: act.map(Arc::new),
            fate: Arc::clone(&fate),
        };
        let store = self.build(&service, credential.clone()).map_err(|error| Failed::denied(error.to_string()))?;
        Ok(Session { store, service, credential, scrubber, fate })
    }

    fn build(&self, service: &Service, credential: Option<Arc<AwsCredential>>) -> object_store::Result<AmazonS3> {
        // Trying again is this crate's business: for reads it tells, and for writes it does not.
        let never = RetryConfig { max_retries: 0, ..RetryConfig::default() };
        let builder = AmazonS3Builder::new()
            .with_endpoint(self.target.url.trim_end_matches('/'))
            .with_virtual_hosted_style_request(false)
            .with_bucket_name(&self.target.bucket)
            .with_region(&self.target.region)
            .with_disable_bulk_delete(true)
            .with_retry(never)
            .with_http_connector(Connector(service.clone()));
        match credential {
            Some(credential) => builder.with_credentials(Arc::new(Held(credential))).build(),
            None => builder.with_skip_signature(true).build(),
        }
    }

    /// Work within a time limit.
    pub(super) async fn within<T>(
        limit: std::time::Duration,
        work: impl Future<Output = Result<T, Failed>>,
    ) -> Result<T, Failed> {
        timeout(limit, work).await.unwrap_or_else(|_| Err(HttpError::TimedOut.into()))
    }
}

impl Session {
    /// What became of the request; none where none was made.
    pub(super) fn fate(&self) -> Option<Fate> {
        self.fate.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Text of the store's without the credential.
    pub(super) fn shown(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.scrubber.scrub(text.as_bytes())).into_owned()
    }

    /// What a read that brought nothing means: what the store said, or that it could not be asked.
    pub(super) fn failure<T>(
        &self,
        bucket: &str,
        error: &dyn std::error::Error,
    ) -> Result<Answered<Result<T, ObjectError>>, Failed> {
        match self.fate() {
            Some(Fate::Answered { status, body, wait, .. }) => {
                let value = Err(Refusal::of(status, &body).for_read(bucket, |text| self.shown(text)));
                Ok(Answered { value, status, wait })
            }
            Some(Fate::Failed(failed)) => Err(failed),
            // A request that was not made, or an answer that object_store does not understand.
            Some(Fate::Stopped(_) | Fate::Unanswered(_)) | None => {
                Err(Failed::denied(format!("its answer is no store's: {}", self.shown(&error.to_string()))))
            }
        }
    }
}

impl Signer {
    async fn credential(&self) -> Result<(Option<Arc<AwsCredential>>, Scrubber), String> {
        let key_id = text(&self.key_id).await?;
        let secret_key = text(&self.secret).await?;
        let token = match &self.token {
            Some(reader) => Some(text(reader).await?),
            None => None,
        };
        let scrubber =
            Scrubber::of(&[key_id.as_bytes(), secret_key.as_bytes(), token.as_ref().unwrap_or(&secret_key).as_bytes()]);
        Ok((Some(Arc::new(AwsCredential { key_id, secret_key, token })), scrubber))
    }
}

/// A secret that a header can hold: object_store takes that for granted.
async fn text(reader: &SecretReader) -> Result<String, String> {
    let secret = reader.read().await?;
    match String::from_utf8(secret.bytes().to_vec()) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text),
        Ok(_) | Err(_) => Err("the credential contains what no header can hold".to_owned()),
    }
}
