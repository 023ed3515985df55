//! Pattern lists as OpenSSH reads them (`ssh_config(5)`, "PATTERNS"): `*`, `?`, and `!` for what is left out.

/// Whether a comma-separated list of patterns matches. One that is negated and matches decides against it.
pub(crate) fn list_matches(list: &str, name: &str) -> bool {
    let mut found = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern.as_bytes(), name.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(pattern.as_bytes(), name.as_bytes()),
        }
    }
    found
}

/// Goes back to the last `*` only, so a pattern of many stars takes no longer than its length times the name's.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        match (pattern.get(at), name.get(read)) {
            (Some(b'*'), _) => {
                star = Some((at, read));
                at += 1;
            }
            (Some(wanted), Some(found)) if *wanted == b'?' || wanted == found => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((back, covered)) = star else { return false };
                star = Some((back, covered + 1));
                at = back + 1;
                read = covered + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::list_matches;

    #[test]
    fn lists_match_as_opensshs_do() {
        for (list, name) in
            [("git,mandate@belay", "mandate@belay"), ("*@belay", "x@belay"), ("*", ""), ("?@belay*", "a@belay")]
        {
            assert!(list_matches(list, name), "{list} {name}");
        }
        for (list, name) in
            [("", "a"), ("*@belay,!review@belay", "review@belay"), ("!a", "b"), ("a?", "a"), ("*a*b", "ba")]
        {
            assert!(!list_matches(list, name), "{list} {name}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!list_matches(&"*a".repeat(500), &"a".repeat(499)));
    }
}
