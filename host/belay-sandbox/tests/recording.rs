//! What is recorded of a call, and that it replays.
#![allow(clippy::unwrap_used, reason = "tests")]

mod guests;

use std::sync::Arc;
use std::time::Duration;

use belay_domain::id::{ConnectionName, Millis};
use belay_domain::json::Json;
use belay_domain::operation::Body;
use belay_domain::state::{Context, Measurement};
use belay_domain::verdict::Verdict;
use belay_sandbox::{
    Access, Call, CallError, CallRecord, CanonicalText, Deadline, Divergence, HttpDigested, HttpError, HttpRequest,
    HttpResponse, KeyCount, KeyError, KeyFields, KeyMeta, KeyPage, KeyScan, Limit, Limits, ObjectDigested, ObjectError,
    ObjectMeta, ObjectRange, Plugin, ReadAnswer, Reading, Reads, RecordError, Replayed, Sandbox, Status,
};

/// Objects and keys that hold `0`, `1`, … in the order in which they are read, after a pause.
struct Counting {
    next: std::sync::atomic::AtomicU32,
    pause: Duration,
}

impl Reads for Counting {
    fn http_send<'a>(
        &'a self,
        _: &'a ConnectionName,
        _: &'a HttpRequest,
    ) -> Reading<'a, Result<HttpResponse, HttpError>> {
        Box::pin(async { Err(HttpError::TimedOut) })
    }

    fn http_digest<'a>(
        &'a self,
        _: &'a ConnectionName,
        _: &'a HttpRequest,
    ) -> Reading<'a, Result<HttpDigested, HttpError>> {
        Box::pin(async { Err(HttpError::TimedOut) })
    }

    fn object_get<'a>(&'a self, _: &'a ConnectionName, _: &'a str) -> Reading<'a, Result<Vec<u8>, ObjectError>> {
        Box::pin(async {
            tokio::time::sleep(self.pause).await;
            let number = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(number.to_string().into_bytes())
        })
    }

    fn object_head<'a>(&'a self, _: &'a ConnectionName, _: &'a str) -> Reading<'a, Result<ObjectMeta, ObjectError>> {
        Box::pin(async { Err(ObjectError::Missing) })
    }

    fn object_digest<'a>(
        &'a self,
        _: &'a ConnectionName,
        _: &'a str,
    ) -> Reading<'a, Result<ObjectDigested, ObjectError>> {
        Box::pin(async { Err(ObjectError::Missing) })
    }

    fn object_list<'a>(
        &'a self,
        _: &'a ConnectionName,
        _: &'a ObjectRange,
    ) -> Reading<'a, Result<Vec<ObjectMeta>, ObjectError>> {
        Box::pin(async { Err(ObjectError::Missing) })
    }

    fn key_get<'a>(
        &'a self,
        connection: &'a ConnectionName,
        key: &'a [u8],
    ) -> Reading<'a, Result<Option<Vec<u8>>, KeyError>> {
        Box::pin(async move {
            if key == b"none" {
                return Ok(None);
            }
            self.object_get(connection, "").await.map(Some).map_err(|_| KeyError::TimedOut)
        })
    }

    fn key_fields<'a>(
        &'a self,
        _: &'a ConnectionName,
        _: &'a KeyFields,
    ) -> Reading<'a, Result<Vec<Option<Body>>, KeyError>> {
        Box::pin(async { Err(KeyError::TimedOut) })
    }

    fn key_head<'a>(&'a self, _: &'a ConnectionName, _: &'a [u8]) -> Reading<'a, Result<Option<KeyMeta>, KeyError>> {
        Box::pin(async { Err(KeyError::TimedOut) })
    }

    fn key_scan<'a>(&'a self, _: &'a ConnectionName, _: &'a KeyScan) -> Reading<'a, Result<KeyPage, KeyError>> {
        Box::pin(async { Err(KeyError::TimedOut) })
    }

    fn key_count<'a>(&'a self, _: &'a ConnectionName, _: &'a KeyCount) -> Reading<'a, Result<Option<u64>, KeyError>> {
        Box::pin(async { Err(KeyError::TimedOut) })
    }
}

