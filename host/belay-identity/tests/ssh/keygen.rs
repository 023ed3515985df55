//! Key files and signatures, in both directions.

use belay_domain::id::Millis;
use belay_identity::{AllowedSigners, KeyError, Namespace, RevokedKeys, SigningKey, Unaccepted, verify};
use jiff::tz::TimeZone;

use crate::openssh::Folder;

const TEXT: &[u8] = b"belay mandate 1\nrestore ranker\n";
/// 2026-11-22T12:00Z.
const NOW: Millis = Millis(1_795_348_800_000);

const KINDS: [&[&str]; 5] = [
    &["-t", "ed25519"],
    &["-t", "ecdsa", "-b", "256"],
    &["-t", "ecdsa", "-b", "384"],
    &["-t", "ecdsa", "-b", "521"],
    &["-t", "rsa", "-b", "2048"],
];

/// What belay finds of a signature by ssh-keygen, under a line with these options.
fn found(folder: &Folder, options: &str, namespace: &str, revoked: &str) -> Result<String, Unaccepted> {
    let signature = folder.sign("ana", namespace, TEXT);
    let signers = AllowedSigners::parse(&folder.line("ana", options), &TimeZone::UTC).unwrap();
    let revoked = RevokedKeys::parse(revoked).unwrap();
    verify(TEXT, Namespace::Mandate, &signature, &signers, &revoked, NOW).map(|signer| signer.person.to_string())
}

#[test]
fn what_ssh_keygen_signs_is_counted() {
    for kind in KINDS {
        let folder = Folder::new();
        folder.key("ana", kind);
        assert_eq!(found(&folder, "", "mandate@belay", "").unwrap(), "ana", "{kind:?}");
    }
}

#[test]
fn what_a_key_file_signs_is_accepted_by_ssh_keygen() {
    for kind in KINDS {
        let folder = Folder::new();
        folder.key("ana", kind);
        let mut key = SigningKey::open(&folder.path("ana"), None).unwrap();
        assert_eq!(key.fingerprint(), folder.fingerprint("ana"));
        let signature = key.sign(TEXT, Namespace::Mandate).unwrap();
        folder.verify("ana", "", "mandate@belay", TEXT, &signature).unwrap();
        folder.verify("ana", "", "request@belay", TEXT, &signature).unwrap_err();
        folder.verify("ana", "", "mandate@belay", b"another", &signature).unwrap_err();
    }
}

#[test]
fn both_count_and_refuse_the_same_lines() {
    let folder = Folder::new();
    folder.key("ana", KINDS[0]);
    let at = "20261122120000Z";
    for (options, counts) in [
        ("", true),
        ("valid-before=\"20261122115959Z\"", false),
        ("valid-before=\"20261122120000Z\"", true),
        ("valid-after=\"20261122120000Z\"", true),
        ("valid-after=\"20261122120001Z\"", false),
        ("valid-after=\"20260101Z\",valid-before=\"20270101Z\"", true),
        ("namespaces=\"git\"", false),
        ("namespaces=\"git,*@belay\"", true),
        ("namespaces=\"*@belay,!mandate@belay\"", false),
    ] {
        let signature = folder.sign("ana", "mandate@belay", TEXT);
        let theirs = folder.verify_at("ana", options, "mandate@belay", TEXT, &signature, at);
        assert_eq!(theirs.is_ok(), counts, "ssh-keygen, {options}: {theirs:?}");
        let ours = found(&folder, options, "mandate@belay", "");
        assert_eq!(ours.is_ok(), counts, "belay, {options}: {ours:?}");
    }
}

#[test]
fn each_refusal_says_why() {
    let folder = Folder::new();
    folder.key("ana", KINDS[0]);
    let fingerprint = folder.fingerprint("ana");
    let says = |options: &str, namespace: &str, revoked: &str| {
        found(&folder, options, namespace, revoked).unwrap_err().to_string().replace(&fingerprint, "KEY")
    };
    let expired = says("valid-before=\"20260101Z\"", "mandate@belay", "");
    assert_eq!(expired, "the key KEY of ana has expired");
    assert_eq!(says("valid-after=\"20270101Z\"", "mandate@belay", ""), "the key KEY of ana is not valid yet");
    let namespace = says("", "git", "");
    assert_eq!(
        namespace,
        "the signature was made for `git`, not for `mandate@belay`: ssh-keygen -Y sign -n mandate@belay"
    );
    let revoked = folder.public("ana");
    assert_eq!(says("", "mandate@belay", &revoked), "the key KEY of ana is revoked");
    assert_eq!(says("", "mandate@belay", &fingerprint), "the key KEY of ana is revoked");
    let limited = says("namespaces=\"git\"", "mandate@belay", "");
    assert_eq!(limited, "the key KEY of ana is for namespaces=\"git\", which leaves out `mandate@belay`");
    folder.key("eve", KINDS[0]);
    let signature = folder.sign("eve", "mandate@belay", TEXT);
    let signers = AllowedSigners::parse(&folder.line("ana", ""), &TimeZone::UTC).unwrap();
    let stranger = verify(TEXT, Namespace::Mandate, &signature, &signers, &RevokedKeys::default(), NOW);
    assert!(matches!(stranger, Err(Unaccepted::UnknownKey { .. })), "{stranger:?}");
}

#[test]
fn an_expired_line_does_not_spoil_a_later_one_of_the_same_key() {
    let folder = Folder::new();
    folder.key("ana", KINDS[0]);
    let lines = [folder.line("ana", "valid-before=\"20260101Z\""), folder.line("ana", "valid-after=\"20260601Z\"")];
    let signers = AllowedSigners::parse(&lines.concat(), &TimeZone::UTC).unwrap();
    let signature = folder.sign("ana", "mandate@belay", TEXT);
    assert!(verify(TEXT, Namespace::Mandate, &signature, &signers, &RevokedKeys::default(), NOW).is_ok());
}

#[test]
fn keys_that_are_too_weak_are_refused_by_name() {
    let folder = Folder::new();
    folder.key("ana", &["-t", "rsa", "-b", "1024"]);
    folder.key("ben", &["-t", "dsa"]);
    for (person, says) in [("ana", "at least 2048 bits, this one 1024"), ("ben", "ssh-dss don't count")] {
        let problems = AllowedSigners::parse(&folder.line(person, ""), &TimeZone::UTC).unwrap_err();
        assert!(problems[0].message.contains(says), "{}", problems[0]);
    }
}

#[test]
fn a_key_that_belay_can_not_use_says_what_to_do() {
    let folder = Folder::new();
    folder.key_with_passphrase("ana", "secret");
    let encrypted = SigningKey::open(&folder.path("ana"), None).err().unwrap();
    assert!(encrypted.to_string().contains("ssh-add"), "{encrypted}");
    folder.key("ben", KINDS[0]);
    folder.open_to_all("ben");
    let open = SigningKey::open(&folder.path("ben"), None).err().unwrap();
    assert!(matches!(open, KeyError::Open { mode: 0o644, .. }), "{open}");
    folder.write("nonsense", "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----\n");
    let nonsense = SigningKey::open(&folder.path("nonsense"), None).err().unwrap();
    assert!(matches!(nonsense, KeyError::NotAKey { .. }), "{nonsense}");
    assert!(matches!(SigningKey::open(&folder.path("missing"), None), Err(KeyError::File { .. })));
}
