//! The path of a write. It must mean the same to the list that allows it and to the server, whatever decoding stands
//! between them.

use percent_encoding::percent_decode_str;

const MAX_PATH_BYTES: usize = 8 * 1024;

/// Query parameters by which frameworks let a request pretend to have another method.
const METHOD_OVERRIDES: [&str; 4] = ["_method", "x-http-method-override", "x-http-method", "$httpmethod"];

pub(super) fn check(path: &str) -> Result<(), String> {
    let refuse = |reason: &str| Err(format!("the path {reason}"));
    if path.len() > MAX_PATH_BYTES {
        return refuse("is longer than 8 KiB");
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refuse("contains spaces, control characters or letters beyond ASCII; percent-encode them");
    }
    if path.contains(['#', '\\']) {
        return refuse("contains `#` or `\\`");
    }
    encoding(path)?;
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let Some(parts) = place.strip_prefix('/') else {
        return refuse("must start with `/`");
    };
    let last = parts.split('/').count() - 1;
    for (index, part) in parts.split('/').enumerate() {
        if part.is_empty() && index < last {
            return refuse("contains `//`");
        }
        check_part(part)?;
    }
    check_query(query)
}

/// Each `%` starts two hex digits, and stands for nothing that could be written plainly: otherwise one write would have
/// two names, and a list that doesn't allow one could allow the other.
fn encoding(path: &str) -> Result<(), String> {
    let mut pieces = path.split('%');
    pieces.next();
    for piece in pieces {
        let byte = piece.get(..2).filter(|hex| !hex.starts_with('+')).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            None => return Err("the path contains `%` without two hex digits".to_owned()),
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                return Err(format!("the path encodes `{}`, which must be written plainly", char::from(byte)));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn check_part(part: &str) -> Result<(), String> {
    let plain = decode_fully(part)?;
    if plain.contains(['/', '\\']) || plain.chars().any(char::is_control) {
        return Err("the path hides a separator or a control character in percent-encoding".to_owned());
    }
    // Some servers cut a part at `;` before they resolve dots.
    if matches!(plain.split(';').next(), Some("." | "..")) {
        return Err("the path contains `.` or `..`".to_owned());
    }
    Ok(())
}

/// Decodes until nothing is left to decode: a proxy and a server may each do it once.
fn decode_fully(part: &str) -> Result<String, String> {
    let mut text = part.to_owned();
    loop {
        let decoded = percent_decode_str(&text).decode_utf8().map_err(|_| "the path is not UTF-8".to_owned())?;
        if decoded == text {
            return Ok(text);
        }
        // Shorter each time, so this ends.
        text = decoded.into_owned();
    }
}

fn check_query(query: &str) -> Result<(), String> {
    for parameter in query.split('&') {
        let name = parameter.split('=').next().unwrap_or_default();
        let name = percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
        if METHOD_OVERRIDES.contains(&name.as_str()) {
            return Err(format!("the query parameter `{name}` can change the method"));
        }
    }
    Ok(())
}
