//! One read of a plugin as it is kept: what was asked, what came back.

use belay_domain::operation::Body;
use serde::{Deserialize, Serialize};

use crate::reads::{
    HttpDigested, HttpError, HttpRequest, HttpResponse, KeyCount, KeyError, KeyFields, KeyMeta, KeyPage, KeyScan,
    ObjectDigested, ObjectError, ObjectMeta, ObjectRange,
};

/// One read: request and answer. Denied reads are kept too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadRecord {
    /// What the plugin asked for.
    pub request: ReadRequest,
    /// What it was told, but for the bytes of a body.
    pub answer: ReadAnswer,
    /// The body or object that it was given, where the answer has one.
    pub body: Option<Vec<u8>>,
}

/// What a plugin asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReadRequest {
    /// The connection, as the plugin wrote it.
    pub connection: String,
    /// What to read there.
    pub read: Read,
}

/// What to read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    /// `http.send`.
    HttpSend(HttpRequest),
    /// `http.digest`.
    HttpDigest(HttpRequest),
    /// `objects.get` of a key.
    ObjectGet(String),
    /// `objects.head` of a key.
    ObjectHead(String),
    /// `objects.digest` of a key.
    ObjectDigest(String),
    /// `objects.list`.
    ObjectList(ObjectRange),
    /// `keyvalue.get` of a key.
    KeyGet(Body),
    /// `keyvalue.fields`.
    KeyFields(KeyFields),
    /// `keyvalue.head` of a key.
    KeyHead(Body),
    /// `keyvalue.scan`.
    KeyScan(KeyScan),
    /// `keyvalue.count`.
    KeyCount(KeyCount),
}

/// What a plugin was told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadAnswer {
    /// A response; its body is beside it.
    HttpResponse {
        /// The HTTP status.
        status: u16,
        /// Its headers.
        headers: Vec<(String, String)>,
        /// From sending the request to the body's end, in microseconds.
        #[serde(default)]
        took_us: u64,
        /// Why the host's attempts before this one brought nothing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed_before: Vec<String>,
    },
    /// A body by its digest.
    HttpDigested(HttpDigested),
    /// No answer over HTTP.
    HttpError(HttpError),
    /// An object; its bytes are beside it.
    Object,
    /// What is known of an object.
    ObjectMeta(ObjectMeta),
    /// An object by its digest.
    ObjectDigested(ObjectDigested),
    /// Objects listed.
    Objects(Vec<ObjectMeta>),
    /// No answer about an object.
    ObjectError(ObjectError),
    /// A key's value; its bytes are beside it.
    Value,
    /// No such key.
    NoValue,
    /// The values of a hash's fields.
    FieldValues(Vec<Option<Body>>),
    /// What a key is, if it is.
    KeyMeta(Option<KeyMeta>),
    /// A page of keys.
    Keys(KeyPage),
    /// How many keys there are, unless more than asked.
    KeysCounted(Option<u64>),
    /// No answer about keys.
    KeyError(KeyError),
}

impl ReadRecord {
    /// How many bytes the read brought in, roughly: what [`crate::Limits::read_bytes`] counts.
    pub fn size(&self) -> u64 {
        let listed = match &self.answer {
            ReadAnswer::HttpResponse { headers, .. } => {
                headers.iter().map(|(name, value)| name.len() + value.len()).sum()
            }
            ReadAnswer::Objects(objects) => objects.iter().map(|meta| meta.key.len() + size_of::<ObjectMeta>()).sum(),
            ReadAnswer::FieldValues(values) => values.iter().flatten().map(|value| value.0.len()).sum(),
            ReadAnswer::Keys(page) => page.keys.iter().map(|key| key.0.len() + size_of::<Body>()).sum(),
            ReadAnswer::HttpDigested(_)
            | ReadAnswer::HttpError(_)
            | ReadAnswer::Object
            | ReadAnswer::ObjectMeta(_)
            | ReadAnswer::ObjectDigested(_)
            | ReadAnswer::ObjectError(_)
            | ReadAnswer::Value
            | ReadAnswer::NoValue
            | ReadAnswer::KeyMeta(_)
            | ReadAnswer::KeysCounted(_)
            | ReadAnswer::KeyError(_) => 0,
        };
        (listed + self.body.as_ref().map_or(0, Vec::len)) as u64
    }
}

impl ReadAnswer {
    /// Whether bytes belong beside it.
    pub const fn has_body(&self) -> bool {
        match self {
            Self::HttpResponse { .. } | Self::Object | Self::Value => true,
            Self::HttpDigested(_)
            | Self::HttpError(_)
            | Self::ObjectMeta(_)
            | Self::ObjectDigested(_)
            | Self::Objects(_)
            | Self::ObjectError(_)
            | Self::NoValue
            | Self::FieldValues(_)
            | Self::KeyMeta(_)
            | Self::Keys(_)
            | Self::KeysCounted(_)
            | Self::KeyError(_) => false,
        }
    }
}

