//! Writes of keys as lines for `redis-cli`.

use belay_connect::RedisTarget;
use belay_domain::digest::Digest;
use belay_domain::operation::{Expectation, Expiry, KeyvalueChange, KeyvalueWrite};

use super::{comment, quoted};

/// One line; where the shell could not say it, a comment.
pub(super) fn line(write: &KeyvalueWrite, target: &RedisTarget) -> String {
    let client = Client::of(target);
    let line = act(&write.change, &client).and_then(|act| match compare(write, &client) {
        Compared::Nothing => Some(act),
        Compared::First(test) => Some(format!("{test} && {act}")),
        Compared::NoText => None,
    });
    match line {
        Some(line) if target.auth.is_some() => line + "  # add the credentials",
        Some(line) => line,
        None => comment(&format!("{}: bytes that are no text", write.change.line())),
    }
}

/// `redis-cli` with the server's address and no password.
struct Client(String);

impl Client {
    fn of(target: &RedisTarget) -> Self {
        let user = target.auth.as_ref().and_then(|auth| auth.user.as_ref());
        let user = user.map_or_else(String::new, |user| format!(" --user {}", quoted(user)));
        Self(format!("redis-cli -u {}{user} --raw", quoted(&target.url)))
    }

    /// A command, if all of its words are text.
    fn command(&self, name: &str, words: &[&[u8]]) -> Option<String> {
        let words: Option<Vec<_>> = words.iter().map(|word| text(word)).collect();
        Some(format!("{} {name} {}", self.0, words?.join(" ")))
    }
}

fn act(change: &KeyvalueChange, client: &Client) -> Option<String> {
    match change {
        KeyvalueChange::Set { key, value, expiry } => {
            let set = client.command("SET", &[&key.0, &value.0])?;
            Some(match expiry {
                Expiry::Kept => format!("{set} KEEPTTL"),
                Expiry::Never => set,
                Expiry::At(at) => format!("{set} PXAT {}", at.0),
            })
        }
        KeyvalueChange::Delete { key } => client.command("DEL", &[&key.0]),
        KeyvalueChange::SetField { key, field, value } => client.command("HSET", &[&key.0, &field.0, &value.0]),
        KeyvalueChange::DeleteField { key, field } => client.command("HDEL", &[&key.0, &field.0]),
        KeyvalueChange::DeletePrefix { prefix, .. } => {
            let pattern = text(format!("{}*", escaped(std::str::from_utf8(&prefix.0).ok()?)).as_bytes())?;
            let Client(client) = client;
            Some(format!("{client} --scan --pattern {pattern} --count 1000 | xargs -r -d '\\n' {client} UNLINK"))
        }
    }
}

/// What holds the present bytes against what is expected of them.
enum Compared {
    Nothing,
    First(String),
    NoText,
}

fn compare(write: &KeyvalueWrite, client: &Client) -> Compared {
    let (key, field) = match &write.change {
        KeyvalueChange::Set { key, .. } | KeyvalueChange::Delete { key } => (key, None),
        KeyvalueChange::SetField { key, field, .. } | KeyvalueChange::DeleteField { key, field } => (key, Some(field)),
        KeyvalueChange::DeletePrefix { .. } => return Compared::Nothing,
    };
    let ask = |of_key: &str, of_field: &str| match field {
        None => client.command(of_key, &[&key.0]),
        Some(field) => client.command(of_field, &[&key.0, &field.0]),
    };
    let test = match &write.expect {
        Expectation::Anything => return Compared::Nothing,
        Expectation::Absent => ask("EXISTS", "HEXISTS").map(|exists| format!("test \"$({exists})\" = 0")),
        Expectation::Bytes(digest) => ask("GET", "HGET").map(|get| holds(digest, &get)),
    };
    test.map_or(Compared::NoText, Compared::First)
}

/// `redis-cli` ends what it prints with a newline that is not the value's.
fn holds(digest: &Digest, get: &str) -> String {
    format!("test \"$({get} | head -c -1 | sha256sum)\" = '{digest}  -'")
}

/// A word for the shell; none where it is no text.
fn text(word: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(word).ok().filter(|text| !text.contains('\0'))?;
    Some(quoted(text))
}

/// As a pattern of the server's own kind that matches this text alone.
fn escaped(text: &str) -> String {
    let special = |c: char| matches!(c, '*' | '?' | '[' | ']' | '\\' | '^');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use belay_connect::{RedisAuth, SecretSource};
    use belay_domain::operation::Body;
    use expect_test::expect;

    fn bytes(text: &str) -> Body {
        Body(text.as_bytes().to_vec())
    }

    fn shown(change: KeyvalueChange, expect: Expectation) -> String {
        let mut target = RedisTarget::new("rediss://cache.example/2");
        let password = SecretSource::Env("CACHE_PASSWORD".to_owned());
        target.auth = Some(RedisAuth { user: Some("belay".to_owned()), password });
        line(&KeyvalueWrite { connection: "cache".parse().unwrap(), change, expect }, &target)
    }

    #[test]
    fn each_change_is_a_line_that_compares_first() {
        let (key, field) = (bytes("it's:gen"), bytes("f"));
        let set = |expiry| KeyvalueChange::Set { key: key.clone(), value: bytes("8"), expiry };
        let lines = [
            shown(set(Expiry::Kept), Expectation::Bytes(Digest::of(b"9"))),
            shown(set(Expiry::At(belay_domain::id::Millis(7))), Expectation::Absent),
            shown(KeyvalueChange::DeleteField { key, field }, Expectation::Anything),
            shown(KeyvalueChange::DeletePrefix { prefix: bytes("v[9]:"), most: 10 }, Expectation::Anything),
            shown(KeyvalueChange::Delete { key: Body(vec![0xff]) }, Expectation::Anything),
        ];
        expect![[r#"
            test "$(redis-cli -u 'rediss://cache.example/2' --user 'belay' --raw GET 'it'\''s:gen' | head -c -1 | sha256sum)" = '19581e27de7ced00ff1ce50b2047e7a567c76b1cbaebabe5ef03f7c3017bb5b7  -' && redis-cli -u 'rediss://cache.example/2' --user 'belay' --raw SET 'it'\''s:gen' '8' KEEPTTL  # add the credentials
            test "$(redis-cli -u 'rediss://cache.example/2' --user 'belay' --raw EXISTS 'it'\''s:gen')" = 0 && redis-cli -u 'rediss://cache.example/2' --user 'belay' --raw SET 'it'\''s:gen' '8' PXAT 7  # add the credentials
            redis-cli -u 'rediss://cache.example/2' --user 'belay' --raw HDEL 'it'\''s:gen' 'f'  # add the credentials
            redis-cli -u 'rediss://cache.example/2' --user 'belay' --raw --scan --pattern 'v\[9\]:*' --count 1000 | xargs -r -d '\n' redis-cli -u 'rediss://cache.example/2' --user 'belay' --raw UNLINK  # add the credentials
            # DEL %FF: bytes that are no text"#]].assert_eq(&lines.join("\n"));
    }
}
