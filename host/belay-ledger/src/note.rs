//! Signed notes, C2SP signed-note v1.0.0, with Ed25519. Signs and verifies text; never asks what it means.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// Ed25519, as signed notes number algorithms.
const ED25519: u8 = 1;
/// What begins a line with a signature: an em dash and a space.
const SIGNATURE: &str = "\u{2014} ";
/// Notes with more signatures are refused; the specification requires that 16 are accepted.
const MAX_SIGNATURES: usize = 100;

/// Why a key or a note was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNote {
    /// A key's text.
    #[error("not a key of a signed note: {0}")]
    Key(&'static str),
    /// A note's text.
    #[error("not a signed note: {0}")]
    Form(&'static str),
    /// The key's signature is not there.
    #[error("not signed by {0}")]
    Unsigned(String),
    /// The key's signature is there and wrong.
    #[error("the signature of {0} does not fit the text")]
    Signature(String),
}

/// A key that verifies notes. As text: `name+hex(key id)+base64(algorithm ‖ public key)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verifier {
    name: String,
    key: VerifyingKey,
}

/// A key that signs notes. Its text, `PRIVATE+KEY+` and a verifier's with the seed in place of the public key, is
/// secret.
pub(crate) struct Signer {
    name: String,
    key: SigningKey,
}

impl Verifier {
    /// The key's name; a log's is its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes of the public key, for tools that take them alone.
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Gives the signed text of a note, if this key signed it. Signatures of other keys are skipped.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, InvalidNote> {
        let (text, signatures) = parse(note)?;
        let id = self.id_bytes();
        let mut found = false;
        for (name, bytes) in signatures {
            let Some((key_id, signature)) = bytes.split_first_chunk::<4>() else { continue };
            if name != self.name || *key_id != id {
                continue;
            }
            let wrong = |_| InvalidNote::Signature(self.name.clone());
            let signature = Signature::from_slice(signature).map_err(wrong)?;
            self.key.verify_strict(text.as_bytes(), &signature).map_err(wrong)?;
            found = true;
        }
        if found { Ok(text) } else { Err(InvalidNote::Unsigned(self.name.clone())) }
    }

    /// The key's short name, 8 hex digits; each of its signatures begins with it.
    pub fn id(&self) -> String {
        hex(self.id_bytes())
    }

    fn id_bytes(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.name.as_bytes());
        hash.update([b'\n', ED25519]);
        hash.update(self.key.as_bytes());
        let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
        [a, b, c, d]
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[ED25519], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, self.id())
    }
}

impl FromStr for Verifier {
    type Err = InvalidNote;

    fn from_str(text: &str) -> Result<Self, InvalidNote> {
        let (name, id, key) = key_parts(text)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| InvalidNote::Key("no point of the curve"))?;
        let verifier = Self { name, key };
        if verifier.id() == id { Ok(verifier) } else { Err(InvalidNote::Key("the key id does not fit")) }
    }
}

impl Signer {
    /// A key with this name and seed; the name has no space and no `+`.
    pub(crate) fn new(name: &str, seed: &[u8; 32]) -> Result<Self, InvalidNote> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), key: SigningKey::from_bytes(seed) })
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// Signs a text that ends with a newline.
    pub(crate) fn sign(&self, text: &str) -> String {
        format!("{text}\n{}", self.line(text))
    }

    /// The signature's line.
    fn line(&self, text: &str) -> String {
        let blob = [self.verifier().id_bytes().as_slice(), &self.key.sign(text.as_bytes()).to_bytes()].concat();
        format!("{SIGNATURE}{} {}\n", self.name, STANDARD.encode(blob))
    }

    /// The key's text. Secret.
    pub(crate) fn secret(&self) -> String {
        let key = STANDARD.encode([&[ED25519], self.key.to_bytes().as_slice()].concat());
        format!("PRIVATE+KEY+{}+{}+{key}\n", self.name, self.verifier().id())
    }

    /// Reads what [`Signer::secret`] wrote.
    pub(crate) fn from_secret(text: &str) -> Result<Self, InvalidNote> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_prefix("PRIVATE+KEY+").ok_or(InvalidNote::Key("it begins with PRIVATE+KEY+"))?;
        let (name, id, seed) = key_parts(text)?;
        let signer = Self::new(&name, &seed)?;
        if signer.verifier().id() == id { Ok(signer) } else { Err(InvalidNote::Key("the key id does not fit")) }
    }
}

