//! Tools that we did not write read our logs, and come to our verdict: Debian's Go libraries of tlog and note, and openssl.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod common;
#[path = "common/files.rs"]
mod files;
#[path = "common/tool.rs"]
mod tool;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use belay_ledger::note::Verifier;
use belay_ledger::verify::verify;
use belay_ledger::{Batch, Ledger};
use common::{Place, draft};
use files::{copy, files};

/// Where Debian's package puts the libraries' sources.
const GOPATH: &str = "/usr/share/gocode";

/// The verifier on Debian's Go, built; `None` where Go is not installed.
fn go(folder: &Path) -> Option<PathBuf> {
    let packages = "golang-go golang-golang-x-mod-dev";
    let libraries = Path::new(GOPATH).join("src/golang.org/x/mod/sumdb/tlog");
    if tool::is_left_out("go", "version", packages) || !libraries.is_dir() && tool::left_out(packages) {
        return None;
    }
    let program = folder.join("verify_log");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify_log.go");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&program).arg(source).env("GO111MODULE", "off").env("GOPATH", GOPATH);
    let built = build.env("GOFLAGS", "").env("HOME", folder).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(program)
}

/// What Go says of each folder.
fn verdicts(go: &Path, key: &Verifier, folders: &[PathBuf]) -> Vec<String> {
    let output = Command::new(go).arg(key.to_string()).args(folders).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), folders.len());
    lines
}

fn grow(ledger: &Ledger, size: u64) {
    let from = ledger.size().unwrap();
    for start in (from..size).step_by(2_000) {
        let drafts = (start..size.min(start + 2_000)).map(|n| draft("call", &n.to_string())).collect();
        ledger.append(Batch { drafts, conditions: Vec::new() }).unwrap();
    }
    ledger.publish().unwrap();
}

#[test]
fn go_reads_a_log_of_any_size_and_finds_our_root() {
    let folder = tempfile::tempdir().unwrap();
    let Some(go) = go(folder.path()) else { return };
    let place = Place::new();
    let ledger = place.init();
    for size in [0, 1, 255, 256, 257, 65_536, 70_000] {
        grow(&ledger, size);
        let head = ledger.head().unwrap();
        assert_eq!(head.size, size);
        let verdicts = verdicts(&go, &ledger.verifier(), &[ledger.log_folder()]);
        assert_eq!(verdicts, [format!("sound: {size} {}", head.root)]);
    }
    let report = verify(&ledger.log_folder(), Some(&ledger.verifier()));
    assert_eq!((report.findings.as_slice(), report.proven), (&[][..], 70_000));
}

#[test]
fn go_agrees_with_our_verifier_on_every_mutated_log() {
    let folder = tempfile::tempdir().unwrap();
    let Some(go) = go(folder.path()) else { return };
    let place = Place::new();
    let ledger = place.init();
    grow(&ledger, 258);
    let (log, key) = (ledger.log_folder(), ledger.verifier());
    let mut changed = vec![log.clone()];
    let mut change = |file: &Path, bytes: Option<&[u8]>| {
        let copied = folder.path().join(format!("log-{}", changed.len()));
        copy(&log, &copied);
        let file = copied.join(file.strip_prefix(&log).unwrap());
        bytes.map_or_else(|| fs::remove_file(&file), |bytes| fs::write(&file, bytes)).unwrap();
        changed.push(copied);
    };
    for file in files(&log) {
        let right = fs::read(&file).unwrap();
        change(&file, None);
        for at in (0..right.len()).step_by(right.len() / 24 + 1).chain(right.len().saturating_sub(4)..right.len()) {
            let mut wrong = right.clone();
            wrong[at] ^= 0x01;
            change(&file, Some(&wrong));
            change(&file, Some(&right[..at]));
        }
        change(&file, Some(&[right.as_slice(), b"\n"].concat()));
    }
    for (folder, verdict) in changed.iter().zip(verdicts(&go, &key, &changed)) {
        let report = verify(folder, Some(&key));
        assert_eq!(report.is_intact(), verdict.starts_with("sound"), "{verdict}: {:?}", report.findings);
    }
    assert!(changed.len() > 200, "{}", changed.len());
}

/// The signature of a checkpoint, with the public key in the form that openssl reads.
#[test]
fn openssl_checks_a_checkpoint() {
    if tool::is_left_out("openssl", "version", "openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new();
    let ledger = place.init();
    grow(&ledger, 3);
    let note = fs::read_to_string(ledger.log_folder().join("checkpoint")).unwrap();
    let (text, signatures) = note.rsplit_once("\n\n").unwrap();
    let signature = STANDARD.decode(signatures.trim_end().rsplit(' ').next().unwrap()).unwrap();
    let der = [&hex("302a300506032b6570032100"), ledger.verifier().public_key().as_slice()].concat();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("key.der"), der).unwrap();
    fs::write(path("signature"), &signature[4..]).unwrap();
    for (text, expected) in [(format!("{text}\n"), true), (format!("{text} \n"), false)] {
        fs::write(path("text"), text).unwrap();
        let mut openssl = Command::new("openssl");
        openssl.args(["pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey"]).arg(path("key.der"));
        let status =
            openssl.arg("-sigfile").arg(path("signature")).arg("-in").arg(path("text")).output().unwrap().status;
        assert_eq!(status.success(), expected);
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
