//! A real Unleash server on a PostgreSQL of its own, and what a release pipeline does to its flags. Never the flag of
//! another test: each makes flags of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::guarded::Folder;
use super::http1::{Answer, Request};
use super::part::Part;
use super::port::free_address;
use super::postgres::Postgres;
use super::service::{Recipe, Service, answers};
use super::{program, running};

/// The tests' own token.
const OWNER: &str = "*:*.lab-owner-4b1f7c";
/// The token that belay is given.
pub const TOKEN: &str = "*:*.lab-belay-9d02ae";
/// Another that belay can be given, to be taken away.
pub const PASSING_TOKEN: &str = "*:*.lab-passing-e3508b";
/// The token of a client in the environment `production`.
pub const CLIENT_TOKEN: &str = "default:production.lab-client-77c3e1";
/// Where all flags are.
const FEATURES: &str = "/api/admin/projects/default/features";
/// Longer than the server remembers tokens.
const REMEMBERED: Duration = Duration::from_secs(90);
/// How long until clients are served what was written; Unleash looks every second.
const SERVED: Duration = Duration::from_secs(30);

/// A server.
#[derive(Debug)]
pub struct Unleash {
    service: Service,
}

/// A server of the tests with its database, in a folder that ends with it.
#[derive(Debug)]
pub struct Stack {
    /// The server.
    pub unleash: Unleash,
    /// Where it keeps its flags.
    pub postgres: Postgres,
    _folder: Folder,
}

impl Stack {
    /// Starts both and waits until they answer.
    ///
    /// # Panics
    /// Where one does not start.
    pub fn start() -> Self {
        let folder = Folder::guarded(running("unleash"));
        let postgres = Postgres::start(folder.path());
        let unleash = Unleash::start(folder.path(), &postgres.url());
        Self { unleash, postgres, _folder: folder }
    }
}

/// Where the server of this test binary listens; it is started when it is first asked for.
pub fn address() -> SocketAddr {
    static SERVER: OnceLock<(SocketAddr, Mutex<Stack>)> = OnceLock::new();
    let start = || {
        let stack = Stack::start();
        (stack.unleash.address(), Mutex::new(stack))
    };
    SERVER.get_or_init(start).0
}

impl Unleash {
    /// Starts a server on a database and waits until it answers.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(folder: &Path, database: &str) -> Self {
        Self::start_at(folder, database, free_address())
    }

    /// The same at an address.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_at(folder: &Path, database: &str, address: SocketAddr) -> Self {
        let server = Part::Unleash.file("node_modules/unleash-server/dist/server.js");
        let command = vec![program("node").display().to_string(), server.display().to_string()];
        let environment = vec![
            ("DATABASE_URL", database.to_owned()),
            ("DATABASE_SSL", "false".to_owned()),
            ("HTTP_HOST", address.ip().to_string()),
            ("HTTP_PORT", address.port().to_string()),
            ("INIT_ADMIN_API_TOKENS", format!("{OWNER},{TOKEN},{PASSING_TOKEN}")),
            ("INIT_CLIENT_API_TOKENS", CLIENT_TOKEN.to_owned()),
            ("CHECK_VERSION", "false".to_owned()),
            ("SEND_TELEMETRY", "false".to_owned()),
            ("LOG_LEVEL", "warn".to_owned()),
        ];
        let is_ready = |address| answers(address, "/health");
        let recipe = Recipe { name: "unleash", address, command, environment, is_ready };
        Self { service: Service::start(recipe, folder) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.service.address()
    }

    /// The server as a service.
    pub fn service(&mut self) -> &mut Service {
        &mut self.service
    }
}

/// A flag in the environment `production`.
#[derive(Clone, Debug)]
pub struct Flag {
    server: SocketAddr,
    name: String,
}

impl Flag {
    /// A new flag on the server of this test binary, off and without strategies.
    pub fn new(name: &str) -> Self {
        Self::new_on(address(), name)
    }

    /// The same on a server.
    pub fn new_on(server: SocketAddr, name: &str) -> Self {
        let flag = Self { server, name: name.to_owned() };
        flag.must("POST", FEATURES, &json!({ "name": name, "type": "release" }));
        flag
    }

    /// A flag that is on a server already.
    pub fn on_server(server: SocketAddr, name: &str) -> Self {
        Self { server, name: name.to_owned() }
    }

    /// A new flag on the server of this test binary that is on for a share.
    pub fn at(name: &str, rollout: u8) -> Self {
        Self::new(name).released_to(rollout)
    }

    /// Turns it on for a share, with a strategy more.
    #[must_use]
    pub fn released_to(self, rollout: u8) -> Self {
        self.add(&gradual(&self.name, rollout));
        self.on();
        self
    }

    fn must(&self, method: &str, target: &str, body: &Value) -> Value {
        must(self.server, method, target, body)
    }

