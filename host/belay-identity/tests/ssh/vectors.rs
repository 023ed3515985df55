//! Signatures that ssh-keygen made once: what counted then must count with every later version.

use belay_domain::id::Millis;
use belay_identity::{AllowedSigners, Namespace, RevokedKeys, Unaccepted, verify};
use jiff::tz::TimeZone;

const TEXT: &[u8] = include_bytes!("vectors/text");
const SIGNATURES: [(&str, &str); 3] = [
    ("ed25519", include_str!("vectors/ed25519.sig")),
    ("ecdsa", include_str!("vectors/ecdsa.sig")),
    ("rsa", include_str!("vectors/rsa.sig")),
];

fn signers() -> AllowedSigners {
    AllowedSigners::parse(include_str!("vectors/allowed_signers"), &TimeZone::UTC).unwrap()
}

#[test]
fn each_kind_of_key_is_counted() {
    for (person, signature) in SIGNATURES {
        let signer = verify(TEXT, Namespace::Mandate, signature, &signers(), &RevokedKeys::default(), Millis(1));
        assert_eq!(signer.unwrap().person.as_str(), person);
    }
}

#[test]
fn no_changed_byte_is_counted() {
    for (person, signature) in SIGNATURES {
        for at in 0..TEXT.len() {
            let mut text = TEXT.to_vec();
            text[at] ^= 1;
            let found = verify(&text, Namespace::Mandate, signature, &signers(), &RevokedKeys::default(), Millis(1));
            assert_eq!(found.unwrap_err(), Unaccepted::OtherText { person: person.parse().unwrap() });
        }
    }
}

#[test]
fn no_changed_signature_is_counted() {
    // Lines may be longer or shorter, but what they hold may not differ in a bit.
    for (_, signature) in SIGNATURES {
        let body = signature.find('\n').unwrap()..signature.rfind("-----END").unwrap();
        for at in body.clone().filter(|at| signature.as_bytes()[*at].is_ascii_alphanumeric()) {
            let mut changed = signature.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let found = verify(TEXT, Namespace::Mandate, &changed, &signers(), &RevokedKeys::default(), Millis(1));
            assert!(found.is_err(), "byte {at} of {signature}");
        }
        for end in 0..body.end {
            let found =
                verify(TEXT, Namespace::Mandate, &signature[..end], &signers(), &RevokedKeys::default(), Millis(1));
            assert!(matches!(found, Err(Unaccepted::NotASignature(_))), "cut at {end}");
        }
    }
}
