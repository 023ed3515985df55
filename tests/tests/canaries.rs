//! Planted secrets are found nowhere: not in the state folder, with all blobs in the clear, not in a package, not in an
//! evidence file, and in nothing that a command says, though a hostile server sends them back in every form it can.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use belay_tests::lab::desk::Desk;
use belay_tests::lab::http1::{Answer, Request};
use belay_tests::lab::proxy::{Act, Proxy};
use belay_tests::lab::registry;
use belay_tests::repository;
use belay_tests::workspace::Said;
use serde_json::json;

const ALIAS: &str = "/api/2.0/mlflow/registered-models/alias";
const TOKEN: &str = "canary-7f3a91-token/with+signs";
/// In the environment of every command, and none of belay's business.
const BYSTANDER: &str = "canary-bystander-51c0";

/// Whom the server lets through.
const REPEATS_READS: u8 = 0;
const REPEATS_WRITES: u8 = 1;
const HONEST: u8 = 2;

/// Base64, as encoders in systems write it.
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[usize::try_from(bits >> (18 - 6 * place) & 63).unwrap()];
            encoded.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    encoded
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(text: &str) -> String {
    text.replace('/', "%2F").replace('+', "%2B")
}

/// Every form in which it may come back.
fn forms(secret: &str) -> Vec<String> {
    vec![secret.to_owned(), base64(secret), hex(secret), percent(secret), secret.replace('/', "\\/")]
}

/// An answer that repeats what it was told, in its headers and its body, in every form.
fn repeat(status: u16, request: &Request) -> Act {
    let told = request.header("authorization").unwrap_or_default().to_owned();
    let token = told.strip_prefix("Bearer ").unwrap_or_default();
    let forms = forms(token).join(" ");
    let body =
        json!({ "error_code": "DENIED", "message": format!("you said {told}: {forms}"), "got": forms }).to_string();
    let head = format!(
        "HTTP/1.1 {status} No\r\ncontent-type: application/json\r\nset-cookie: session={token}\r\nx-echo: {told}\r\n\
         etag: \"{token}\"\r\nwww-authenticate: Bearer error=\"{token}\"\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Act::Say([head.into_bytes(), body.into_bytes()].concat())
}

struct Scene {
    desk: Desk,
    mood: Arc<AtomicU8>,
    _gate: Proxy,
    said: Vec<Said>,
}

impl Scene {
    /// A desk that takes its token from `source`; version 9 of the model is live where 8 was good.
    fn set(source: &str) -> Self {
        let registry = registry::serve(Duration::ZERO).unwrap();
        let gate = Proxy::start(registry);
        let mood = Arc::new(AtomicU8::new(HONEST));
        let now = Arc::clone(&mood);
        gate.rule(move |_, request| match now.load(Ordering::Relaxed) {
            REPEATS_READS => repeat(403, request),
            REPEATS_WRITES if request.method == "POST" => repeat(400, request),
            _ if request.header("authorization") == Some(&format!("Bearer {TOKEN}")) => Act::Pass,
            _ => Act::Say(Answer::bytes(401, "application/json", b"{}")),
        });
        let desk = Desk::at_registry(&gate.url(), "ranker");
        desk.edit("belay.toml", "settle = \"200ms\"", &format!("auth = {{ bearer = {source} }}\nsettle = \"200ms\""));
        std::fs::write(desk.file("token.secret"), TOKEN).unwrap();
        let mut scene = Self { desk, mood, _gate: gate, said: Vec::new() };
        scene.types("point capture ranker -m good");
        scene.types("point mark rp-0001 good");
        let body = json!({ "name": "ranker", "alias": "champion", "version": "8" });
        Request::json("POST", ALIAS, &body).send(registry).unwrap();
        scene
    }

    fn types(&mut self, words: &str) -> &Said {
        let mut belay = Command::new(repository::belay());
        belay.args(words.split(' ')).current_dir(self.desk.file("")).env("NO_COLOR", "1").stdin(Stdio::null());
        belay.env("CANARY_TOKEN", TOKEN).env("CANARY_BYSTANDER", BYSTANDER).env("RUST_LOG", "trace");
        self.said.push(Said::listen(belay, self.desk.file("").parent().unwrap()));
        self.said.last().unwrap()
    }

    fn becomes(&self, mood: u8) {
        self.mood.store(mood, Ordering::Relaxed);
    }

    /// Nothing holds the secret but where it was planted.
    fn is_clean(&self, planted: &[&str]) {
        let recorded = self.desk.files_with(b"you said");
        assert!(recorded.iter().any(|file| file == "everything.evidence"), "what came back was recorded: {recorded:?}");
        for form in forms(TOKEN).iter().map(String::as_str).chain([BYSTANDER]) {
            for said in &self.said {
                assert!(!said.out.contains(form) && !said.err.contains(form), "{form}:\n{said}");
            }
            let expected: &[&str] = if form == TOKEN { planted } else { &[] };
            assert_eq!(self.desk.files_with(form.as_bytes()), expected, "{form}");
        }
    }
}

/// Plans, makes a package, is refused, writes, resumes and restores, while the server repeats what it can.
fn through_a_whole_run(source: &str, planted: &[&str]) {
    let mut scene = Scene::set(source);
    scene.becomes(REPEATS_READS);
    scene.types("-vv plan model-back ranker --to latest-good").says("403");
    scene.types("-vv run model-back ranker --to latest-good --json");
    scene.becomes(REPEATS_WRITES);
    scene.types("plan model-back ranker --to latest-good --as-commands");
    scene.types("plan model-back ranker --to latest-good -o ../made.belay");
    scene.types("-vv run model-back ranker --to latest-good").says("400");
    scene.types("status");
    scene.becomes(HONEST);
    scene.types("-vv resume r-3").says("restored");
    scene.types("audit log --json --limit 100000").ends(0);
    let entries = scene.desk.log().len();
    for seq in 0..entries {
        scene.types(&format!("audit show {seq}")).ends(0);
    }
    scene.is_clean(planted);
}

#[test]
fn a_secret_from_a_file_stands_nowhere() {
    through_a_whole_run("{ file = \"token.secret\" }", &["workspace/token.secret"]);
}

#[test]
fn a_secret_from_the_environment_stands_nowhere() {
    through_a_whole_run("{ env = \"CANARY_TOKEN\" }", &["workspace/token.secret"]);
}

#[test]
fn a_secret_that_a_command_prints_stands_nowhere() {
    through_a_whole_run("{ command = [\"cat\", \"token.secret\"] }", &["workspace/token.secret"]);
}
