//! Reads bodies within limits. Never holds more than the limit, and never takes a cut body for a whole one.

use std::time::Duration;

use belay_domain::digest::Digest;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use crate::read::HttpError;

/// The whole body, of at most `limit` bytes.
pub(super) async fn read_whole(mut body: Incoming, limit: u64) -> Result<Vec<u8>, HttpError> {
    refuse_announced(&body, limit)?;
    let mut whole = Vec::new();
    while let Some(piece) = next(&mut body).await? {
        if (whole.len() + piece.len()) as u64 > limit {
            return Err(HttpError::TooLarge(limit));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// Size and SHA-256 of a body of at most `limit` bytes; each piece within `patience` of the one before.
pub(super) async fn digest(mut body: Incoming, limit: u64, patience: Duration) -> Result<(u64, Digest), HttpError> {
    refuse_announced(&body, limit)?;
    let (mut size, mut hash) = (0, Sha256::new());
    while let Some(piece) = timeout(patience, next(&mut body)).await.map_err(|_| HttpError::TimedOut)?? {
        size += piece.len() as u64;
        if size > limit {
            return Err(HttpError::TooLarge(limit));
        }
        hash.update(&piece);
    }
    Ok((size, Digest::from_bytes(hash.finalize().into())))
}

/// A body whose length is announced need not be read to be refused.
fn refuse_announced(body: &Incoming, limit: u64) -> Result<(), HttpError> {
    if body.size_hint().lower() > limit { Err(HttpError::TooLarge(limit)) } else { Ok(()) }
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, HttpError> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(error)) => return Err(HttpError::Unreachable(format!("the answer broke off: {error}"))),
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
        }
    }
}
