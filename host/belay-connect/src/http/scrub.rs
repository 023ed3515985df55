//! Takes a credential out of what came back. Never lets it through in a form that servers commonly echo: as it is, in
//! base64 (also within longer base64), percent-encoded, in hex, or escaped for JSON or HTML.

use std::borrow::Cow;

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

/// What stands where a credential was.
const REDACTED: &str = "[redacted]";

/// Encoded forms shorter than this would be found in ordinary text.
const SHORTEST_FORM: usize = 5;

/// What RFC 3986 leaves as it is.
pub(crate) const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Finds the forms of one connection's credential. Cheap to make, since each request makes one; an automaton for all
/// forms at once takes longer to build than a usual request takes.
pub(crate) struct Scrubber {
    /// The longest first: a whole header's value before the secret in it.
    forms: Vec<Zeroizing<Vec<u8>>>,
}

impl Scrubber {
    /// For connections without credentials.
    pub(crate) const fn none() -> Self {
        Self { forms: Vec::new() }
    }

    /// For a secret and what else must not come back, such as a whole header's value.
    pub(crate) fn of(secrets: &[&[u8]]) -> Self {
        let mut forms: Vec<Zeroizing<Vec<u8>>> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.as_slice().cmp(b.as_slice())));
        forms.dedup();
        Self { forms }
    }

    /// The bytes with `[redacted]` wherever the credential was.
    pub(crate) fn scrub<'bytes>(&self, bytes: &'bytes [u8]) -> Cow<'bytes, [u8]> {
        self.forms.iter().fold(Cow::Borrowed(bytes), |bytes, form| match without(&bytes, form) {
            Some(scrubbed) => Cow::Owned(scrubbed),
            None => bytes,
        })
    }
}

/// The bytes with each `form` replaced; none where it is not in them.
fn without(bytes: &[u8], form: &[u8]) -> Option<Vec<u8>> {
    let finder = memmem::Finder::new(form);
    let mut scrubbed = Vec::new();
    let mut copied = 0;
    for at in finder.find_iter(bytes) {
        scrubbed.extend_from_slice(bytes.get(copied..at)?);
        scrubbed.extend_from_slice(REDACTED.as_bytes());
        copied = at + form.len();
    }
    if copied == 0 {
        return None;
    }
    scrubbed.extend_from_slice(bytes.get(copied..)?);
    Some(scrubbed)
}

fn forms(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = vec![Zeroizing::new(secret.to_vec())];
    let mut add = |form: String| {
        if form.len() >= SHORTEST_FORM {
            forms.push(Zeroizing::new(form.into_bytes()));
        }
    };
    for shift in 0..3 {
        add(base64_within(&STANDARD_NO_PAD, secret, shift));
        add(base64_within(&URL_SAFE_NO_PAD, secret, shift));
    }
    for set in [&RESERVED, NON_ALPHANUMERIC] {
        let upper = percent_encode(secret, set).to_string();
        add(upper.replace("%20", "+"));
        add(lower_escapes(&upper));
        add(upper);
    }
    add(secret.iter().map(|byte| format!("{byte:02x}")).collect());
    add(secret.iter().map(|byte| format!("{byte:02X}")).collect());
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::Value::from(text).to_string();
        let json = json.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
        add(json.replace('/', "\\/"));
        add(json);
        let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        add(html.replace('"', "&quot;").replace('\'', "&#39;"));
        add(html.replace('"', "&#34;").replace('\'', "&#x27;"));
    }
    forms
}

/// The digits that are the secret's alone when base64 encodes it after `shift` other bytes, whatever follows.
fn base64_within(alphabet: &impl base64::Engine, secret: &[u8], shift: usize) -> String {
    let mut shifted = Zeroizing::new(vec![0; shift]);
    shifted.extend_from_slice(secret);
    let digits = alphabet.encode(shifted.as_slice());
    // Each digit holds six bits: those that share a digit with a neighbour are left out.
    let first = (shift * 8).div_ceil(6);
    let end = shifted.len() * 8 / 6;
    digits.get(first..end).unwrap_or_default().to_owned()
}

/// `%2F` as `%2f`; what is no escape keeps its case.
fn lower_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let mut lowered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (escape, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lowered.push('%');
        lowered.push_str(&escape.to_ascii_lowercase());
        lowered.push_str(rest);
    }
    lowered
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn scrub(secret: &str, text: &str) -> String {
        let scrubber = Scrubber::of(&[secret.as_bytes()]);
        String::from_utf8(scrubber.scrub(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn each_form_of_a_secret_is_taken_out() {
        let secret = "p/s\"w<o&r d+ü";
        for echo in [
            secret,
            "p%2Fs%22w%3Co%26r%20d%2B%C3%BC",
            "p%2fs%22w%3co%26r%20d%2b%c3%bc",
            "p%2Fs%22w%3Co%26r+d%2B%C3%BC",
            r#"p/s\"w<o&r d+ü"#,
            r#"p\/s\"w<o&r d+ü"#,
            "p/s&quot;w&lt;o&amp;r d+ü",
            "702f7322773c6f267220642bc3bc",
        ] {
            assert_eq!(scrub(secret, &format!("<{echo}>")), "<[redacted]>", "{echo}");
        }
        assert_eq!(scrub(secret, "nothing here"), "nothing here");
    }

    #[test]
    fn a_whole_header_goes_before_the_secret_in_it() {
        let scrubber = Scrubber::of(&[b"YW5hOnMzY3JldA==", b"s3cret"]);
        assert_eq!(scrubber.scrub(b"Basic YW5hOnMzY3JldA== s3cret").as_ref(), b"Basic [redacted] [redacted]");
    }

    proptest! {
        #[test]
        fn base64_of_anything_around_a_secret_does_not_hold_it(before in ".{0,5}", after in ".{0,5}") {
            let secret = "s3cret-of-a-connection";
            let echo = STANDARD.encode(format!("{before}{secret}{after}"));
            let scrubbed = scrub(secret, &echo);
            prop_assert!(scrubbed.contains(REDACTED), "{echo} → {scrubbed}");
            // At most the digits that it shares with its neighbours are left.
            prop_assert!(scrubbed.len() <= echo.len() - (secret.len() * 8 / 6 - 2) + REDACTED.len());
        }
    }
}
