//! The supervisor of a lab: one process that holds all others, which end when it ends, however it ends. Never installs
//! anything.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use belay_tests::lab::port::free_address;

use super::services::{self, Place, System};
use super::state::{self, Condition, State, SystemState};

/// How long a client may take to say what it wants: others wait.
const HEARING: Duration = Duration::from_secs(2);

/// A lab in the hands of its supervisor.
struct Lab {
    up: PathBuf,
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    state: State,
    /// What keeps each system running.
    held: BTreeMap<&'static str, Box<dyn Send>>,
}

/// `cargo xtask lab hold SYSTEM…`: what `lab up` starts in the background. Comes back after `lab down`.
pub(crate) fn run(names: &[&str]) -> ExitCode {
    // A session of its own: it outlives the terminal.
    let _ = nix::unistd::setsid();
    match hold(&names.iter().filter_map(|name| services::named(name)).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn hold(systems: &[&'static System]) -> io::Result<()> {
    let up = state::folder();
    let listener = UnixListener::bind(state::SOCKET)?;
    let lab = Arc::new(Lab::new(up, systems));
    lab.write(&lab.lock());
    for system in systems.iter().copied() {
        let starting = Arc::clone(&lab);
        thread::spawn(move || starting.start(system));
    }
    for client in listener.incoming().flatten() {
        // A client that breaks off asks for nothing.
        let asked = hear(&client).unwrap_or_default();
        if asked == "down" {
            break;
        }
        let lab = Arc::clone(&lab);
        thread::spawn(move || {
            // One that went away does not wait for the answer.
            let _ = writeln!(&client, "{}", lab.answer(&asked));
        });
    }
    // The latest first: what needs another ends before it.
    for system in systems.iter().rev() {
        lab.stop(system);
    }
    fs::remove_file(lab.up.join("lab.json"))
}

impl Lab {
    fn new(up: PathBuf, systems: &[&'static System]) -> Self {
        let describe = |system: &System| {
            let address = free_address();
            let secrets = system.secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            SystemState {
                condition: Condition::Starting,
                address,
                url: format!("http://{address}"),
                also: system.also.iter().map(|name| ((*name).to_owned(), free_address())).collect(),
                folder: up.join(system.name),
                took_ms: None,
                secrets: secrets.collect(),
            }
        };
        let systems = systems.iter().map(|system| (system.name.to_owned(), describe(system))).collect();
        let state = State { pid: std::process::id(), systems };
        Self { up, inner: Mutex::new(Inner { state, held: BTreeMap::new() }), changed: Condvar::new() }
    }

    /// A system that panicked while it started left nothing half done in here.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, inner: &Inner) {
        if let Err(error) = inner.state.write(&self.up) {
            eprintln!("lab.json: {error}");
        }
        self.changed.notify_all();
    }

    fn set(&self, name: &str, condition: Condition, took_ms: Option<u64>) {
        let mut inner = self.lock();
        if let Some(system) = inner.state.systems.get_mut(name) {
            system.condition = condition;
            system.took_ms = took_ms;
        }
        self.write(&inner);
    }

    /// Waits for what the system needs, starts it, and notes how that went.
    fn start(&self, system: &'static System) {
        self.set(system.name, Condition::Starting, None);
        let began = Instant::now();
        let started = self.wait_for(system).and_then(|()| self.launch(system));
        let (condition, held) = match started {
            Ok(held) => (Condition::Ready, Some(held)),
            Err(why) => (Condition::Failed(why), None),
        };
        if let Some(held) = held {
            self.lock().held.insert(system.name, held);
        }
        let took_ms = u64::try_from(began.elapsed().as_millis()).ok();
        self.set(system.name, condition, took_ms);
    }

    fn wait_for(&self, system: &System) -> Result<(), String> {
        let mut inner = self.lock();
        loop {
            let condition = |name: &&str| inner.state.systems.get(*name).map(|needed| needed.condition.clone());
            let waits = system.needs.iter().map(|name| (*name, condition(name)));
            let waits: Vec<_> = waits.filter(|(_, condition)| *condition != Some(Condition::Ready)).collect();
            let Some((name, condition)) = waits.first() else { return Ok(()) };
            match condition {
                Some(Condition::Starting) => {
                    inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
                }
                Some(Condition::Stopped | Condition::Failed(_) | Condition::Ready) | None => {
                    return Err(format!("it needs {name}: cargo xtask lab start {name}"));
                }
            }
        }
    }

    fn launch(&self, system: &System) -> Result<Box<dyn Send>, String> {
        let folder = self.up.join(system.name);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let addresses = self.addresses();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let of = |name: &str| addresses.get(name).copied().unwrap_or(nowhere);
        let place = Place { folder, address: of(system.name), of: &of };
        catch_unwind(AssertUnwindSafe(|| (system.start)(&place))).map_err(|panic| state::said(&*panic))
    }

    /// Every address by name: `redis`, `feast/sidecar`.
    fn addresses(&self) -> BTreeMap<String, SocketAddr> {
        let inner = self.lock();
        let all = inner.state.systems.iter().flat_map(|(name, system)| {
            let also = system.also.iter().map(move |(part, address)| (format!("{name}/{part}"), *address));
            std::iter::once((name.clone(), system.address)).chain(also)
        });
        all.collect()
    }

    fn stop(&self, system: &System) {
        let held = self.lock().held.remove(system.name);
        drop(held);
        self.set(system.name, Condition::Stopped, None);
    }

    /// Does what a client asks for. `ok`, or what went wrong.
    fn answer(&self, asked: &str) -> String {
        match asked.split_once(' ') {
            Some(("stop", name)) => self.ask(name, Self::stop),
            Some(("start", name)) => self.ask(name, Self::start_again),
            Some(_) | None => "ok".to_owned(),
        }
    }

    fn start_again(&self, system: &'static System) {
        let present = self.lock().state.systems.get(system.name).map(|found| (found.condition.clone(), found.address));
        match present {
            Some((Condition::Starting, _)) => {}
            Some((Condition::Ready, address)) if (system.is_ready)(address) => {}
            Some((Condition::Ready | Condition::Stopped | Condition::Failed(_), _)) | None => {
                // What is left of one that died must not hold its address.
                self.stop(system);
                self.start(system);
            }
        }
    }

    fn ask(&self, name: &str, act: impl FnOnce(&Self, &'static System)) -> String {
        let known = services::named(name).filter(|system| self.lock().state.systems.contains_key(system.name));
        let Some(system) = known else { return format!("this lab was brought up without `{name}`") };
        act(self, system);
        let inner = self.lock();
        match inner.state.systems.get(name).map(|system| system.condition.clone()) {
            Some(Condition::Failed(why)) => why.replace('\n', " "),
            Some(Condition::Starting | Condition::Ready | Condition::Stopped) | None => "ok".to_owned(),
        }
    }
}

/// The line that a client says.
fn hear(client: &UnixStream) -> io::Result<String> {
    client.set_read_timeout(Some(HEARING))?;
    let mut asked = String::new();
    BufReader::new(client).read_line(&mut asked)?;
    Ok(asked.trim_end().to_owned())
}
