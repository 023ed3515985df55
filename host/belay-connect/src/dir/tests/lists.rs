//! Claims about listings.

use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::{Lake, name};
use crate::ObjectError;

async fn list(lake: &Lake, prefix: &str, after: Option<&str>, limit: u32) -> Vec<String> {
    let found = lake.connections.object_list(&name(), prefix, after, limit).await.unwrap();
    found.into_iter().map(|meta| meta.key).collect()
}

#[tokio::test]
async fn keys_come_in_bytewise_order_across_folders() {
    let lake = Lake::with(&[
        ("a/b", ""),
        ("a.b", ""),
        ("a-b/c", ""),
        ("a0", ""),
        ("a/b.c/d", ""),
        ("empty/", ""),
        ("B", "12"),
    ]);
    assert_eq!(list(&lake, "", None, 100).await, ["B", "a-b/c", "a.b", "a/b", "a/b.c/d", "a0"]);
    assert_eq!(lake.connections.object_list(&name(), "B", None, 1).await.unwrap()[0].size, 2);
}

#[tokio::test]
async fn a_prefix_is_a_text_and_not_a_folder() {
    let lake = Lake::with(&[("t/_delta_log/001.json", ""), ("t/_delta_log/002.json", ""), ("t/_delta", ""), ("u", "")]);
    for (prefix, expected) in [
        ("t/_delta", vec!["t/_delta", "t/_delta_log/001.json", "t/_delta_log/002.json"]),
        ("t/_delta_log/", vec!["t/_delta_log/001.json", "t/_delta_log/002.json"]),
        ("t/_delta_log/002", vec!["t/_delta_log/002.json"]),
        ("t/_delta_log/002.json", vec!["t/_delta_log/002.json"]),
        ("gone/", vec![]),
        ("t/_delta/", vec![]),
    ] {
        assert_eq!(list(&lake, prefix, None, 100).await, expected, "{prefix}");
    }
    for prefix in ["../", "/", "a//", "a/../", "\0"] {
        let listed = lake.connections.object_list(&name(), prefix, None, 1).await;
        assert!(matches!(listed, Err(ObjectError::Denied(_))), "{prefix}");
    }
}

#[tokio::test]
async fn a_listing_shows_only_what_can_be_read() {
    let lake = Lake::with(&[
        ("x", ""),
        (".belay-stage-0", ""),
        ("inner/.belay-stage-1", ""),
        ("new\nline", ""),
        ("back\\slash", ""),
    ]);
    symlink("../outside/secret", lake.path("climbing")).unwrap();
    symlink("../outside", lake.path("folder")).unwrap();
    symlink(".", lake.path("loop")).unwrap();
    symlink("x", lake.path("link")).unwrap();
    assert_eq!(list(&lake, "", None, 100).await, ["link", "x"]);
    let listed = lake.connections.object_list(&name(), "folder/", None, 1).await;
    assert!(matches!(listed, Err(ObjectError::Denied(_))), "{listed:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn pages_add_up_to_the_sorted_whole(
        keys in prop::collection::btree_set("[ab./-]{1,2}x(/[ab.-]x){0,2}", 1..12),
        prefix in "[ab]?",
        page in 1u32..4,
    ) {
        let keys: Vec<String> = keys.into_iter().filter(|key| crate::key::check(key).is_ok()).collect();
        let lake = Lake::with(&[]);
        let mut expected = Vec::new();
        for key in &keys {
            let path = lake.path(key);
            // A name can't be a folder and a file.
            if std::fs::create_dir_all(path.parent().unwrap()).is_ok() && std::fs::write(&path, "").is_ok() && key.starts_with(&prefix) {
                expected.push(key.clone());
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut found: Vec<String> = Vec::new();
        loop {
            let next = runtime.block_on(list(&lake, &prefix, found.last().map(String::as_str), page));
            prop_assert!(next.len() <= page as usize);
            if next.is_empty() {
                break;
            }
            found.extend(next);
        }
        prop_assert_eq!(found, expected);
    }
}
