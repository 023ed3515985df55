//! Keys that stay in ssh-agent.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use belay_identity::{AgentError, AllowedSigners, KeyError, Namespace, RevokedKeys, SigningKey};
use jiff::tz::TimeZone;

use crate::openssh::Folder;

const TEXT: &[u8] = b"belay mandate 1\n";

struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(folder: &Folder) -> Self {
        let socket = folder.path("agent");
        let mut child =
            Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, socket }
    }

    fn add(&self, folder: &Folder, person: &str) {
        let mut add = Command::new("ssh-add");
        let added = add.arg("-q").arg(folder.path(person)).env("SSH_AUTH_SOCK", &self.socket).status().unwrap();
        assert!(added.success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn a_key_in_the_agent_signs() {
    let folder = Folder::new();
    for (person, kind) in
        [("ana", &["-t", "ed25519"][..]), ("ben", &["-t", "rsa", "-b", "2048"]), ("cleo", &["-t", "ecdsa"])]
    {
        folder.key(person, kind);
    }
    let everybody = ["ana", "ben", "cleo"].map(|person| folder.line(person, "")).concat();
    let everybody = AllowedSigners::parse(&everybody, &TimeZone::UTC).unwrap();
    let none = RevokedKeys::default();
    let agent = Agent::start(&folder);
    let socket = agent.socket.clone();
    let socket = Some(socket.as_path());
    assert!(matches!(SigningKey::from_agent(socket, &everybody, &none), Err(KeyError::NobodysKey)));
    agent.add(&folder, "ana");
    let mut key = SigningKey::from_agent(socket, &everybody, &none).unwrap();
    assert_eq!(key.fingerprint(), folder.fingerprint("ana"));
    let signature = key.sign(TEXT, Namespace::Mandate).unwrap();
    folder.verify("ana", "", "mandate@belay", TEXT, &signature).unwrap();
    let revoked = RevokedKeys::parse(&folder.public("ana")).unwrap();
    assert!(matches!(SigningKey::from_agent(socket, &everybody, &revoked), Err(KeyError::NobodysKey)));

    // A public key names the one that signs.
    let missing = SigningKey::open(&folder.path("ben.pub"), socket).err().unwrap();
    assert!(matches!(missing, KeyError::Agent(AgentError::NotHeld { .. })), "{missing}");
    agent.add(&folder, "ben");
    agent.add(&folder, "cleo");
    let several = SigningKey::from_agent(socket, &everybody, &none).err().unwrap();
    assert_eq!(several.to_string(), "ssh-agent holds keys of ana and ben and cleo: say with --key which one signs");
    for person in ["ben", "cleo"] {
        let mut key = SigningKey::open(&folder.path(&format!("{person}.pub")), socket).unwrap();
        let signature = key.sign(TEXT, Namespace::Request).unwrap();
        folder.verify(person, "", "request@belay", TEXT, &signature).unwrap();
    }
    drop(agent);
    assert!(matches!(
        SigningKey::open(&folder.path("ben.pub"), socket),
        Err(KeyError::Agent(AgentError::Unreachable { .. }))
    ));
}

#[test]
fn without_an_agent_it_is_said_what_to_name() {
    let error = SigningKey::from_agent(None, &AllowedSigners::default(), &RevokedKeys::default()).err().unwrap();
    assert!(error.to_string().contains("--key"), "{error}");
}