async fn measured(plugin: &Plugin, pause_ms: u64) -> Call<Vec<Measurement>> {
    let reads = Arc::new(Counting { next: 0.into(), pause: Duration::from_millis(pause_ms) });
    let access = Access::new(reads, ["pail".parse().unwrap()]);
    let moment = Context { now: Millis(1_700_000_000_000), key: "r-1/0/0".to_owned() };
    let config = Json::parse(r#""pail/deep/key""#).unwrap();
    plugin.as_probe().unwrap().measure(&access, &moment, &config, None).await
}

/// The record as a ledger gives it back.
fn kept(record: &CallRecord) -> CallRecord {
    let summary = Json::from(&record.summary).unwrap().canonical();
    let parts = record.parts();
    let part = |name: &str| parts.iter().find(|part| part.name == name).map(|part| part.bytes.clone());
    CallRecord::from_parts(Json::parse(&summary).unwrap().to().unwrap(), part).unwrap()
}

#[tokio::test]
async fn a_call_with_reads_replays_from_its_parts() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let plugin = sandbox.load(&guests::reads(3), None).unwrap();
    let call = measured(&plugin, 0).await;
    assert_eq!(call.result.unwrap()[0].value.as_deref(), Some("2"));
    let record = call.record;
    assert_eq!(
        String::from_utf8(record.input.clone()).unwrap(),
        r#"{"config":"pail/deep/key","expected":null,"moment":{"key":"r-1/0/0","now":1700000000000}}"#
    );
    let names: Vec<_> = record.parts().into_iter().map(|part| part.name).collect();
    assert_eq!(names, ["call"], "small bodies lie within");
    let whole = record.parts().remove(0).bytes;
    assert_eq!(Json::parse_bytes(&whole).unwrap().canonical().into_bytes(), whole);
    assert_eq!(CallRecord::from_parts(record.summary.clone(), |_| None), Err(RecordError::Missing("call".to_owned())));

    let kept = kept(&record);
    assert_eq!(kept, record);
    assert_eq!(plugin.replay(&kept).await, Ok(Replayed::SameFuel));
}

#[tokio::test]
async fn values_of_keys_replay_and_so_does_their_absence() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let plugin = sandbox.load(&guests::reads_keys(2), None).unwrap();
    let call = measured(&plugin, 0).await;
    assert_eq!(call.result.unwrap()[0].value.as_deref(), Some("1"));
    assert_eq!(call.record.reads[1].answer, ReadAnswer::Value);
    assert_eq!(plugin.replay(&kept(&call.record)).await, Ok(Replayed::SameFuel));

    let reads = Arc::new(Counting { next: 0.into(), pause: Duration::ZERO });
    let access = Access::new(reads, ["pail".parse().unwrap()]);
    let moment = Context { now: Millis(0), key: String::new() };
    let config = Json::parse(r#""pail/none""#).unwrap();
    let call = plugin.as_probe().unwrap().measure(&access, &moment, &config, None).await;
    assert_eq!(call.record.reads[0].answer, ReadAnswer::NoValue);
    assert_eq!(plugin.replay(&kept(&call.record)).await, Ok(Replayed::SameFuel));
}

#[tokio::test]
async fn a_large_body_is_a_part_of_its_own() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let plugin = sandbox.load(&guests::reads(3), None).unwrap();
    let mut record = measured(&plugin, 0).await.record;
    record.reads[1].body = Some(vec![0xff; (64 << 10) + 1]);
    let names = |record: &CallRecord| record.parts().into_iter().map(|part| part.name).collect::<Vec<_>>();
    assert_eq!(names(&record), ["call", "read 1 body"]);
    assert_eq!(kept(&record), record);
    let lost = CallRecord::from_parts(record.summary.clone(), |name| {
        record.parts().into_iter().find(|part| part.name == name && name == "call").map(|part| part.bytes)
    });
    assert_eq!(lost, Err(RecordError::Missing("read 1 body".to_owned())));

    let large = record.reads[1].clone();
    record.reads.extend(vec![large; 64]);
    assert_eq!(names(&record), ["call"], "an entry names no more parts than fit");
    assert_eq!(kept(&record), record);
}

#[tokio::test]
async fn errors_replay_too() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let few = Limits { fuel: 100_000, host_calls: 2, ..Limits::default() };
    let probe = sandbox.load(&guests::reads(3), None).unwrap().with_limits(few).unwrap();
    let over = measured(&probe, 0).await;
    assert_eq!(over.result, Err(CallError::OverLimit(Limit::HostCalls)));
    assert_eq!(probe.replay(&kept(&over.record)).await, Ok(Replayed::SameFuel));

    let empty = CanonicalText::parse("{}").unwrap();
    for code in ["(loop $on (br $on)) unreachable", "unreachable", "(i32.const -8)"] {
        let plugin = sandbox.load(&guests::guardrail("", code), None).unwrap().with_limits(few).unwrap();
        let call = plugin.as_guardrail().unwrap().judge(&empty, &empty).await;
        assert!(call.result.is_err());
        assert_eq!(plugin.replay(&kept(&call.record)).await, Ok(Replayed::SameFuel), "{code}");
    }
}

