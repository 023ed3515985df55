//! An S3 stand-in: moto, which keeps its buckets in memory. Not S3: it believes whoever asks, and forgets everything when
//! it ends.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};

use super::guarded::Folder;
use super::http1::{Answer, Request};
use super::part::Part;
use super::port::free_address;
use super::running;
use super::service::{Recipe, Service, answers};
use super::table::{Read, Worker};

/// What requests are signed with. The stand-in doesn't look.
pub const KEY_ID: &str = "lab-key";
/// The secret to [`KEY_ID`].
pub const SECRET: &str = "lab-secret";

/// A stand-in for S3.
#[derive(Debug)]
pub struct S3(Service);

/// The server of a test binary, ready; started when it is first asked for.
pub fn s3() -> &'static S3 {
    static SERVER: OnceLock<(S3, Folder)> = OnceLock::new();
    let start = || {
        let folder = Folder::guarded(running("s3"));
        (S3::start(folder.path()), folder)
    };
    &SERVER.get_or_init(start).0
}

impl S3 {
    /// Starts one in a folder and waits until it answers.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(folder: &Path) -> Self {
        Self::start_at(folder, free_address())
    }

    /// The same at an address.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_at(folder: &Path, address: SocketAddr) -> Self {
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let program = Part::Python.file("bin/moto_server").display().to_string();
        let command = [program.as_str(), "-H", &host, "-p", &port].map(str::to_owned).to_vec();
        Self(Service::start(Recipe { name: "s3", address, command, environment: Vec::new(), is_ready }, folder))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Makes a bucket.
    ///
    /// # Panics
    /// Where it can't.
    pub fn create_bucket(&self, name: &str) {
        assert_eq!(self.ask("PUT", &format!("/{name}"), b"").status, 200, "the bucket {name}");
    }

    /// Puts an object, as anybody may.
    ///
    /// # Panics
    /// Where it can't.
    pub fn put(&self, bucket: &str, key: &str, bytes: &[u8]) {
        assert_eq!(self.ask("PUT", &format!("/{bucket}/{key}"), bytes).status, 200, "{bucket}/{key}");
    }

    /// An object's bytes; none where nothing has the name.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let answer = self.ask("GET", &format!("/{bucket}/{key}"), b"");
        (answer.status == 200).then_some(answer.body)
    }

    fn ask(&self, method: &str, target: &str, body: &[u8]) -> Answer {
        let mut request = Request::new(method, target, body);
        // Whose the bucket is; the signature is not looked at.
        let credential = format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/20261122/us-east-1/s3/aws4_request");
        request.headers.push(("authorization".to_owned(), format!("{credential}, SignedHeaders=host, Signature=0")));
        Answer::parse(&request.send(self.address()).unwrap()).unwrap()
    }
}

/// Whether the stand-in at an address answers.
pub fn is_ready(address: SocketAddr) -> bool {
    answers(address, "/moto-api/")
}

/// A Delta table in a bucket of its own, as the `deltalake` library writes and reads it. Copies are the same table.
#[derive(Clone, Debug)]
pub struct StoredTable {
    bucket: String,
    worker: Arc<Mutex<Worker>>,
}

impl StoredTable {
    /// A new table `clicks` of three versions with rows of their own, in a new bucket.
    ///
    /// # Panics
    /// Where the library can't.
    pub fn create(server: &S3, bucket: &str) -> Self {
        server.create_bucket(bucket);
        let environment = [
            ("AWS_ENDPOINT_URL", format!("http://{}", server.address())),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            // The library then creates commits as belay does, by a condition in the request.
            ("AWS_CONDITIONAL_PUT", "etag".to_owned()),
        ];
        let worker = Arc::new(Mutex::new(Worker::start("tables.py", &[], &environment)));
        let table = Self { bucket: bucket.to_owned(), worker };
        table.act("create");
        table
    }

    /// Commits rows that no version had before.
    pub fn append(&self) -> u64 {
        self.act("append")
    }

    /// Replaces all rows by others.
    pub fn overwrite(&self) -> u64 {
        self.act("overwrite")
    }

    /// Deletes every file that the latest version doesn't name, whatever its age.
    pub fn vacuum(&self) -> u64 {
        self.act("vacuum")
    }

    /// What the library reads now.
    pub fn read(&self) -> Read {
        self.read_as_of(None)
    }

    /// What the library reads at a version.
    pub fn read_at(&self, version: u64) -> Read {
        self.read_as_of(Some(version))
    }

    /// The key of a commit in its bucket.
    pub fn commit(version: u64) -> String {
        format!("clicks/_delta_log/{version:020}.json")
    }

    fn read_as_of(&self, version: Option<u64>) -> Read {
        let answer = self.ask(&json!({ "table": self.url(), "act": "read", "version": version }));
        Read { version: answer["version"].as_u64().unwrap(), rows: answer["rows"].as_array().unwrap().clone() }
    }

    fn act(&self, act: &str) -> u64 {
        self.ask(&json!({ "table": self.url(), "act": act }))["version"].as_u64().unwrap()
    }

    fn ask(&self, act: &Value) -> Value {
        let answer = self.worker.lock().unwrap().ask(act);
        assert!(answer["error"].is_null(), "{act}: {answer}");
        answer
    }

    fn url(&self) -> String {
        format!("s3://{}/clicks", self.bucket)
    }
}
