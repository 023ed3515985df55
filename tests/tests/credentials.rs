//! Who belay is to a system, through the whole run: tokens from an OAuth 2.0 endpoint, pace, and reads that are tried
//! again. The registry is a stand-in that answers after a while; the endpoint and the gate before it are the test's own.
// Helpers fail their test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use belay_tests::lab::desk::{Desk, left, writes};
use belay_tests::lab::http1::{Answer, Request};
use belay_tests::lab::proxy::{Act, Proxy};
use belay_tests::lab::registry;
use serde_json::{Value, json};

const RUN: &str = "run model-back ranker --to latest-good --json";
const SECRET: &str = "canary-client-secret";
const ALIAS: &str = "/api/2.0/mlflow/registered-models/alias";

/// Tokens that an endpoint gave out, and until when each is good.
#[derive(Clone, Default)]
struct Tokens(Arc<Mutex<BTreeMap<String, Instant>>>);

impl Tokens {
    fn given(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn grant(&self, life: Duration) -> Act {
        let mut given = self.0.lock().unwrap();
        let token = format!("canary-token-{}", given.len());
        given.insert(token.clone(), Instant::now() + life);
        let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": life.as_secs() });
        Act::Say(Answer::bytes(200, "application/json", body.to_string().as_bytes()))
    }

    fn revoke_all(&self) {
        self.0.lock().unwrap().values_mut().for_each(|until| *until = Instant::now());
    }

    fn take(&self, request: &Request) -> bool {
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let given = self.0.lock().unwrap();
        token.and_then(|token| given.get(token)).is_some_and(|until| Instant::now() < *until)
    }
}

/// A registry behind a gate that wants tokens, which an endpoint gives for so long.
struct Scene {
    desk: Desk,
    registry: SocketAddr,
    gate: Proxy,
    endpoint: Proxy,
    tokens: Tokens,
}

impl Scene {
    fn set(delay: Duration, life: Duration) -> Self {
        let registry = registry::serve(delay).unwrap();
        let (gate, endpoint, tokens) = (Proxy::start(registry), Proxy::start(registry), Tokens::default());
        let granting = tokens.clone();
        endpoint.rule(move |_, _| granting.grant(life));
        let desk = Desk::at_registry(&gate.url(), "ranker");
        let auth = format!(
            "auth = {{ oauth2 = {{ token_url = \"{}/token\", client_id = \"belay\", client_secret = {{ file = \
             \"client.secret\" }} }} }}\nsettle = \"200ms\"",
            endpoint.url()
        );
        desk.edit("belay.toml", "settle = \"200ms\"", &auth);
        std::fs::write(desk.file("client.secret"), SECRET).unwrap();
        let scene = Self { desk, registry, gate, endpoint, tokens };
        scene.guard(|_, _| {});
        scene.desk.capture("ranker");
        scene.promote("8");
        scene
    }

    /// The gate lets through who has a good token; `at` sees each request first.
    fn guard(&self, at: impl Fn(&Tokens, &Request) + Send + Sync + 'static) {
        let tokens = self.tokens.clone();
        self.gate.rule(move |_, request| {
            at(&tokens, request);
            if tokens.take(request) { Act::Pass } else { unauthorized() }
        });
    }

    fn promote(&self, version: &str) {
        let body = json!({ "name": "ranker", "alias": "champion", "version": version });
        let answer = Request::json("POST", ALIAS, &body).send(self.registry).unwrap();
        assert_eq!(Answer::parse(&answer).unwrap().status, 200);
    }

    fn champion(&self) -> String {
        let asked = Request::new("GET", &format!("{ALIAS}?name=ranker&alias=champion"), b"");
        let answer = Answer::parse(&asked.send(self.registry).unwrap()).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        body["model_version"]["version"].as_str().unwrap().to_owned()
    }

