//! One line of `allowed_signers`: `PRINCIPAL [OPTIONS] KEY-TYPE KEY [COMMENT]`.

use belay_domain::people::PersonName;
use jiff::tz::TimeZone;
use ssh_key::{Algorithm, PublicKey};

use super::{KeyLine, key_line};
use crate::moment;

/// Shorter RSA keys are within reach of those who would forge a signature.
const LEAST_RSA_BITS: u32 = 2_048;

pub(super) fn parse(number: u32, text: &str, zone: &TimeZone) -> Result<KeyLine, String> {
    let (principal, rest) = word(text).ok_or("a name is followed by a key: `ana ssh-ed25519 AAAA…`")?;
    let person = principal_of(principal)?;
    let (first, after_first) = word(rest).ok_or("there is no key after the name: `ana ssh-ed25519 AAAA…`")?;
    let (options, key) = if is_key_type(first) { ("", rest) } else { (first, after_first) };
    let mut line = key_line(person, public_key(key)?.into(), number);
    for option in split(options, ',') {
        apply(option, &mut line, zone)?;
    }
    Ok(line)
}

/// One name in full: a pattern would let a signature stand for whoever it fits.
fn principal_of(text: &str) -> Result<PersonName, String> {
    let text = text.trim_matches('"');
    if text.contains(',') {
        return Err(format!("`{text}` names several: a key stands for one person"));
    }
    if text.contains(['*', '?', '!']) {
        return Err(format!("`{text}` is a pattern: a key stands for one person, who is named in full"));
    }
    text.parse().map_err(|error: belay_domain::people::InvalidPersonName| error.to_string())
}

fn is_key_type(text: &str) -> bool {
    text.starts_with("ssh-") || text.starts_with("sk-") || text.starts_with("ecdsa-")
}

fn public_key(text: &str) -> Result<PublicKey, String> {
    let kind = text.split_whitespace().next().unwrap_or_default();
    if kind.contains("-cert-v01@") {
        return Err("this is a certificate: belay counts keys only, each listed by itself".to_owned());
    }
    let key = PublicKey::from_openssh(text.trim())
        .map_err(|error| format!("there is no key here that can be read: {error}"))?;
    if let Some(rsa) = key.key_data().rsa() {
        let bits = rsa.key_size();
        return if bits >= LEAST_RSA_BITS {
            Ok(key)
        } else {
            Err(format!("an RSA key has at least {LEAST_RSA_BITS} bits, this one {bits}"))
        };
    }
    let in_hardware = matches!(key.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256);
    if in_hardware || key.algorithm().is_ed25519() || key.algorithm().is_ecdsa() {
        Ok(key)
    } else {
        Err(format!("keys of the kind {} don't count: make one with ssh-keygen -t ed25519", key.algorithm()))
    }
}

fn apply(option: &str, line: &mut KeyLine, zone: &TimeZone) -> Result<(), String> {
    let (name, value) = match option.split_once('=') {
        Some((name, value)) => (name, Some(value.trim_matches('"'))),
        None => (option, None),
    };
    let set_once = |unset: bool| if unset { Ok(()) } else { Err(format!("`{name}` is there twice")) };
    match (name.to_ascii_lowercase().as_str(), value) {
        ("cert-authority", None) => {
            Err("cert-authority: belay counts keys only, not certificates; list each person's key by itself".to_owned())
        }
        ("namespaces", Some(list)) => {
            set_once(line.namespaces.is_none())?;
            line.namespaces = Some(list.to_owned());
            Ok(())
        }
        ("valid-after", Some(text)) => {
            set_once(line.valid_after.is_none())?;
            line.valid_after = Some(moment(name, text, zone)?);
            Ok(())
        }
        ("valid-before", Some(text)) => {
            set_once(line.valid_before.is_none())?;
            line.valid_before = Some(moment(name, text, zone)?);
            Ok(())
        }
        _ => Err(format!(
            "`{option}` is no option: namespaces=\"…\", valid-after=\"…\" and valid-before=\"…\" are, joined by commas"
        )),
    }
}

fn moment(name: &str, text: &str, zone: &TimeZone) -> Result<belay_domain::id::Millis, String> {
    moment::parse(text, zone)
        .ok_or_else(|| format!("{name}: `{text}` is no moment: YYYYMMDD or YYYYMMDDHHMM[SS], with Z where it is UTC"))
}

/// The first word, which may hold spaces between quotes, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let mut quoted = false;
    let end = text.find(|c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    });
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (!word.is_empty()).then_some((word, rest))
}

/// Parts between separators that stand outside quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let parts = text.split(move |c: char| {
        quoted ^= c == '"';
        c == separator && !quoted
    });
    parts.filter(|part| !part.is_empty())
}