#[tokio::test]
async fn what_is_not_the_recorded_call_is_noticed() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let plugin = sandbox.load(&guests::reads(2), None).unwrap();
    let record = measured(&plugin, 0).await.record;

    let mut other = record.clone();
    other.input = br#"{"config":"pail/other","moment":{"key":"","now":0}}"#.to_vec();
    assert!(matches!(plugin.replay(&other).await, Err(Divergence::Read { number: 0, .. })));

    let mut other = record.clone();
    other.reads.pop();
    let strayed = plugin.replay(&other).await;
    assert!(matches!(strayed, Err(Divergence::Read { number: 1, recorded: None, .. })), "{strayed:?}");

    let mut other = record.clone();
    other.reads[1].body = Some(b"7".to_vec());
    assert!(matches!(plugin.replay(&other).await, Err(Divergence::Output { .. })));

    let mut other = record.clone();
    other.summary.fuel_used += 1;
    assert!(matches!(plugin.replay(&other).await, Err(Divergence::Fuel { .. })));

    let mut other = record.clone();
    other.summary.engine.wasmtime = "47.0.0".to_owned();
    assert!(matches!(plugin.replay(&other).await, Ok(Replayed::OtherEngine(_))));

    let third = sandbox.load(&guests::reads(3), None).unwrap();
    assert!(matches!(third.replay(&record).await, Err(Divergence::Component { .. })));
}

#[tokio::test]
async fn waiting_is_not_computing_but_counts_in_all() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let plugin = sandbox.load(&guests::reads(3), None).unwrap();
    // Wide apart, for machines that are busy: 300 ms of computing, 450 ms of waiting.
    let patient = plugin.with_limits(Limits { compute_ms: 300, ..Limits::default() }).unwrap();
    assert!(measured(&patient, 150).await.result.is_ok());

    let hurried = plugin.with_limits(Limits { total_ms: 40, ..Limits::default() }).unwrap();
    let call = measured(&hurried, 60_000).await;
    assert_eq!(call.result, Err(CallError::TimedOut(Deadline::InAll)));
    let replayed = hurried.replay(&call.record).await;
    assert_eq!(replayed, Err(Divergence::NotReproducible(Status::TimedOut)));
}

#[tokio::test]
async fn what_reads_bring_in_is_bounded() {
    let sandbox = Sandbox::new(Limits { read_bytes: 2, ..Limits::default() }).unwrap();
    let plugin = sandbox.load(&guests::reads(3), None).unwrap();
    assert_eq!(measured(&plugin, 0).await.result, Err(CallError::OverLimit(Limit::ReadBytes)));
}

#[tokio::test]
async fn a_guardrail_sees_canonical_facts_and_its_lines_are_kept() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let plugin = sandbox.load(&guests::echoes(), None).unwrap();
    let facts = CanonicalText::parse(r#"{ "b": 1, "a": "é" }"#).unwrap();
    let call = plugin.as_guardrail().unwrap().judge(&facts, &CanonicalText::parse("[]").unwrap()).await;
    let seen = r#"{"a":"é","b":1}"#;
    assert_eq!(call.result.unwrap().verdict, Verdict::Deny(vec![seen.to_owned()]));
    assert_eq!(call.record.log.lines[0].message, seen);
    assert_eq!(call.record.input, format!(r#"{{"config":[],"facts":{seen}}}"#).into_bytes());
    assert_eq!(kept(&call.record), call.record);
    assert_eq!(plugin.replay(&kept(&call.record)).await, Ok(Replayed::SameFuel));
}

#[tokio::test]
async fn a_denied_read_replays_without_the_grants_of_then() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let plugin = sandbox.load(&guests::reads(1), None).unwrap();
    let moment = Context { now: Millis(0), key: String::new() };
    let call =
        plugin.as_probe().unwrap().measure(&Access::none(), &moment, &Json::parse(r#""well/x""#).unwrap(), None).await;
    assert!(matches!(call.record.reads[0].answer, ReadAnswer::ObjectError(ObjectError::Denied(_))));
    assert_eq!(plugin.replay(&kept(&call.record)).await, Ok(Replayed::SameFuel));
}