    fn environment(&self) -> String {
        format!("{FEATURES}/{}/environments/production", self.name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Turns it on.
    pub fn on(&self) {
        self.must("POST", &format!("{}/on", self.environment()), &Value::Null);
    }

    /// Turns it off.
    pub fn off(&self) {
        self.must("POST", &format!("{}/off", self.environment()), &Value::Null);
    }

    /// Adds a strategy; gives its id.
    pub fn add(&self, strategy: &Value) -> String {
        let made = self.must("POST", &format!("{}/strategies", self.environment()), strategy);
        made["id"].as_str().unwrap().to_owned()
    }

    /// Removes a strategy.
    pub fn remove(&self, id: &str) {
        self.must("DELETE", &format!("{}/strategies/{id}", self.environment()), &Value::Null);
    }

    /// Replaces a part of a strategy.
    pub fn replace(&self, id: &str, path: &str, value: &Value) {
        let steps = json!([{ "op": "replace", "path": path, "value": value }]);
        self.must("PATCH", &format!("{}/strategies/{id}", self.environment()), &steps);
    }

    /// Sets the share of its first strategy.
    pub fn roll_out(&self, percent: u8) {
        let id = self.strategies()[0]["id"].as_str().unwrap().to_owned();
        self.replace(&id, "/parameters/rollout", &Value::String(percent.to_string()));
    }

    /// Puts its strategies in this order.
    pub fn order(&self, ids: &[&str]) {
        let places: Vec<Value> =
            ids.iter().enumerate().map(|(place, id)| json!({ "id": id, "sortOrder": place })).collect();
        self.must("POST", &format!("{}/strategies/set-sort-order", self.environment()), &Value::Array(places));
    }

    /// Archives it.
    pub fn archive(&self) {
        self.must("DELETE", &format!("{FEATURES}/{}", self.name), &Value::Null);
    }

    /// Its strategies as the server tells them, ids and all.
    pub fn strategies(&self) -> Vec<Value> {
        self.must("GET", &format!("{}/strategies", self.environment()), &Value::Null).as_array().unwrap().clone()
    }

    /// `off`, or the shares of its strategies: `on 25 100`.
    pub fn now(&self) -> String {
        let found = self.must("GET", &self.environment(), &Value::Null);
        self.says(found["enabled"] == true, found["strategies"].as_array().unwrap())
    }

    /// The same as clients are served it, once it is as expected, or after a while.
    pub fn served(&self, expected: &str) -> String {
        let began = Instant::now();
        loop {
            let says = self.served_now();
            if says == expected || began.elapsed() > SERVED {
                return says;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// The same as clients are served it at this moment, or that they are not served it yet.
    pub fn served_now(&self) -> String {
        let answer = ask(self.server, CLIENT_TOKEN, "GET", "/api/client/features", &Value::Null);
        let features: Value = serde_json::from_slice(&answer.body).unwrap();
        let mut features = features["features"].as_array().unwrap().iter();
        let Some(served) = features.find(|feature| feature["name"] == self.name.as_str()) else {
            return "not served yet".to_owned();
        };
        self.says(served["enabled"] == true, served["strategies"].as_array().unwrap())
    }

    fn says(&self, enabled: bool, strategies: &[Value]) -> String {
        if !enabled {
            return "off".to_owned();
        }
        let shares = strategies.iter().map(|strategy| strategy["parameters"]["rollout"].as_str().unwrap_or("-"));
        std::iter::once("on").chain(shares).collect::<Vec<_>>().join(" ")
    }

    /// Events of the flag, the latest first: their types.
    pub fn events(&self) -> Vec<(u64, String)> {
        let path = format!("/api/admin/search/events?feature=IS%3A{}&environment=IS%3Aproduction&limit=100", self.name);
        let found = self.must("GET", &path, &Value::Null);
        let events = found["events"].as_array().unwrap().iter();
        events.map(|event| (event["id"].as_u64().unwrap(), event["type"].as_str().unwrap().to_owned())).collect()
    }
}

/// A strategy that deals callers out by percentage.
pub fn gradual(group: &str, rollout: u8) -> Value {
    let parameters = json!({ "rollout": rollout.to_string(), "stickiness": "default", "groupId": group });
    json!({ "name": "flexibleRollout", "parameters": parameters })
}

/// A new segment's id.
pub fn segment(name: &str) -> u64 {
    let constraint = json!({ "contextName": "userId", "operator": "IN", "values": ["ana"] });
    let made = must(address(), "POST", "/api/admin/segments", &json!({ "name": name, "constraints": [constraint] }));
    made["id"].as_u64().unwrap()
}

/// A new token of a client in an environment.
pub fn client_token(environment: &str) -> String {
    let asked = json!({ "tokenName": environment, "type": "client", "environment": environment, "projects": ["*"] });
    must(address(), "POST", "/api/admin/api-tokens", &asked)["secret"].as_str().unwrap().to_owned()
}

/// Takes an API token away, and waits until the server refuses it: it remembers tokens for a minute.
///
/// # Panics
/// Where it never does.
pub fn revoke(token: &str) {
    let path = format!("/api/admin/api-tokens/{}", token.replace('*', "%2A").replace(':', "%3A"));
    must(address(), "DELETE", &path, &Value::Null);
    let began = Instant::now();
    while ask(address(), token, "GET", "/api/admin/projects", &Value::Null).status != 401 {
        assert!(began.elapsed() < REMEMBERED, "{token} is still good");
        thread::sleep(Duration::from_millis(200));
    }
}

fn must(server: SocketAddr, method: &str, target: &str, body: &Value) -> Value {
    let answer = ask(server, OWNER, method, target, body);
    let text = String::from_utf8_lossy(&answer.body);
    assert!((200..300).contains(&answer.status), "{method} {target}: {} {text}", answer.status);
    serde_json::from_str(&text).unwrap_or_default()
}

/// The answers that an SDK gets: all that is served to its token, with what it knew before as `etag`.
pub fn sdk_asks(server: SocketAddr, token: &str, etag: Option<&str>) -> Answer {
    let mut request = Request::new("GET", "/api/client/features", &[]);
    request.headers.push(("authorization".to_owned(), token.to_owned()));
    request.headers.extend(etag.map(|etag| ("if-none-match".to_owned(), etag.to_owned())));
    Answer::parse(&request.send(server).unwrap()).unwrap()
}

/// Asks a server as the owner of a token does.
pub fn ask(server: SocketAddr, token: &str, method: &str, target: &str, body: &Value) -> Answer {
    let mut request = Request::json(method, target, body);
    request.headers.push(("authorization".to_owned(), token.to_owned()));
    Answer::parse(&request.send(server).unwrap()).unwrap()
}
