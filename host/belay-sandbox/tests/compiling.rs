//! Compiling in a process of its own: whatever becomes of that process, this one goes on and is told.
#![allow(clippy::unwrap_used, reason = "tests")]

mod guests;

use std::path::Path;
use std::time::{Duration, Instant};

use belay_domain::digest::Digest;
use belay_sandbox::{Apart, Limits, LoadError, Sandbox};

/// A sandbox whose components a shell script compiles; `$1` is the folder for compiled code.
fn by(script: &str, time: Duration) -> Sandbox {
    let arguments = ["-c", script, "sh"].map(Into::into).to_vec();
    let apart = Apart { program: "/bin/sh".into(), arguments, compute_s: 1, time };
    Sandbox::new(Limits::default()).unwrap().compiling_apart(apart)
}

fn refused(script: &str, time: Duration) -> LoadError {
    by(script, time).load(&guests::allows(), None).err().unwrap()
}

#[test]
fn whatever_becomes_of_the_process_is_told() {
    let patient = Duration::from_secs(60);
    let words = |error: LoadError| error.to_string();
    for (script, told) in [
        ("cat > /dev/null; echo too large >&2; echo and more >&2; exit 1", "can't be compiled: too large"),
        ("exit 3", "ended: exit status: 3"),
        ("kill -KILL $$", "ended: signal: 9 (SIGKILL)"),
        ("cat > /dev/null", "its compiled code is not there, or damaged"),
        ("cat > \"$1\"/code.cwasm", "its compiled code is not there, or damaged"),
    ] {
        let said = words(refused(script, patient));
        assert!(said.ends_with(told), "{script}: {said}");
    }
    let nobody = Apart { program: "/nobody/is/here".into(), arguments: Vec::new(), compute_s: 1, time: patient };
    let sandbox = Sandbox::new(Limits::default()).unwrap().compiling_apart(nobody);
    let error = sandbox.load(&guests::allows(), None).err().unwrap();
    assert!(words(error).contains("No such file"));
}

#[test]
fn who_computes_or_sleeps_too_long_is_ended() {
    let too_slow = LoadError::TooSlow { seconds: 1 };
    assert_eq!(refused("ulimit -S -t 1; while :; do :; done", Duration::from_secs(600)), too_slow);
    let begun = Instant::now();
    assert_eq!(refused("exec sleep 600", Duration::from_millis(100)), too_slow);
    assert!(begun.elapsed() < Duration::from_secs(300));
}

#[tokio::test]
async fn what_another_process_kept_is_used_and_nothing_else() {
    let component = guests::allows();
    let here = Sandbox::new(Limits::default()).unwrap();
    let (store, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    here.compile(&component, elsewhere.path()).unwrap();

    let copies = format!("cat > /dev/null; cp {}/* \"$1\"", elsewhere.path().display());
    let sandbox = by(&copies, Duration::from_secs(60));
    for store in [Some(store.path()), None, Some(Path::new("/dev/null/no-folder"))] {
        let plugin = sandbox.load(&component, store).unwrap();
        assert_eq!(plugin.describe().await.result.unwrap().name, "guest");
    }
    // Code of another component does not do for this one.
    let other = guests::guardrail("", "unreachable");
    assert_ne!(Digest::of(&other), Digest::of(&component));
    assert!(matches!(sandbox.load(&other, None), Err(LoadError::Compile(_))));
}
