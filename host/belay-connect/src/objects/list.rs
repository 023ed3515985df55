//! Listings in bytewise order of the whole keys. Never shows what is no key of this contract, such as `folder/`, and
//! never takes a listing that was cut for a whole one.
//!
//! Not object_store's: that one shows `folder/` as `folder`, fails as a whole on one strange key, and does not see that
//! more is to come where the way to it is missing.

use std::ops::ControlFlow;

use http_body_util::BodyExt as _;
use hyper::Method;
use object_store::aws::AwsAuthorizer;
use object_store::client::{HttpRequest, HttpRequestBody, HttpService as _};
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;

use super::StoreConnection;
use super::read::{Attempt, settled};
use crate::http::failed::Failed;
use crate::http::scrub::RESERVED;
use crate::http::tries::{Answered, Tries};
use crate::key;
use crate::read::{Meta, ObjectError};

/// The longest listing.
const MOST: usize = 10_000;
/// What a store gives at once.
const PAGE: usize = 1_000;
/// How many pages are looked at for one listing: many may hold nothing but names that are no keys.
const MOST_PAGES: usize = 200;
/// The longest page, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// A page of `ListObjectsV2`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    is_truncated: bool,
    next_continuation_token: Option<String>,
    #[serde(default)]
    contents: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key: String,
    size: u64,
    last_modified: Option<String>,
}

impl StoreConnection {
    pub(crate) async fn list(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<Meta>, ObjectError> {
        key::check_prefix(prefix).map_err(ObjectError::Denied)?;
        let most = usize::try_from(limit).unwrap_or(MOST).min(MOST);
        let mut query = vec![("list-type", "2".to_owned()), ("prefix", self.full(prefix))];
        // An empty key comes before all.
        query.extend(after.filter(|after| !after.is_empty()).map(|after| ("start-after", self.full(after))));
        query.push(("max-keys", most.min(PAGE).to_string()));
        let mut found: Vec<Meta> = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            if found.len() >= most {
                break;
            }
            let page = self.page(&query, token.as_deref()).await?;
            self.take(page.contents, prefix, after.unwrap_or_default(), &mut found)?;
            token = match (page.is_truncated, page.next_continuation_token) {
                (false, _) => {
                    found.truncate(most);
                    return Ok(found);
                }
                (true, Some(token)) => Some(token),
                (true, None) => {
                    return Err(ObjectError::Unreachable("the store's listing was cut short".to_owned()));
                }
            };
        }
        if found.len() < most {
            return Err(ObjectError::Denied(format!(
                "there are more than {} names to look through; list a longer prefix",
                MOST_PAGES * PAGE
            )));
        }
        found.truncate(most);
        Ok(found)
    }

    /// Takes what are keys here, and sees that they come in order.
    fn take(&self, entries: Vec<Entry>, prefix: &str, after: &str, found: &mut Vec<Meta>) -> Result<(), ObjectError> {
        let root = self.full("");
        for Entry { key, size, last_modified } in entries {
            let Some(key) = key.strip_prefix(&root) else { continue };
            if key::check(key).is_err() {
                continue;
            }
            let before = found.last().map_or(after, |last| last.key.as_str());
            if key <= before || !key.starts_with(prefix) {
                return Err(ObjectError::Unreachable(format!(
                    "the store does not list in bytewise order (`{key}` after `{before}`), as directory buckets do not"
                )));
            }
            let modified = last_modified.and_then(|text| millis(&text));
            found.push(Meta { key: key.to_owned(), size, modified });
        }
        Ok(())
    }

    async fn page(&self, query: &[(&str, String)], token: Option<&str>) -> Result<Page, ObjectError> {
        let mut query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        query.extend(token.map(|token| ("continuation-token", token)));
        let mut tries = Tries::within(self.target.timeout, self.target.retry);
        loop {
            let brought = Self::within(tries.left(), self.ask(&query)).await;
            if let ControlFlow::Break(found) = tries.next(brought).await {
                return settled(found);
            }
        }
    }

    async fn ask(&self, query: &[(&str, &str)]) -> Attempt<Page> {
        let session = self.session(None).await?;
        let request = self.request(query, session.credential.as_deref()).map_err(Failed::denied)?;
        let answer = match session.service.call(request).await {
            Ok(answer) if answer.status().is_success() => answer,
            Ok(_) => return session.failure(&self.target.bucket, &std::fmt::Error),
            Err(error) => return session.failure(&self.target.bucket, &error),
        };
        let mut body = answer.into_body();
        let mut whole = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Failed::passing(format!("the listing broke off: {error}")))?;
            whole.extend_from_slice(frame.data_ref().map_or(&[], |data| data.as_ref()));
            if whole.len() > MOST_BYTES {
                return Err(Failed::lasting(format!("a page of the listing is larger than {MOST_BYTES} bytes")));
            }
        }
        let page = quick_xml::de::from_reader(whole.as_slice()).map_err(|_| {
            let reason = "its listing is no store's: it was cut, or a proxy answered in the store's place";
            Failed::denied(reason.to_owned())
        })?;
        Ok(Answered { value: Ok(page), status: 200, wait: None })
    }

    fn request(
        &self,
        query: &[(&str, &str)],
        credential: Option<&object_store::aws::AwsCredential>,
    ) -> Result<HttpRequest, String> {
        let encoded = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, &RESERVED));
        let query = query.iter().map(encoded).collect::<Vec<_>>().join("&");
        let url = format!("{}/{}?{query}", self.target.url.trim_end_matches('/'), self.target.bucket);
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = url.parse().map_err(|_| "the listing has no address".to_owned())?;
        if let Some(credential) = credential {
            AwsAuthorizer::new(credential, "s3", &self.target.region)
                .try_authorize(&mut request, None)
                .map_err(|error| error.to_string())?;
        }
        Ok(request)
    }
}

/// `2026-11-22T18:00:00.000Z` in milliseconds since 1970 UTC.
fn millis(text: &str) -> Option<u64> {
    let at: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(at.as_millisecond()).ok()
}