/// How an answer is kept, and given again.
pub(crate) trait Kept: Sized {
    /// What is kept: an answer, and bytes.
    fn keep(&self) -> (ReadAnswer, Option<Vec<u8>>);
    /// What was kept, as it was; nothing where the record is of another kind, or lacks its body.
    fn give(record: &ReadRecord) -> Option<Self>;
    /// What the sandbox itself answers where a connection is not granted.
    fn denied(why: String) -> Self;
}

impl Kept for Result<HttpResponse, HttpError> {
    fn keep(&self) -> (ReadAnswer, Option<Vec<u8>>) {
        match self {
            Ok(HttpResponse { status, headers, body, took_us, failed_before }) => {
                let (headers, failed_before) = (headers.clone(), failed_before.clone());
                let head = ReadAnswer::HttpResponse { status: *status, headers, took_us: *took_us, failed_before };
                (head, Some(body.clone()))
            }
            Err(error) => (ReadAnswer::HttpError(error.clone()), None),
        }
    }

    fn give(record: &ReadRecord) -> Option<Self> {
        match (&record.answer, &record.body) {
            (ReadAnswer::HttpResponse { status, headers, took_us, failed_before }, Some(body)) => {
                Some(Ok(HttpResponse {
                    status: *status,
                    headers: headers.clone(),
                    body: body.clone(),
                    took_us: *took_us,
                    failed_before: failed_before.clone(),
                }))
            }
            (ReadAnswer::HttpError(error), None) => Some(Err(error.clone())),
            _ => None,
        }
    }

    fn denied(why: String) -> Self {
        Err(HttpError::Denied(why))
    }
}

impl Kept for Result<Vec<u8>, ObjectError> {
    fn keep(&self) -> (ReadAnswer, Option<Vec<u8>>) {
        match self {
            Ok(bytes) => (ReadAnswer::Object, Some(bytes.clone())),
            Err(error) => (ReadAnswer::ObjectError(error.clone()), None),
        }
    }

    fn give(record: &ReadRecord) -> Option<Self> {
        match (&record.answer, &record.body) {
            (ReadAnswer::Object, Some(bytes)) => Some(Ok(bytes.clone())),
            (ReadAnswer::ObjectError(error), None) => Some(Err(error.clone())),
            _ => None,
        }
    }

    fn denied(why: String) -> Self {
        Err(ObjectError::Denied(why))
    }
}

impl Kept for Result<Option<Vec<u8>>, KeyError> {
    fn keep(&self) -> (ReadAnswer, Option<Vec<u8>>) {
        match self {
            Ok(Some(bytes)) => (ReadAnswer::Value, Some(bytes.clone())),
            Ok(None) => (ReadAnswer::NoValue, None),
            Err(error) => (ReadAnswer::KeyError(error.clone()), None),
        }
    }

    fn give(record: &ReadRecord) -> Option<Self> {
        match (&record.answer, &record.body) {
            (ReadAnswer::Value, Some(bytes)) => Some(Ok(Some(bytes.clone()))),
            (ReadAnswer::NoValue, None) => Some(Ok(None)),
            (ReadAnswer::KeyError(error), None) => Some(Err(error.clone())),
            _ => None,
        }
    }

    fn denied(why: String) -> Self {
        Err(KeyError::Denied(why))
    }
}

macro_rules! kept_without_body {
    ($($value:ty, $error:ident => $kept:ident, $failed:ident;)*) => {$(
        impl Kept for Result<$value, $error> {
            fn keep(&self) -> (ReadAnswer, Option<Vec<u8>>) {
                match self {
                    Ok(value) => (ReadAnswer::$kept(value.clone()), None),
                    Err(error) => (ReadAnswer::$failed(error.clone()), None),
                }
            }

            fn give(record: &ReadRecord) -> Option<Self> {
                match (&record.answer, &record.body) {
                    (ReadAnswer::$kept(value), None) => Some(Ok(value.clone())),
                    (ReadAnswer::$failed(error), None) => Some(Err(error.clone())),
                    _ => None,
                }
            }

            fn denied(why: String) -> Self {
                Err($error::Denied(why))
            }
        }
    )*};
}

kept_without_body! {
    HttpDigested, HttpError => HttpDigested, HttpError;
    ObjectMeta, ObjectError => ObjectMeta, ObjectError;
    ObjectDigested, ObjectError => ObjectDigested, ObjectError;
    Vec<ObjectMeta>, ObjectError => Objects, ObjectError;
    Vec<Option<Body>>, KeyError => FieldValues, KeyError;
    Option<KeyMeta>, KeyError => KeyMeta, KeyError;
    KeyPage, KeyError => Keys, KeyError;
    Option<u64>, KeyError => KeysCounted, KeyError;
}
