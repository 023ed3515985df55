//! Observing a resource and planning from what was observed is one look at its system: what a plugin asks again while it
//! plans, it is told as it was told when it observed. Never tells anything twice, so that a plugin which reads again to
//! see whether something moved meanwhile sees it; and nothing is kept beyond one plan.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use belay_domain::id::ConnectionName;
use belay_domain::operation::Body;
use belay_sandbox::{
    HttpDigested, HttpError, HttpRequest, HttpResponse, KeyCount, KeyError, KeyFields, KeyMeta, KeyPage, KeyScan,
    ObjectDigested, ObjectError, ObjectMeta, ObjectRange, Reading, Reads,
};

/// A larger answer is asked for again: it would be held in memory twice.
const MOST_BYTES: usize = 1 << 20;

/// The reads of one look. Only those over HTTP are kept: they are what takes time.
pub(crate) struct OneLook {
    reads: Arc<dyn Reads>,
    told: Mutex<Vec<Told>>,
    plans: AtomicBool,
}

struct Told {
    connection: ConnectionName,
    request: HttpRequest,
    answer: HttpResponse,
}

impl OneLook {
    /// A look that begins with observing.
    pub(crate) fn through(reads: Arc<dyn Reads>) -> Self {
        Self { reads, told: Mutex::default(), plans: AtomicBool::new(false) }
    }

    /// From here on the plugin plans.
    pub(crate) fn plan(&self) {
        self.plans.store(true, Ordering::Relaxed);
    }

    fn told_before(&self, connection: &ConnectionName, request: &HttpRequest) -> Option<HttpResponse> {
        if !self.plans.load(Ordering::Relaxed) {
            return None;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let place = told.iter().position(|told| told.connection == *connection && told.request == *request)?;
        Some(told.swap_remove(place).answer)
    }

    fn tell(&self, connection: &ConnectionName, request: &HttpRequest, answer: &HttpResponse) {
        if self.plans.load(Ordering::Relaxed) || answer.body.len() > MOST_BYTES {
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // The latest answer to a request is what the plugin went by.
        told.retain(|told| told.connection != *connection || told.request != *request);
        let (connection, request, answer) = (connection.clone(), request.clone(), answer.clone());
        told.push(Told { connection, request, answer });
    }
}

impl Reads for OneLook {
    fn http_send<'a>(
        &'a self,
        connection: &'a ConnectionName,
        request: &'a HttpRequest,
    ) -> Reading<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            if let Some(answer) = self.told_before(connection, request) {
                return Ok(answer);
            }
            let answer = self.reads.http_send(connection, request).await;
            if let Ok(answer) = &answer {
                self.tell(connection, request, answer);
            }
            answer
        })
    }

    fn http_digest<'a>(
        &'a self,
        connection: &'a ConnectionName,
        request: &'a HttpRequest,
    ) -> Reading<'a, Result<HttpDigested, HttpError>> {
        self.reads.http_digest(connection, request)
    }

    fn object_get<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<Vec<u8>, ObjectError>> {
        self.reads.object_get(connection, key)
    }

    fn object_head<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<ObjectMeta, ObjectError>> {
        self.reads.object_head(connection, key)
    }

    fn object_digest<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a str,
    ) -> Reading<'a, Result<ObjectDigested, ObjectError>> {
        self.reads.object_digest(connection, key)
    }

    fn object_list<'a>(
        &'a self,
        connection: &'a ConnectionName,
        range: &'a ObjectRange,
    ) -> Reading<'a, Result<Vec<ObjectMeta>, ObjectError>> {
        self.reads.object_list(connection, range)
    }

    fn key_get<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a [u8],
    ) -> Reading<'a, Result<Option<Vec<u8>>, KeyError>> {
        self.reads.key_get(connection, key)
    }

    fn key_fields<'a>(
        &'a self,
        connection: &'a ConnectionName,
        fields: &'a KeyFields,
    ) -> Reading<'a, Result<Vec<Option<Body>>, KeyError>> {
        self.reads.key_fields(connection, fields)
    }

    fn key_head<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a [u8],
    ) -> Reading<'a, Result<Option<KeyMeta>, KeyError>> {
        self.reads.key_head(connection, key)
    }

    fn key_scan<'a>(
        &'a self,
        connection: &'a ConnectionName,
        scan: &'a KeyScan,
    ) -> Reading<'a, Result<KeyPage, KeyError>> {
        self.reads.key_scan(connection, scan)
    }

    fn key_count<'a>(
        &'a self,
        connection: &'a ConnectionName,
        count: &'a KeyCount,
    ) -> Reading<'a, Result<Option<u64>, KeyError>> {
        self.reads.key_count(connection, count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::reads::Lines;

    fn request(path: &str) -> HttpRequest {
        HttpRequest { method: "GET".to_owned(), path: path.to_owned(), headers: Vec::new(), body: Body(Vec::new()) }
    }

    fn answer(body: &[u8]) -> HttpResponse {
        HttpResponse { status: 200, headers: Vec::new(), body: body.to_vec(), took_us: 7, failed_before: Vec::new() }
    }

    #[test]
    fn planning_is_told_once_what_observing_was_told_last() {
        let look = OneLook::through(Arc::new(Lines::open([])));
        let (flags, others): (ConnectionName, ConnectionName) = ("flags".parse().unwrap(), "others".parse().unwrap());
        look.tell(&flags, &request("/a"), &answer(b"1"));
        assert_eq!(look.told_before(&flags, &request("/a")), None, "whoever observes asks anew");
        look.tell(&flags, &request("/a"), &answer(b"2"));
        look.tell(&flags, &request("/large"), &answer(&vec![0; MOST_BYTES + 1]));
        look.plan();
        assert_eq!(look.told_before(&flags, &request("/b")), None);
        assert_eq!(look.told_before(&others, &request("/a")), None);
        assert_eq!(look.told_before(&flags, &request("/large")), None);
        assert_eq!(look.told_before(&flags, &request("/a")), Some(answer(b"2")));
        assert_eq!(look.told_before(&flags, &request("/a")), None, "a plugin that reads twice looks twice");
        look.tell(&flags, &request("/a"), &answer(b"3"));
        assert_eq!(look.told_before(&flags, &request("/a")), None);
    }
}
