//! Credentials: where they come from and what is held of them. They never appear in `Debug`, errors or logs; the copies
//! held here are overwritten when they are dropped.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use zeroize::Zeroizing;

use crate::at_once;
use crate::spec::Oauth2;

/// How requests are authenticated.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// `authorization: Bearer …`
    Bearer(SecretSource),
    /// `authorization: Basic …` (RFC 7617).
    Basic {
        /// The user's name; no secret.
        user: String,
        /// The password.
        password: SecretSource,
    },
    /// A header of the system's own.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: SecretSource,
    },
    /// `authorization: Bearer …` with a token from an OAuth 2.0 token endpoint.
    Oauth2(Oauth2),
}

impl Auth {
    /// Where the secret comes from.
    pub const fn source(&self) -> Option<&SecretSource> {
        match self {
            Self::None => None,
            Self::Bearer(source) | Self::Basic { password: source, .. } | Self::Header { value: source, .. } => {
                Some(source)
            }
            Self::Oauth2(client) => Some(&client.client_secret),
        }
    }

    /// With relative paths below `root`.
    pub(crate) fn below(self, root: &Path) -> Self {
        match self {
            Self::None => Self::None,
            Self::Bearer(source) => Self::Bearer(source.below(root)),
            Self::Basic { user, password } => Self::Basic { user, password: password.below(root) },
            Self::Header { name, value } => Self::Header { name, value: value.below(root) },
            Self::Oauth2(client) => Self::Oauth2(client.below(root)),
        }
    }
}

/// Where a secret comes from. It is read when it is used; one newline at its end is dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// A file.
    File(PathBuf),
    /// An environment variable of belay's process.
    Env(String),
    /// What a program prints, run without a shell, within 10 s and the connection's `timeout`. Kept for a minute:
    /// asking a vault takes longer than most requests.
    Command(Vec<String>),
}

impl SecretSource {
    /// A relative file below `root`.
    pub(crate) fn below(self, root: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(root.join(path)),
            Self::Env(_) | Self::Command(_) => self,
        }
    }
}

impl fmt::Debug for SecretSource {
    /// Of a command only the program: people write secrets into arguments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Command(argv) => write!(f, "command {}", argv.first().map_or("", String::as_str)),
        }
    }
}

/// A secret's bytes.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Secret {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Drops the newline at the end; refuses what is too short to be told from ordinary text in an answer.
    pub(crate) fn new(mut bytes: Zeroizing<Vec<u8>>) -> Result<Self, String> {
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        match bytes.len() {
            0 => Err("it is empty".to_owned()),
            1..SHORTEST => Err(format!("it is shorter than {SHORTEST} bytes")),
            SHORTEST..=LONGEST => Ok(Self(bytes)),
            _ => Err(format!("it is longer than {LONGEST} bytes")),
        }
    }
}

const SHORTEST: usize = 4;
const LONGEST: usize = 16 << 10;
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
const COMMAND_KEPT: Duration = Duration::from_secs(60);

/// Reads one source again and again; keeps what a command printed.
#[derive(Debug)]
pub(crate) struct SecretReader {
    source: SecretSource,
    kept: tokio::sync::Mutex<Option<(Instant, Secret)>>,
}

impl SecretReader {
    pub(crate) fn new(source: SecretSource) -> Self {
        Self { source, kept: tokio::sync::Mutex::new(None) }
    }

    /// The secret, or where it could not be read from and why.
    pub(crate) async fn read(&self) -> Result<Secret, String> {
        let read = match &self.source {
            SecretSource::File(path) => read_file(path.clone()).await,
            SecretSource::Env(name) => read_env(name),
            SecretSource::Command(argv) => self.read_command(argv).await,
        };
        read.map_err(|reason| format!("the credential from {:?} can't be used: {reason}", self.source))
    }

    async fn read_command(&self, argv: &[String]) -> Result<Secret, String> {
        // Held while the command runs: requests side by side must not start it many times.
        let mut kept = self.kept.lock().await;
        if let Some((at, secret)) = kept.as_ref()
            && at.elapsed() < COMMAND_KEPT
        {
            return Ok(secret.clone());
        }
        let secret = run(argv).await?;
        *kept = Some((Instant::now(), secret.clone()));
        Ok(secret)
    }
}

