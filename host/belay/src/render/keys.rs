//! The keys that sign the log.

use belay_runtime::api::{KeyChangedAnswer, KeysAnswer, LogKey};

use super::page::{Line, Page, Paint};
use super::table::table;

/// Every key, then where the present one lies.
pub(crate) fn list(answer: &KeysAnswer) -> Page {
    let mut page = Page::from(vec![Line::new().painted(Paint::Strong, &answer.origin)]);
    page.append(table(2, answer.keys.iter().map(row).collect()));
    page.gap();
    page.append(files(answer));
    page
}

/// Which key took the place of which, and what to do with it.
pub(crate) fn rotated(answer: &KeyChangedAnswer) -> Page {
    let mut page = changed("✔ rotated", answer);
    page.append(files(&answer.keys));
    let follow = format!(
        "  Give the new verifier to whoever checks this log; from the old one, entry {} leads there.",
        answer.entry
    );
    page.push(Line::new().with(follow));
    page
}

/// What counts for nothing from now on, and what to do about it.
pub(crate) fn compromised(answer: &KeyChangedAnswer) -> Page {
    let mut page = changed("✔ declared compromised", answer);
    if let Some(cut) = answer.before.compromised {
        let what =
            format!("  What {} alone signed of more than {} entries counts for nothing.", answer.before.id, cut.since);
        page.push(Line::new().with(what));
    }
    page.append(files(&answer.keys));
    page.push(Line::new().painted(
        Paint::Warn,
        "  Give the new verifier to whoever checks this log, on another way: a thief can sign with the old key.",
    ));
    page
}

fn changed(word: &str, answer: &KeyChangedAnswer) -> Page {
    let keys = format!("  {} → {}, entry {}", answer.before.id, answer.after.id, answer.entry);
    Page::from(vec![Line::new().painted(Paint::Good, word).with(keys)])
}

fn row(key: &LogKey) -> Vec<Line> {
    let from = key.from.map_or_else(|| "from the beginning".to_owned(), |entry| format!("from entry {entry}"));
    let until = key.until.map_or_else(|| "present".to_owned(), |entry| format!("until entry {entry}"));
    let state = match key.compromised {
        Some(cut) => {
            Line::new().painted(Paint::Bad, format!("compromised since entry {}, says entry {}", cut.since, cut.entry))
        }
        None => Line::new(),
    };
    vec![Line::new().painted(Paint::Strong, &key.id), Line::new().with(from), Line::new().with(until), state]
}

fn files(answer: &KeysAnswer) -> Page {
    let present = answer.keys.last().map(|key| key.verifier.as_str()).unwrap_or_default();
    let fact = |name: &str, value: String| vec![Line::new().painted(Paint::Dim, name), Line::new().with(value)];
    let mut page = table(
        2,
        vec![
            fact("Verifier", present.to_owned()),
            fact("in", answer.verifier.display().to_string()),
            fact("Secret in", answer.secret.display().to_string()),
        ],
    );
    for warning in &answer.warnings {
        page.push(Line::new().with("  ").painted(Paint::Warn, format!("warning: {warning}")));
    }
    page
}

#[cfg(test)]
mod tests {
    use belay_runtime::api::KeyCut;
    use expect_test::expect;

    use super::*;

    fn key(id: &str, from: Option<u64>, until: Option<u64>, compromised: Option<KeyCut>) -> LogKey {
        LogKey { id: id.to_owned(), verifier: format!("belay/shop-ml+{id}+AQ=="), from, until, compromised }
    }

    fn keys() -> KeysAnswer {
        let cut = KeyCut { entry: 120, since: 104 };
        KeysAnswer {
            origin: "belay/shop-ml".to_owned(),
            keys: vec![
                key("0a1b2c3d", None, Some(97), None),
                key("4e5f6071", Some(97), Some(120), Some(cut)),
                key("8293a4b5", Some(120), None, None),
            ],
            secret: "/home/ana/.local/share/belay/keys/shop-ml.key".into(),
            verifier: "/var/lib/belay/shop-ml/log/ledger.vkey".into(),
            warnings: vec!["the log's secret key lies in the git tree /home/ana".to_owned()],
        }
    }

    #[test]
    fn each_key_tells_its_time() {
        expect![[r#"
            belay/shop-ml
              0a1b2c3d  from the beginning  until entry 97
              4e5f6071  from entry 97       until entry 120  compromised since entry 104, says entry 120
              8293a4b5  from entry 120      present

              Verifier   belay/shop-ml+8293a4b5+AQ==
              in         /var/lib/belay/shop-ml/log/ledger.vkey
              Secret in  /home/ana/.local/share/belay/keys/shop-ml.key
              warning: the log's secret key lies in the git tree /home/ana
        "#]]
        .assert_eq(&list(&keys()).to_text(false));
    }

    #[test]
    fn a_change_says_what_to_do_with_it() {
        let all = KeysAnswer { warnings: Vec::new(), ..keys() };
        let [first, second, third] = all.keys.clone().try_into().unwrap();
        let answer = KeyChangedAnswer { entry: 97, before: first, after: second.clone(), keys: all.clone() };
        expect![[r#"
            ✔ rotated  0a1b2c3d → 4e5f6071, entry 97
              Verifier   belay/shop-ml+8293a4b5+AQ==
              in         /var/lib/belay/shop-ml/log/ledger.vkey
              Secret in  /home/ana/.local/share/belay/keys/shop-ml.key
              Give the new verifier to whoever checks this log; from the old one, entry 97 leads there.
        "#]]
        .assert_eq(&rotated(&answer).to_text(false));
        let answer = KeyChangedAnswer { entry: 120, before: second, after: third, keys: all };
        expect![[r#"
            ✔ declared compromised  4e5f6071 → 8293a4b5, entry 120
              What 4e5f6071 alone signed of more than 104 entries counts for nothing.
              Verifier   belay/shop-ml+8293a4b5+AQ==
              in         /var/lib/belay/shop-ml/log/ledger.vkey
              Secret in  /home/ana/.local/share/belay/keys/shop-ml.key
              Give the new verifier to whoever checks this log, on another way: a thief can sign with the old key.
        "#]]
        .assert_eq(&compromised(&answer).to_text(false));
    }
}
