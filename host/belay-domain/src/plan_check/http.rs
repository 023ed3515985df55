//! What holds of an HTTP write: its request means one thing to every server, and its answers leave no doubt.

mod answers;
mod headers;
mod path;

use crate::operation::HttpWrite;

use super::MAX_BODY_BYTES;
use super::violation::Breach;

pub(super) fn check(write: &HttpWrite) -> Vec<Breach> {
    let mut breaches = Vec::new();
    if !matches!(write.method.as_str(), "PUT" | "POST" | "PATCH" | "DELETE") {
        let reason = "the method must be PUT, POST, PATCH or DELETE, in capitals".to_owned();
        breaches.push(Breach::Malformed { reason });
    }
    breaches.extend(path::check(&write.path).err().map(|reason| Breach::Malformed { reason }));
    breaches.extend(headers::check(&write.headers));
    if write.body.0.len() > MAX_BODY_BYTES {
        breaches.push(Breach::TooLarge { bytes: write.body.0.len() as u64, most: MAX_BODY_BYTES as u64 });
    }
    breaches.extend(answers::check(write));
    breaches
}
