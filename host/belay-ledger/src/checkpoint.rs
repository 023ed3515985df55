//! Checkpoints, C2SP tlog-checkpoint v1.0.0: a tree head as the text of a signed note.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use belay_domain::digest::Digest;

use crate::note::{self, InvalidNote, Signer, Verifier};
use crate::tree::TreeHead;

/// Signs a head. The key's name is the log's origin.
pub(crate) fn sign(head: &TreeHead, signer: &Signer) -> String {
    signer.sign(&text(head, signer))
}

/// Signs a head with the key until now and the key from now on.
pub(crate) fn sign_both(head: &TreeHead, old: &Signer, new: &Signer) -> String {
    note::sign_both(&text(head, new), old, new)
}

fn text(head: &TreeHead, signer: &Signer) -> String {
    format!("{}\n{}\n{}\n", signer.verifier().name(), head.size, STANDARD.encode(head.root.as_bytes()))
}

/// The tree head in a checkpoint that `key`, whose name is the log's origin, signed.
pub fn open(note: &str, key: &Verifier) -> Result<TreeHead, InvalidNote> {
    let (origin, head) = parse(key.open(note)?)?;
    if origin == key.name() { Ok(head) } else { Err(InvalidNote::Form("it belongs to another log")) }
}

/// A checkpoint's origin and head. Lines after them are extensions and allowed.
pub(crate) fn parse(text: &str) -> Result<(&str, TreeHead), InvalidNote> {
    let mut lines = text.split('\n');
    let (Some(origin), Some(size), Some(root), Some(_)) = (lines.next(), lines.next(), lines.next(), lines.next())
    else {
        return Err(InvalidNote::Form("a checkpoint has three lines"));
    };
    let number = size.parse().ok().filter(|number: &u64| number.to_string() == size);
    let size = number.ok_or(InvalidNote::Form("the second line is no size"))?;
    let root = STANDARD.decode(root).ok().and_then(|bytes| bytes.try_into().ok());
    let root = Digest::from_bytes(root.ok_or(InvalidNote::Form("the third line is no hash"))?);
    Ok((origin, TreeHead { size, root }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_survives_its_text() {
        let signer = Signer::new("shop-ml", &[1; 32]).unwrap();
        let head = TreeHead { size: 70_000, root: Digest::of(b"root") };
        let note = sign(&head, &signer);
        assert_eq!(open(&note, &signer.verifier()), Ok(head));
        assert!(open(&note.replace("70000", "70001"), &signer.verifier()).is_err());
        assert!(
            open(&signer.sign("shop-mi\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"), &signer.verifier())
                .is_err()
        );
    }

    /// Published by the Go project's checksum database, whose key name is not its log's origin.
    #[test]
    fn the_checkpoint_of_a_public_log_is_read_and_its_key_signed_it() {
        let key = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
        let key: Verifier = key.parse().unwrap();
        for (size, root, signature) in [
            (
                "6476701",
                "mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=",
                "Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=",
            ),
            (
                "756113",
                "k9nFMBuXq8uk+9SQNxs/Vadri2XDkaoo96u4uMa0qE0=",
                "Az3grgIHxiDLRpsKUElIX5vJMlFS79SqfQDSgHQmON922lNdJ5zxF8SSPPcah3jhIkpG8LSKNaWXiy7IldOSDCt4Pwk=",
            ),
        ] {
            let text = format!("go.sum database tree\n{size}\n{root}\n");
            let note = format!("{text}\n\u{2014} sum.golang.org {signature}\n");
            let (origin, head) = parse(key.open(&note).unwrap()).unwrap();
            assert_eq!((origin, head.size.to_string().as_str()), ("go.sum database tree", size));
            assert_eq!(STANDARD.encode(head.root.as_bytes()), root);
            let unlike = open(&note, &key);
            assert_eq!(unlike, Err(InvalidNote::Form("it belongs to another log")), "ours are named as their key");
            assert!(key.open(&note.replace(size, "1")).is_err());
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert!(parse(&format!("o\n0\n{root}\nextension\n")).is_ok());
        for text in [
            "",
            "o\n0\n",
            &format!("o\n00\n{root}\n"),
            &format!("o\n-1\n{root}\n"),
            "o\n0\nabc=\n",
            &format!("o\n0\n{root}"),
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
