//! A shop's feature store for tests: what pipelines do to a view, what models get, and a desk at it. Never the view of
//! another test: tests share one store, and each has a view of its own.

use std::fs;
use std::net::SocketAddr;
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::desk::Desk;
use super::feast::{Addresses, Feast, TOKEN};
use super::guarded::Folder;
use super::http1::{Answer, Request};
use super::redis::Redis;
use super::running;

const PLUGINS: [&str; 4] = ["feast_feature_view", "feast_online", "feast_parity", "flagd_flag"];
/// How long until models get what was written; the feature server reads its registry every second.
const SERVED: Duration = Duration::from_secs(30);

/// How long a service may be unknown to the feature server.
const KNOWN: Duration = Duration::from_secs(10);

/// A feature store with its Redis, in a folder that ends with it.
#[derive(Debug)]
pub struct FeatureShop {
    /// Feast's servers.
    pub feast: Feast,
    /// Where it keeps the values that are served.
    pub redis: Mutex<Redis>,
    _folder: Folder,
}

/// The store of this test binary; started when it is first asked for.
pub fn feature_shop() -> &'static FeatureShop {
    static SHOP: OnceLock<FeatureShop> = OnceLock::new();
    SHOP.get_or_init(FeatureShop::of_its_own)
}

impl FeatureShop {
    /// A store that is not shared, for a test that kills a part of it; its servers take some 15 s to start.
    ///
    /// # Panics
    /// Where one does not start.
    pub fn of_its_own() -> Self {
        let _folder = Folder::guarded(running("feast"));
        let redis = Redis::start(_folder.path());
        let feast = Feast::start(_folder.path(), redis.address(), Addresses::free());
        Self { feast, redis: Mutex::new(redis), _folder }
    }

    /// The shared sidecar's address as a connection's `url` says it.
    pub fn sidecar(&self) -> String {
        format!("http://{}", self.feast.sidecar.address())
    }

    /// A desk at this store, whose sidecar is at `url` and whose feature set `clicks` is this view.
    pub fn desk(&self, url: &str, view: &str) -> Desk {
        let desk = Desk::of("feast", &PLUGINS);
        desk.edit("belay.toml", "http://127.0.0.1:9", url);
        desk.edit("belay.toml", "http://127.0.0.1:10", &format!("http://{}", self.feast.serving.address()));
        for file in ["features/clicks.toml", "runbooks/clicks-back.toml"] {
            desk.edit(file, "VIEW", view);
        }
        fs::write(desk.systems().join("token"), TOKEN).unwrap();
        desk
    }

    /// Does what pipelines do to a view: a method of `View` in `shop.py`.
    ///
    /// # Panics
    /// Feast refuses.
    #[track_caller]
    pub fn pipeline(&self, view: &str, what: &str, given: Value) -> Value {
        let mut asked = given;
        asked["view"] = view.into();
        asked["do"] = what.into();
        let answer = post(self.feast.pipelines.address(), "/", &asked);
        assert_eq!(answer.status, 200, "{what} {view}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice::<Value>(&answer.body).unwrap()["done"].take()
    }

    /// Version 0 of a view with its values, as a good release leaves it.
    pub fn release_good(&self, view: &str) {
        self.pipeline(view, "release_good", json!({}));
    }

    /// Another version: another type for `ctr`, and a new feature.
    pub fn release_bad(&self, view: &str) {
        self.pipeline(view, "release_bad", json!({}));
    }

    /// Pushes wrong values for users 1 and 9, as a stream job that fits version 0 does.
    pub fn push_bad(&self, view: &str) {
        self.pipeline(view, "push", json!({ "user_id": [1, 9], "ctr": [9.5, 9.5], "clicks_7d": [-1, -1] }));
    }

    /// What the sidecar would say of a view, past the sidecar.
    pub fn state(&self, view: &str) -> Value {
        self.pipeline(view, "state", json!({}))
    }

    /// The version that is served under a view's name.
    pub fn version(&self, view: &str) -> u64 {
        self.state(view)["version"].as_u64().unwrap()
    }

    /// What a model gets from the service of all features for users 1, 2 and 9: the feature's values, or the status where
    /// that is not 200.
    ///
    /// # Errors
    /// The status.
    pub fn serves(&self, view: &str, feature: &str) -> Result<Value, u16> {
        let asked = json!({ "feature_service": format!("{view}_all"), "entities": { "user_id": [1, 2, 9] } });
        let began = Instant::now();
        // A feature server reads its registry now and then: until it has, it knows nothing of a new service.
        let answer = loop {
            let answer = self.ask_serving("/get-online-features", &asked);
            if answer.status != 404 || began.elapsed() > KNOWN {
                break answer;
            }
            thread::sleep(Duration::from_millis(100));
        };
        if answer.status != 200 {
            return Err(answer.status);
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let mut names = body["metadata"]["feature_names"].as_array().unwrap().iter();
        let place = names.position(|name| name == feature);
        Ok(place.map_or(Value::Null, |place| body["results"][place]["values"].clone()))
    }

    /// Asks the feature server.
    pub fn ask_serving(&self, path: &str, body: &Value) -> Answer {
        post(self.feast.serving.address(), path, body)
    }

    /// Waits until models get this.
    ///
    /// # Panics
    /// They don't.
    #[track_caller]
    pub fn must_serve(&self, view: &str, feature: &str, expected: &Result<Value, u16>) {
        let began = Instant::now();
        loop {
            let found = self.serves(view, feature);
            if &found == expected {
                return;
            }
            assert!(began.elapsed() < SERVED, "{feature} of {view} is served as {found:?}, not {expected:?}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn post(to: SocketAddr, path: &str, body: &Value) -> Answer {
    Answer::parse(&Request::json("POST", path, body).send(to).unwrap()).unwrap()
}
