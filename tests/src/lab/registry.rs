//! A stand-in for MLflow's model registry that answers after a given time: any model has the versions 1 to 9, each with
//! two artifacts, and its alias stands at 9 until somebody moves it. Never answers sooner, so
//! that what belay takes can be held against what a script takes.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::http1::{Answer, Request};

const API: &str = "/api/2.0/mlflow";
const FILES: &str = "/api/2.0/mlflow-artifacts/artifacts";
/// Where an alias stands that nobody moved.
const FIRST: &str = "9";
const WEIGHTS: usize = 4096;

/// Where aliases stand, by model and alias.
type Aliases = Mutex<BTreeMap<(String, String), String>>;

/// Listens on a free port and answers each request after this delay, until the process ends.
///
/// # Errors
/// There is no free port.
pub fn serve(delay: Duration) -> io::Result<SocketAddr> {
    serve_counted(delay).map(|(address, _)| address)
}

/// [`serve`], with the number of requests that it has answered.
///
/// # Errors
/// There is no free port.
pub fn serve_counted(delay: Duration) -> io::Result<(SocketAddr, Arc<AtomicUsize>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (aliases, answered) = (Arc::new(Aliases::default()), Arc::new(AtomicUsize::new(0)));
    let counts = Arc::clone(&answered);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (aliases, counts) = (Arc::clone(&aliases), Arc::clone(&counts));
            thread::spawn(move || converse(&stream, delay, &aliases, &counts));
        }
    });
    Ok((address, answered))
}

/// Answers what comes on a connection, until the client closes it.
fn converse(mut stream: &TcpStream, delay: Duration, aliases: &Aliases, answered: &AtomicUsize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut from = BufReader::new(stream);
    while let Some(request) = Request::read(&mut from)? {
        let (status, kind, body) = answer(&request, aliases);
        answered.fetch_add(1, Ordering::Relaxed);
        thread::sleep(delay);
        if request.header("connection") == Some("close") {
            return stream.write_all(&Answer::bytes(status, kind, &body));
        }
        stream.write_all(&Answer::kept_alive(status, kind, &body))?;
    }
    Ok(())
}

fn answer(request: &Request, aliases: &Aliases) -> (u16, &'static str, Vec<u8>) {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    if let Some(file) = path.strip_prefix(FILES).and_then(|rest| rest.strip_prefix('/')) {
        return artifact(file)
            .map_or((404, "text/plain", Vec::new()), |bytes| (200, "application/octet-stream", bytes));
    }
    let found = if path == FILES {
        Ok(listing(&parameter(query, "path")))
    } else {
        let call = path.strip_prefix(API).unwrap_or_default();
        registry(&request.method, call, query, &request.body, aliases)
    };
    let (status, body) = match found {
        Ok(body) => (200, body),
        Err((status, code)) => (status, json!({ "error_code": code, "message": path })),
    };
    (status, "application/json", body.to_string().into_bytes())
}

type Refusal = (u16, &'static str);

fn registry(method: &str, call: &str, query: &str, body: &[u8], aliases: &Aliases) -> Result<Value, Refusal> {
    let asked = |name| parameter(query, name);
    match (method, call) {
        ("GET", "/registered-models/alias") => {
            let aliases = aliases.lock().unwrap();
            let at = aliases.get(&(asked("name"), asked("alias"))).map_or(FIRST, String::as_str);
            Ok(version(&asked("name"), at))
        }
        ("POST", "/registered-models/alias") => {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
            check(&word("version"))?;
            aliases.lock().unwrap().insert((word("name"), word("alias")), word("version"));
            Ok(json!({}))
        }
        ("GET", "/model-versions/get") => {
            check(&asked("version"))?;
            Ok(version(&asked("name"), &asked("version")))
        }
        ("GET", "/model-versions/get-download-uri") => {
            check(&asked("version"))?;
            Ok(json!({ "artifact_uri": format!("{}/model", root(&run(&asked("version")))) }))
        }
        ("GET", "/runs/get") => {
            let inputs = json!([{ "dataset": { "name": "clicks", "digest": "d1" } }]);
            let info = json!({ "run_id": asked("run_id"), "artifact_uri": root(&asked("run_id")) });
            Ok(json!({ "run": { "info": info, "inputs": { "dataset_inputs": inputs } } }))
        }
        _ => Err((404, "ENDPOINT_NOT_FOUND")),
    }
}

fn check(version: &str) -> Result<(), Refusal> {
    let known = version.parse().is_ok_and(|number: u32| (1..=9).contains(&number));
    if known { Ok(()) } else { Err((404, "RESOURCE_DOES_NOT_EXIST")) }
}

fn version(model: &str, number: &str) -> Value {
    json!({ "model_version": {
        "name": model, "version": number, "run_id": run(number), "source": format!("{}/model", root(&run(number))),
        "status": "READY", "creation_timestamp": 1_790_000_000_000_u64, "last_updated_timestamp": 1_790_000_000_000_u64,
    } })
}

fn run(version: &str) -> String {
    format!("run{version}")
}

fn root(run: &str) -> String {
    format!("mlflow-artifacts:/1/{run}/artifacts")
}

fn listing(folder: &str) -> Value {
    let file = |name: &str| {
        let size = artifact(&format!("{folder}/{name}")).map_or(0, |bytes| bytes.len());
        json!({ "path": name, "is_dir": false, "file_size": size })
    };
    json!({ "files": [file("MLmodel"), file("weights.bin")] })
}

/// The bytes of an artifact: those of a run differ from those of the next.
fn artifact(path: &str) -> Option<Vec<u8>> {
    let run = path.split('/').nth(1)?;
    match path.rsplit('/').next()? {
        "MLmodel" => Some(format!("run_id: {run}\n").into_bytes()),
        "weights.bin" => Some(run.bytes().cycle().take(WEIGHTS).collect()),
        _ => None,
    }
}

fn parameter(query: &str, name: &str) -> String {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(found, _)| *found == name).map_or("", |(_, value)| value);
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(to: SocketAddr, method: &str, target: &str, body: &str) -> Answer {
        Answer::parse(&Request::new(method, target, body.as_bytes()).send(to).unwrap()).unwrap()
    }

    #[test]
    fn an_alias_stays_where_it_was_set() {
        let address = serve(Duration::ZERO).unwrap();
        let alias = "/api/2.0/mlflow/registered-models/alias";
        let stands = |to: SocketAddr| {
            let answer = ask(to, "GET", &format!("{alias}?name=a%20b&alias=champion"), "");
            serde_json::from_slice::<Value>(&answer.body).unwrap()["model_version"]["version"].clone()
        };
        assert_eq!(stands(address), "9");
        let set = |version: &str| json!({ "name": "a b", "alias": "champion", "version": version }).to_string();
        assert_eq!(ask(address, "POST", alias, &set("8")).status, 200);
        assert_eq!(ask(address, "POST", alias, &set("12")).status, 404);
        assert_eq!(stands(address), "8");
        assert_eq!(
            ask(address, "GET", "/api/2.0/mlflow-artifacts/artifacts/1/run8/artifacts/model/weights.bin", "")
                .body
                .len(),
            4096
        );
    }
}