    /// No record holds a token or the client's secret.
    fn is_sound(&self) {
        self.desk.is_sound();
        assert_eq!(self.desk.files_with(b"canary-token"), Vec::<String>::new());
        assert_eq!(self.desk.files_with(SECRET.as_bytes()), ["workspace/client.secret"]);
    }
}

fn unauthorized() -> Act {
    let head = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\ncontent-type: application/json\r\n";
    Act::Say(format!("{head}content-length: 2\r\nconnection: close\r\n\r\n{{}}").into_bytes())
}

fn is_refused(came: &belay_tests::lab::proxy::Came) -> bool {
    came.act == unauthorized()
}

#[test]
fn a_token_that_expires_in_mid_run_is_renewed_before_anybody_refuses_it() {
    let scene = Scene::set(Duration::from_millis(150), Duration::from_secs(1));
    let before = scene.tokens.given();
    scene.guard(|_, _| {});
    let run = scene.desk.belay(RUN).ends(0).answer("run");
    assert_eq!((left(&run, "model").as_str(), scene.champion().as_str()), ("restored", "9"));
    assert!(scene.tokens.given() > before + 1, "{} tokens", scene.tokens.given() - before);
    assert!(!scene.gate.came().iter().any(is_refused), "a token was used after its end");
    scene.is_sound();
}

#[test]
fn a_token_revoked_between_reading_and_writing_halts_the_run_and_resume_asks_for_another() {
    let scene = Scene::set(Duration::ZERO, Duration::from_secs(3_600));
    let unspent = Mutex::new(true);
    scene.guard(move |tokens, request| {
        if request.method == "POST" && std::mem::take(&mut *unspent.lock().unwrap()) {
            tokens.revoke_all();
        }
    });
    let said = scene.desk.belay(RUN);
    said.ends(1).says("did not take the credential: 401").says("nothing was written").says("belay resume r-1");
    assert_eq!(scene.champion(), "8");
    let run = scene.desk.belay("resume r-1 --json").ends(0).answer("run");
    assert_eq!((left(&run, "model").as_str(), scene.champion().as_str()), ("restored", "9"));
    assert_eq!(writes(&run, "model"), ["not_applied", "applied"]);
    assert_eq!(scene.gate.writes().iter().filter(|write| write.reached()).count(), 1);
    scene.is_sound();
}

#[test]
fn an_endpoint_that_refuses_belay_is_no_system_that_is_down() {
    let scene = Scene::set(Duration::ZERO, Duration::from_secs(3_600));
    scene.desk.edit(
        "runbooks/model-back.toml",
        "resource = \"model\"",
        "resource = \"model\"\nif_unreachable = \"skip\"",
    );
    let no = json!({ "error": "invalid_client", "error_description": format!("no {SECRET}") }).to_string();
    scene.endpoint.rule(move |_, _| Act::Say(Answer::bytes(401, "application/json", no.as_bytes())));
    let said = scene.desk.belay("run model-back ranker --to latest-good");
    said.ends(6).says("no token from").says("401 invalid_client").says("belay resume r-1").says("not touched");
    assert!(!said.err.contains(SECRET), "{said}");

    // Without its secret it is not even asked.
    scene.endpoint.rule(|_, _| Act::Pass);
    std::fs::remove_file(scene.desk.file("client.secret")).unwrap();
    scene.desk.belay("resume r-1").ends(6).says("client.secret").says("not touched");
    assert!(scene.endpoint.came().is_empty());

    // One that does not answer is down, and so is what is behind it.
    std::fs::write(scene.desk.file("client.secret"), SECRET).unwrap();
    scene.endpoint.rule(|_, _| Act::Say(Answer::bytes(503, "text/plain", b"")));
    scene.desk.belay("abort r-1 --reason down").ends(0);
    scene.desk.belay("run model-back ranker --to latest-good").ends(7).says("it answered 503").says("skipped");
    scene.is_sound();
}

#[test]
fn a_run_keeps_to_the_pace_and_asks_again_where_it_is_told_to_come_back() {
    let scene = Scene::set(Duration::ZERO, Duration::from_secs(3_600));
    scene.desk.edit("belay.toml", "settle = \"200ms\"", "settle = \"200ms\"\nrate = { requests = 5, per = \"500ms\" }");
    let (moments, busy) = (Arc::new(Mutex::new(Vec::new())), Mutex::new(3));
    let (seen, tokens) = (Arc::clone(&moments), scene.tokens.clone());
    scene.gate.rule(move |_, request| {
        seen.lock().unwrap().push(Instant::now());
        let mut left = busy.lock().unwrap();
        if *left > 0 && request.method == "GET" {
            *left -= 1;
            let head = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close";
            return Act::Say(format!("{head}\r\n\r\n").into_bytes());
        }
        if tokens.take(request) { Act::Pass } else { unauthorized() }
    });
    // Three in a row are more than one read tries by itself.
    scene.desk.edit("belay.toml", "rate = {", "retry = { attempts = 5, backoff = \"10ms\" }\nrate = {");
    let run = scene.desk.belay(RUN).ends(0).answer("run");
    assert_eq!((left(&run, "model").as_str(), scene.champion().as_str()), ("restored", "9"));
    let moments = moments.lock().unwrap();
    assert!(moments.len() > 12, "{} requests are too few to tell", moments.len());
    for burst in moments.windows(11) {
        // Ten more after one take a second at this pace, but for the five that may go at once.
        let took = burst[10] - burst[0];
        assert!(took >= Duration::from_millis(400), "{took:?}");
    }
    assert_eq!(scene.gate.writes().len(), 1, "a write is not tried again");
    scene.is_sound();
}
