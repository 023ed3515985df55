//! The path of a request. Never repairs one: a path that could mean something else to the server is refused.

use percent_encoding::percent_decode_str;

/// The longest path with its query, in bytes.
const LONGEST: usize = 8 << 10;

/// Parameters by which frameworks let a request pretend to have another method.
const METHOD_OVERRIDES: [&str; 3] = ["_method", "x-http-method-override", "$httpmethod"];

/// Why a path may not be asked for: it must start with `/` and stay below the connection's address, whatever decoding
/// the server and the proxies before it do.
pub(super) fn check(path: &str) -> Result<(), String> {
    let refuse = |reason: &str| Err(format!("the path {reason}"));
    if path.len() > LONGEST {
        return refuse(&format!("is longer than {LONGEST} bytes"));
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refuse("contains spaces, control characters or letters beyond ASCII; percent-encode them");
    }
    if path.contains(['#', '\\']) {
        return refuse("contains `#` or `\\`");
    }
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let Some(parts) = place.strip_prefix('/') else {
        return refuse("must start with `/`");
    };
    let mut parts = parts.split('/').peekable();
    while let Some(part) = parts.next() {
        if part.is_empty() && parts.peek().is_some() {
            return refuse("contains an empty part");
        }
        check_part(part)?;
    }
    check_query(query)
}

fn check_part(part: &str) -> Result<(), String> {
    let plain = decode_fully(part)?;
    if plain.contains(['/', '\\']) || plain.chars().any(char::is_control) {
        return Err("the path hides a separator or a control character in percent-encoding".to_owned());
    }
    // Some servers cut a part at `;`, or decode a `?` or `#` and cut there, before they resolve dots.
    if plain.split([';', '?', '#']).any(|name| matches!(name, "." | "..")) {
        return Err("the path contains `.` or `..`".to_owned());
    }
    Ok(())
}

/// Decodes until nothing is left to decode: a proxy and a server may each do it once.
fn decode_fully(part: &str) -> Result<String, String> {
    let mut text = part.to_owned();
    // Each round shortens the text, so this ends.
    while text.contains('%') {
        let decoded = percent_decode_str(&text).decode_utf8().map_err(|_| "the path is not UTF-8".to_owned())?;
        if decoded == text {
            break;
        }
        text = decoded.into_owned();
    }
    Ok(text)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_paths_pass() {
        for path in [
            "/",
            "/api/2.0/mlflow/registered-models/alias?name=fraud&alias=champion",
            "/api/v1/query?query=rate(x%5B5m%5D)&at=../x",
            "/a%20b/c.d/...",
            "/artifacts/model/",
            "/100%25",
            "/ns%1Ft".replace("%1F", "~").as_str(),
        ] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn a_path_that_could_mean_another_is_refused() {
        for path in [
            "",
            "x",
            "http://elsewhere/",
            "//elsewhere/x",
            "/a//b",
            "/a/../b",
            "/..",
            "/.",
            "/a/./b",
            "/%2e%2e/b",
            "/%2E./b",
            "/%252e%252e/b",
            "/%25252e%25252e/b",
            "/a%2fb",
            "/a%252Fb",
            "/a%5cb",
            "/a\\b",
            "/..;/b",
            "/..%3bx/b",
            "/x;..;/b",
            "/..%3fx",
            "/a#b",
            "/a b",
            "/a\nb",
            "/a%0ab",
            "/a%00",
            "/é",
            "/a?b\r\nhost: x",
            "/a?b#c",
            "/a?_method=DELETE",
            "/a?b=1&%5Fmethod=PUT",
            "/%ff",
            &format!("/{}", "x".repeat(LONGEST)),
        ] {
            assert!(check(path).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_accepted_path_climbs_however_often_it_is_decoded(
            pieces in prop::collection::vec(
                prop::sample::select(vec!["/", ".", "..", "%2e", "%2f", "%252e", "%25", "%5c", "2e", "2f", "a", ";", "?", "%"]),
                0..12,
            ),
        ) {
            let path = format!("/{}", pieces.concat());
            if check(&path).is_ok() {
                let mut place = path.split('?').next().unwrap().to_owned();
                for _ in 0..6 {
                    prop_assert!(!place.split(['/', '\\']).any(|part| part == ".." || part == "."), "{path} → {place}");
                    prop_assert!(!place[1..].split(['/', ';']).any(|part| part == ".."), "{path} → {place}");
                    place = percent_decode_str(&place).decode_utf8_lossy().into_owned();
                }
            }
        }
    }
}
