//! One blob as ciphertext: XChaCha20-Poly1305 over salt, name and bytes, bound to the commitment that names them.

use belay_domain::digest::{Commitment, Salt};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{Key, KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize as _, Zeroizing};

use crate::draft::Blob;
use crate::error::Error;

const SALT: usize = 16;
const LENGTH: usize = 4;
const NONCE: usize = 24;

/// A data key: 32 random bytes, wiped from memory when it goes.
#[derive(Clone)]
pub(crate) struct DataKey(pub(crate) Zeroizing<[u8; 32]>);

/// A blob that could be read, and what names it.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenBlob {
    /// Its name within its entry: `call`, `event`, `read 0 body`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The salt of its commitment: whoever is given the bytes needs it to check them.
    pub salt: Salt,
}

impl std::fmt::Debug for OpenBlob {
    /// Says nothing of the bytes or the salt: a blob may hold somebody's data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenBlob({}, {} bytes)", self.name, self.bytes.len())
    }
}

/// A blob's ciphertext.
pub(crate) fn seal(key: &DataKey, blob: &Blob) -> Result<Vec<u8>, Error> {
    seal_parts(key, &blob.commitment, (&blob.salt, &blob.name, &blob.bytes))
}

/// The ciphertext of what was opened, under another key.
pub(crate) fn seal_again(key: &DataKey, commitment: &Commitment, blob: &OpenBlob) -> Result<Vec<u8>, Error> {
    seal_parts(key, commitment, (&blob.salt, &blob.name, &blob.bytes))
}

fn seal_parts(key: &DataKey, commitment: &Commitment, parts: (&Salt, &str, &[u8])) -> Result<Vec<u8>, Error> {
    let (salt, name, bytes) = parts;
    let length = u32::try_from(name.len()).map_err(|_| Error::Invalid("a blob's name is too long".to_owned()))?;
    let mut plain = Vec::with_capacity(SALT + LENGTH + name.len() + bytes.len());
    plain.extend_from_slice(&salt.0);
    plain.extend_from_slice(&length.to_be_bytes());
    plain.extend_from_slice(name.as_bytes());
    plain.extend_from_slice(bytes);
    let sealed = cipher(key).encrypt(&nonce(commitment), Payload { msg: &plain, aad: commitment.digest().as_bytes() });
    plain.zeroize();
    sealed.map_err(|_| Error::Invalid("a blob is too large to be encrypted".to_owned()))
}

/// What a ciphertext holds; `None` if it is not what was sealed under this key for this commitment.
pub(crate) fn open(key: &DataKey, commitment: &Commitment, sealed: &[u8]) -> Option<OpenBlob> {
    let payload = Payload { msg: sealed, aad: commitment.digest().as_bytes() };
    let plain = Zeroizing::new(cipher(key).decrypt(&nonce(commitment), payload).ok()?);
    let (salt, rest) = plain.split_first_chunk::<SALT>()?;
    let (length, rest) = rest.split_first_chunk::<LENGTH>()?;
    let (name, bytes) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let blob = OpenBlob { name: str::from_utf8(name).ok()?.to_owned(), bytes: bytes.to_owned(), salt: Salt(*salt) };
    (Commitment::to(&blob.salt, &blob.name, &blob.bytes) == *commitment).then_some(blob)
}

fn cipher(key: &DataKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key.0))
}

/// The beginning of the commitment. A commitment is a hash over a random salt and all that is encrypted: two of them
/// begin alike only where everything is alike, so that no nonce ever serves two messages, whatever was restored from
/// which backup.
fn nonce(commitment: &Commitment) -> XNonce {
    let mut nonce = [0; NONCE];
    nonce.iter_mut().zip(commitment.digest().as_bytes()).for_each(|(to, from)| *to = *from);
    XNonce::from(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> DataKey {
        DataKey(Zeroizing::new([n; 32]))
    }

    #[test]
    fn only_the_key_and_the_commitment_together_open_a_blob() {
        for size in [0, 1, 5_000] {
            let (blob, other) = (Blob::seal("input", vec![7; size]).unwrap(), Blob::seal("input", *b"x").unwrap());
            let sealed = seal(&key(1), &blob).unwrap();
            let opened = open(&key(1), &blob.commitment, &sealed).unwrap();
            assert_eq!((opened.name.as_str(), &opened.bytes, opened.salt), ("input", &blob.bytes, blob.salt));
            assert_eq!(open(&key(2), &blob.commitment, &sealed), None);
            assert_eq!(open(&key(1), &other.commitment, &sealed), None);
            assert_eq!(seal_again(&key(1), &blob.commitment, &opened).unwrap(), sealed);
        }
    }

    #[test]
    fn no_flipped_or_missing_byte_goes_unnoticed() {
        let blob = Blob::seal("input", *b"somebody's data").unwrap();
        let sealed = seal(&key(1), &blob).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&key(1), &blob.commitment, &changed), None, "byte {at}");
            assert_eq!(open(&key(1), &blob.commitment, &sealed[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn nothing_of_a_blob_is_readable_in_its_ciphertext() {
        let blob = Blob::seal("a name that is long enough", *b"bytes that are long enough").unwrap();
        let sealed = seal(&key(1), &blob).unwrap();
        for part in [blob.name.as_bytes(), &blob.bytes, &blob.salt.0] {
            assert!(!sealed.windows(part.len()).any(|window| window == part));
        }
    }
}
