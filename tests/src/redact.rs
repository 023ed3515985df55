//! What differs from run to run, out of what is printed, so that the rest can be compared. Never changes lengths of
//! words that stay.

use std::sync::LazyLock;

use regex_lite::Regex;

/// What is replaced, in this order.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?([+-]\d{2}:\d{2}|Z)", "[moment]"),
        (r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?", "[moment]"),
        (r"\b\d{2}:\d{2}(:\d{2})?\b", "[time]"),
        (r"\b[0-9a-f]{64}\b", "[digest]"),
        (r"\b[0-9a-f]{12,16}\b", "[short]"),
        (r"\b(entry|checkpoint|the log has) \d+\b", "$1 [number]"),
        (r"\b\d+ entries\b", "[number] entries"),
        (r"\bentries \d+(, \d+)+", "entries [numbers]"),
        (r"(?m)^\d+ +\[moment\]", "[number] [moment]"),
        (r"\b\d+ (second|minute|hour)s? old\b", "[ago]"),
        (r"\b\d+ s ago\b|\bjust (now|captured)\b|\b\d+ minutes? (ago|old)\b|\b\d+ s old\b", "[ago]"),
        (r"\b(\d+ min )?\d+(\.\d)? (s|ms)\b|\b\d+ min\b", "[span]"),
        (r"\b\d{13}\b", "[millis]"),
        (r"\bprocess \d+\b", "process [number]"),
        (r"\b\d+(\.\d+)? (bytes|[KMG]iB)\b", "[size]"),
    ]
    .map(|(pattern, to)| (Regex::new(pattern).unwrap(), to))
    .into()
});

/// The text without moments, digests, spans, sizes, this machine's user and the folder.
pub fn redact(text: &str, folder: &str) -> String {
    let mut text = text.replace(folder, "[folder]");
    for (pattern, to) in RULES.iter() {
        text = pattern.replace_all(&text, *to).into_owned();
    }
    // Columns are as wide as what stood in them: a redacted table is compared by its words.
    let lines = text.lines().map(|line| {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.split_whitespace().collect();
        format!("{}{}\n", &line[..indent], words.join(" "))
    });
    let text: String = lines.collect();
    // A tree has a root too, whoever the user is.
    let user = Regex::new(&format!(r"\b{}\b( \[digest\])?", regex_lite::escape(&user()))).unwrap();
    let named =
        |found: &regex_lite::Captures<'_>| if found.get(1).is_some() { found[0].to_owned() } else { "[user]".into() };
    user.replace_all(&text, named).into_owned()
}

fn user() -> String {
    let uid = nix::unistd::getuid();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut lines = known.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = lines.find(|fields| fields.get(2).is_some_and(|found| *found == uid.to_string()));
    found.map_or_else(|| format!("uid-{uid}"), |fields| fields[0].to_owned())
}