/// A text that ends with a newline, with the signatures of two keys.
pub(crate) fn sign_both(text: &str, first: &Signer, second: &Signer) -> String {
    format!("{}{}", first.sign(text), second.line(text))
}

fn key_parts(text: &str) -> Result<(String, &str, [u8; 32]), InvalidNote> {
    let mut parts = text.trim_end_matches('\n').splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(InvalidNote::Key("it has three parts with `+` between them"));
    };
    check_name(name)?;
    let key = STANDARD.decode(key).map_err(|_| InvalidNote::Key("not base64"))?;
    match key.split_first() {
        Some((&ED25519, key)) => {
            let key = key.try_into().map_err(|_| InvalidNote::Key("not 32 bytes"))?;
            Ok((name.to_owned(), id, key))
        }
        _ => Err(InvalidNote::Key("not Ed25519")),
    }
}

fn check_name(name: &str) -> Result<(), InvalidNote> {
    if name.is_empty() || name.len() > 200 || name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control()) {
        return Err(InvalidNote::Key("a name has 1 to 200 bytes without spaces and `+`"));
    }
    Ok(())
}

/// A signature line's name and bytes.
type SignatureLine<'a> = (&'a str, Vec<u8>);

/// A note's text and its signatures.
fn parse(note: &str) -> Result<(&str, Vec<SignatureLine<'_>>), InvalidNote> {
    if note.contains(|c: char| c < ' ' && c != '\n') {
        return Err(InvalidNote::Form("it has control characters"));
    }
    let split = note.rfind("\n\n").ok_or(InvalidNote::Form("no empty line before the signatures"))?;
    let (text, signatures) = note.split_at(split + 1);
    let lines = signatures.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
    let lines: Vec<&str> =
        lines.ok_or(InvalidNote::Form("no signature, or its line does not end"))?.split('\n').collect();
    if lines.len() > MAX_SIGNATURES {
        return Err(InvalidNote::Form("too many signatures"));
    }
    let signatures = lines.into_iter().map(|line| {
        let (name, bytes) = line.strip_prefix(SIGNATURE)?.split_once(' ')?;
        Some((name, STANDARD.decode(bytes).ok().filter(|bytes| bytes.len() > 4)?))
    });
    let signatures: Option<Vec<_>> = signatures.collect();
    Ok((text, signatures.ok_or(InvalidNote::Form("a line after the text is no signature"))?))
}

fn hex(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of C2SP signed-note: its text, signatures and verifier key.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_note_by_another_implementation_opens() {
        let peter: Verifier = PETER.parse().unwrap();
        assert_eq!(peter.to_string(), PETER);
        assert!(peter.open(NOTE).unwrap().ends_with("problem is.\n"));
        assert_eq!(peter.open(&NOTE.replace("think", "know")), Err(InvalidNote::Signature("PeterNeumann".to_owned())));
    }

    #[test]
    fn unknown_signatures_are_skipped_and_one_of_ours_is_needed() {
        let signer = Signer::new("log.example", &[7; 32]).unwrap();
        let other = Signer::new("log.example", &[8; 32]).unwrap();
        let note = signer.sign("text\n");
        let both = format!("{note}{}", other.sign("text\n").rsplit_once("\n\n").unwrap().1);
        assert_eq!(signer.verifier().open(&both), Ok("text\n"));
        assert_eq!(other.verifier().open(&both), Ok("text\n"));
        assert_eq!(other.verifier().open(&note), Err(InvalidNote::Unsigned("log.example".to_owned())));
    }

    #[test]
    fn keys_survive_their_text() {
        let signer = Signer::new("shop-ml", &[7; 32]).unwrap();
        let again = Signer::from_secret(&signer.secret()).unwrap();
        assert_eq!(again.verifier(), signer.verifier());
        assert_eq!(signer.verifier().to_string().parse(), Ok(signer.verifier()));
        assert!(Signer::new("two words", &[7; 32]).is_err());
        assert!(Signer::from_secret(&signer.secret().replace("shop-ml", "shop-mi")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(\u{2014} |[a-z+]|\n|.){0,80}") {
            let _ = text.parse::<Verifier>();
            let _ = Signer::from_secret(&text);
            let _ = PETER.parse::<Verifier>().unwrap().open(&text);
            let _ = crate::checkpoint::parse(&text);
        }
    }
}
