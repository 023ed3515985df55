//! A folder with keys, and OpenSSH's own tools over it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn open_to_all(&self, name: &str) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o644)).unwrap();
    }

    pub(crate) fn key(&self, person: &str, kind: &[&str]) {
        let made = self.keygen(&[kind, &["-q", "-N", "", "-C", person, "-f", person]].concat(), b"");
        assert!(made.status.success(), "{made:?}");
    }

    pub(crate) fn key_with_passphrase(&self, person: &str, passphrase: &str) {
        let made = self.keygen(&["-q", "-t", "ed25519", "-N", passphrase, "-f", person], b"");
        assert!(made.status.success(), "{made:?}");
    }

    pub(crate) fn public(&self, person: &str) -> String {
        fs::read_to_string(self.path(&format!("{person}.pub"))).unwrap()
    }

    pub(crate) fn fingerprint(&self, person: &str) -> String {
        let shown = self.keygen(&["-l", "-f", &format!("{person}.pub")], b"");
        String::from_utf8(shown.stdout).unwrap().split(' ').nth(1).unwrap().to_owned()
    }

    /// A line of `allowed_signers`.
    pub(crate) fn line(&self, person: &str, options: &str) -> String {
        format!("{person} {options} {}", self.public(person))
    }

    /// `ssh-keygen -Y sign`.
    pub(crate) fn sign(&self, person: &str, namespace: &str, text: &[u8]) -> String {
        let made = self.keygen(&["-q", "-Y", "sign", "-n", namespace, "-f", person], text);
        assert!(made.status.success(), "{made:?}");
        String::from_utf8(made.stdout).unwrap()
    }

    /// `ssh-keygen -Y verify`, now.
    pub(crate) fn verify(
        &self,
        person: &str,
        options: &str,
        namespace: &str,
        text: &[u8],
        signature: &str,
    ) -> Result<(), String> {
        self.checked(person, options, namespace, text, signature, &[])
    }

    /// `ssh-keygen -Y verify`, as of a moment.
    pub(crate) fn verify_at(
        &self,
        person: &str,
        options: &str,
        namespace: &str,
        text: &[u8],
        signature: &str,
        at: &str,
    ) -> Result<(), String> {
        self.checked(person, options, namespace, text, signature, &["-O", &format!("verify-time={at}")])
    }

    fn checked(
        &self,
        person: &str,
        options: &str,
        namespace: &str,
        text: &[u8],
        signature: &str,
        more: &[&str],
    ) -> Result<(), String> {
        self.write("allowed_signers", &self.line(person, options));
        self.write("signature", signature);
        let words = ["-Y", "verify", "-f", "allowed_signers", "-I", person, "-n", namespace, "-s", "signature"];
        let answer = self.keygen(&[&words, more].concat(), text);
        if answer.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&answer.stderr).into_owned()) }
    }

    fn keygen(&self, words: &[&str], input: &[u8]) -> Output {
        let mut child = Command::new("ssh-keygen")
            .args(words)
            .current_dir(self.0.path())
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may have ended before it read anything.
        let _unread = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }
}
