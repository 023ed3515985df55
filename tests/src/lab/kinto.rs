//! A real Kinto server: JSON records with ETags and a history, behind REST. One for each test binary; each test has
//! records of its own. It keeps what it holds in memory.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::guarded::Folder;
use super::http1::{Answer, Request};
use super::part::Part;
use super::port::free_address;
use super::running;
use super::service::{Recipe, Service, answers};

/// `ana:correct-horse`, whom the server lets make buckets.
const ANA: &str = "Basic YW5hOmNvcnJlY3QtaG9yc2U=";
const API: &str = "/v1";
const RECORDS: &str = "/buckets/shop/collections/ranking/records";

/// A server with the collection `shop/ranking`.
#[derive(Debug)]
pub struct Kinto(Service);

/// The server, ready; started when it is first asked for. It ends with the test's process.
pub fn kinto() -> &'static Kinto {
    static SERVER: OnceLock<(Kinto, Folder)> = OnceLock::new();
    let start = || {
        let folder = running("kinto");
        (Kinto::start_at(&folder, free_address()), Folder::guarded(folder))
    };
    &SERVER.get_or_init(start).0
}

impl Kinto {
    /// Starts one in a folder at an address and waits until it is ready.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_at(folder: &Path, address: SocketAddr) -> Self {
        fs::write(folder.join("kinto.ini"), settings(address)).unwrap();
        // The environment's own script names its Python by an absolute path, and the lab's folder can be moved.
        let python = Part::Kinto.file("bin/python").display().to_string();
        let start = "import sys, kinto.__main__ as kinto; sys.exit(kinto.main())";
        let words = [&python, "-W", "ignore", "-c", start, "start", "--ini", "kinto.ini"];
        let recipe = Recipe {
            name: "kinto",
            address,
            command: words.iter().map(|word| (*word).to_owned()).collect(),
            environment: Vec::new(),
            is_ready: |address| answers(address, "/v1/"),
        };
        let server = Self(Service::start(recipe, folder));
        for place in ["/v1/buckets/shop", "/v1/buckets/shop/collections/ranking"] {
            server.must("PUT", place, &json!({}));
        }
        server
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Puts a record, as its owner does.
    pub fn put(&self, record: &str, data: &Value) {
        self.must("PUT", &format!("{API}{RECORDS}/{record}"), &json!({ "data": data }));
    }

    /// Deletes a record.
    pub fn delete(&self, record: &str) {
        self.must("DELETE", &format!("{API}{RECORDS}/{record}"), &Value::Null);
    }

    /// What a record holds, without its id and its moment; nothing where there is none.
    pub fn get(&self, record: &str) -> Option<Value> {
        let answer = self.ask("GET", &format!("{API}{RECORDS}/{record}"), &Value::Null);
        let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
        let data = body["data"].as_object_mut()?;
        data.retain(|name, _| name != "id" && name != "last_modified");
        Some(body["data"].take())
    }

    /// When a record got each of its versions, as its history says: milliseconds since 1970 UTC.
    pub fn moments(&self, record: &str) -> Vec<u64> {
        let answer = self.ask("GET", &format!("{API}/buckets/shop/history?uri={RECORDS}/{record}"), &Value::Null);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let entries = body["data"].as_array().unwrap();
        entries.iter().map(|entry| entry["target"]["data"]["last_modified"].as_u64().unwrap()).collect()
    }

    fn must(&self, method: &str, target: &str, body: &Value) {
        let answer = self.ask(method, target, body);
        let text = String::from_utf8_lossy(&answer.body);
        assert!(matches!(answer.status, 200 | 201), "{method} {target}: {text}");
    }

    fn ask(&self, method: &str, target: &str, body: &Value) -> Answer {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let mut request = Request::new(method, target, &body);
        for (name, value) in [("content-type", "application/json"), ("authorization", ANA)] {
            request.headers.push((name.to_owned(), value.to_owned()));
        }
        Answer::parse(&request.send(self.address()).unwrap()).unwrap()
    }
}

fn settings(address: SocketAddr) -> String {
    let (host, port) = (address.ip(), address.port());
    format!(
        "[server:main]\nuse = egg:waitress#main\nhost = {host}\nport = {port}\n\
         [app:main]\nuse = egg:kinto\nkinto.includes = kinto.plugins.history\n\
         kinto.storage_backend = kinto.core.storage.memory\nkinto.cache_backend = kinto.core.cache.memory\n\
         kinto.permission_backend = kinto.core.permission.memory\nkinto.userid_hmac_secret = lab\n\
         multiauth.policies = basicauth\nkinto.bucket_create_principals = system.Authenticated\n"
    )
}
