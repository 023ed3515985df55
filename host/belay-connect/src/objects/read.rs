//! Reads of single objects.

use std::ops::ControlFlow;
use std::time::Duration;

use belay_domain::digest::Digest;
use futures_util::StreamExt as _;
use object_store::path::Path;
use object_store::{GetResult, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::StoreConnection;
use crate::http::failed::Failed;
use crate::http::tries::{Answered, Tries};
use crate::key;
use crate::read::{HttpError, Meta, ObjectError};

/// What one attempt at a read brought: the store's answer, if only that it has none.
pub(super) type Attempt<T> = Result<Answered<Result<T, ObjectError>>, Failed>;

/// An object's bytes by their digest, with the tag of just these bytes.
#[derive(Debug)]
pub(super) struct Tagged {
    pub(super) size: u64,
    pub(super) sha256: Digest,
    pub(super) etag: String,
}

impl StoreConnection {
    pub(crate) async fn get(&self, key: &str) -> Result<Vec<u8>, ObjectError> {
        let path = self.path(key)?;
        let mut tries = Tries::within(self.target.timeout, self.target.retry);
        loop {
            let brought = Self::within(tries.left(), self.fetch(&path)).await;
            if let ControlFlow::Break(found) = tries.next(brought).await {
                return settled(found);
            }
        }
    }

    pub(crate) async fn head(&self, key: &str) -> Result<Meta, ObjectError> {
        let path = self.path(key)?;
        let mut tries = Tries::within(self.target.timeout, self.target.retry);
        loop {
            let brought = Self::within(tries.left(), self.look_up(&path)).await;
            if let ControlFlow::Break(found) = tries.next(brought).await {
                return settled(found).map(|(size, modified)| Meta { key: key.to_owned(), size, modified });
            }
        }
    }

    pub(crate) async fn digest(&self, key: &str) -> Result<(u64, Digest), ObjectError> {
        self.tagged(key).await.map(|found| (found.size, found.sha256))
    }

    /// The digest of an object, streamed. Tried again only until the answer's head is there.
    pub(super) async fn tagged(&self, key: &str) -> Result<Tagged, ObjectError> {
        let path = self.path(key)?;
        let mut tries = Tries::within(self.target.digest_timeout, self.target.retry);
        loop {
            let brought = Self::within(self.target.timeout.min(tries.left()), self.begin(&path)).await;
            if let ControlFlow::Break(found) = tries.next(brought).await {
                let (found, etag) = settled(found)?;
                let work = digested(found, etag, self.target.max_digest, self.target.timeout);
                return timeout(tries.left(), work).await.unwrap_or(Err(ObjectError::TimedOut));
            }
        }
    }

    /// A checked key as object_store knows it.
    pub(super) fn path(&self, key: &str) -> Result<Path, ObjectError> {
        key::check(key).map_err(ObjectError::Denied)?;
        Path::parse(self.full(key)).map_err(|error| ObjectError::Denied(error.to_string()))
    }

    async fn fetch(&self, path: &Path) -> Attempt<Vec<u8>> {
        let Answered { value, status, wait } = self.begin(path).await?;
        let value = match value {
            Ok((found, _)) => whole(found, self.target.max_object).await?,
            Err(error) => Err(error),
        };
        Ok(Answered { value, status, wait })
    }

    async fn begin(&self, path: &Path) -> Attempt<(GetResult, String)> {
        let session = self.session(None).await?;
        match session.store.get(path).await {
            Ok(found) => {
                let etag = found.meta.e_tag.clone().ok_or_else(untagged)?;
                Ok(Answered { value: Ok((found, etag)), status: 200, wait: None })
            }
            Err(error) => session.failure(&self.target.bucket, &error),
        }
    }

    /// Size and time of the last change. A refused HEAD says nothing of why, so a GET is asked then.
    async fn look_up(&self, path: &Path) -> Attempt<(u64, Option<u64>)> {
        let session = self.session(None).await?;
        match session.store.head(path).await {
            Ok(meta) if meta.e_tag.is_some() => {
                let modified = u64::try_from(meta.last_modified.timestamp_millis()).ok();
                Ok(Answered { value: Ok((meta.size, modified)), status: 200, wait: None })
            }
            Ok(_) => Err(untagged()),
            Err(_) => {
                let Answered { value, status, wait } = self.begin(path).await?;
                let value = value.map(|(found, _)| {
                    (found.meta.size, u64::try_from(found.meta.last_modified.timestamp_millis()).ok())
                });
                Ok(Answered { value, status, wait })
            }
        }
    }
}

/// Every store tags what it gives out; a proxy's page has no tag.
fn untagged() -> Failed {
    Failed::denied("its answer has no entity tag: it is no store's, a proxy may have answered in its place".to_owned())
}

/// The answer to a read, once it is final.
pub(super) fn settled<T>(found: Result<Result<T, ObjectError>, HttpError>) -> Result<T, ObjectError> {
    found.unwrap_or_else(|error| {
        Err(match error {
            HttpError::Denied(reason) => ObjectError::Denied(reason),
            HttpError::Unreachable(reason) => ObjectError::Unreachable(reason),
            HttpError::TimedOut => ObjectError::TimedOut,
            HttpError::TooLarge(limit) => ObjectError::TooLarge(limit),
        })
    })
}

async fn whole(found: GetResult, limit: u64) -> Result<Result<Vec<u8>, ObjectError>, Failed> {
    if found.meta.size > limit {
        return Ok(Err(ObjectError::TooLarge(limit)));
    }
    let mut bytes = Vec::new();
    let mut pieces = found.into_stream();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| Failed::passing(broken(&error)))?);
        if bytes.len() as u64 > limit {
            return Ok(Err(ObjectError::TooLarge(limit)));
        }
    }
    Ok(Ok(bytes))
}

async fn digested(found: GetResult, etag: String, limit: u64, patience: Duration) -> Result<Tagged, ObjectError> {
    let (mut size, mut hash) = (0, Sha256::new());
    let mut pieces = found.into_stream();
    while let Some(piece) = timeout(patience, pieces.next()).await.map_err(|_| ObjectError::TimedOut)? {
        let piece = piece.map_err(|error| ObjectError::Unreachable(broken(&error)))?;
        size += piece.len() as u64;
        if size > limit {
            return Err(ObjectError::TooLarge(limit));
        }
        hash.update(&piece);
    }
    Ok(Tagged { size, sha256: Digest::from_bytes(hash.finalize().into()), etag })
}

fn broken(error: &object_store::Error) -> String {
    format!("the object broke off: {error}")
}