async fn read_file(path: PathBuf) -> Result<Secret, String> {
    if let Some(bytes) = at_once::file(&path) {
        return Secret::new(bytes);
    }
    let read = tokio::task::spawn_blocking(move || read_bounded(&path)).await;
    let bytes = read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    Secret::new(bytes)
}

fn read_bounded(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // Room for all of it at once: a vector that grows would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 3));
    std::fs::File::open(path)?.take(LONGEST as u64 + 3).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_env(name: &str) -> Result<Secret, String> {
    use std::os::unix::ffi::OsStringExt as _;
    let value = std::env::var_os(name).ok_or("it is not set")?;
    Secret::new(Zeroizing::new(value.into_vec()))
}

/// Its error output is dropped: programs print what they were given.
async fn run(argv: &[String]) -> Result<Secret, String> {
    let (program, arguments) = argv.split_first().ok_or("no program is named")?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    // No input: the pipe is closed at once.
    drop(child.stdin.take());
    let stdout = child.stdout.take().ok_or("it has no output")?;
    let finished = async {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 3));
        stdout.take(LONGEST as u64 + 3).read_to_end(&mut bytes).await?;
        let status = child.wait().await?;
        Ok::<_, std::io::Error>((bytes, status))
    };
    match tokio::time::timeout(COMMAND_TIMEOUT, finished).await {
        Ok(Ok((bytes, status))) if status.success() => Secret::new(bytes),
        Ok(Ok((_, status))) => Err(status.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("it did not end within {} s", COMMAND_TIMEOUT.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(source: SecretSource) -> Result<String, String> {
        SecretReader::new(source).read().await.map(|secret| String::from_utf8(secret.bytes().to_vec()).unwrap())
    }

    fn command(argv: &[&str]) -> SecretSource {
        SecretSource::Command(argv.iter().map(|&word| word.to_owned()).collect())
    }

    #[tokio::test]
    async fn a_secret_loses_one_newline_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        for (text, secret) in
            [("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("s3cret\n\n", "s3cret\n"), (" s3c ", " s3c ")]
        {
            let path = dir.path().join("token");
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(SecretSource::File(path)).await.as_deref(), Ok(secret));
        }
        assert_eq!(read(command(&["printf", "%s\\n", "from-vault"])).await.as_deref(), Ok("from-vault"));
    }

    #[tokio::test]
    async fn a_source_that_fails_is_named_and_its_secret_is_not() {
        for (source, expected) in [
            (SecretSource::File("/nonexistent/token".into()), "file /nonexistent/token"),
            (
                SecretSource::Env("BELAY_TEST_NOT_SET".into()),
                "variable BELAY_TEST_NOT_SET can't be used: it is not set",
            ),
            (command(&["sh", "-c", "echo canary-s3cret; exit 3"]), "command sh can't be used: exit status: 3"),
            (command(&["/nonexistent/vault", "canary-s3cret"]), "command /nonexistent/vault"),
            (command(&["head", "-c", "20000", "/dev/zero"]), "longer than 16384"),
            (command(&["printf", "abc"]), "shorter than 4"),
            (command(&["true"]), "it is empty"),
            (command(&[]), "no program"),
        ] {
            let error = read(source).await.unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_command_gets_no_input_and_runs_once_a_minute() {
        let dir = tempfile::tempdir().unwrap();
        let script = format!("cat; echo x >> {}/runs; echo token", dir.path().display());
        let reader = SecretReader::new(command(&["sh", "-c", &script]));
        for _ in 0..3 {
            assert_eq!(reader.read().await.unwrap().bytes(), b"token");
        }
        assert_eq!(std::fs::read_to_string(dir.path().join("runs")).unwrap(), "x\n");
    }

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::new(Zeroizing::new(b"canary".to_vec())).unwrap();
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(format!("{:?}", command(&["vault", "canary"])), "command vault");
    }
}
