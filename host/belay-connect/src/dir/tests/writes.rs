//! Claims about writes of objects.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use belay_domain::id::Millis;
use belay_domain::operation::{Expectation, Outcome, Write};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::super::write::{at_the_point, sync};
use super::{Lake, applied, bytes, clock, delete, permit, put, refused};
use crate::Look;

#[tokio::test]
async fn a_creation_never_replaces() {
    let lake = Lake::with(&[("log/", "")]);
    let outcome = lake.perform(put("log/1.json", "ours", Expectation::Absent)).await;
    assert_eq!(outcome, Outcome::Applied { detail: "created".to_owned() });
    for again in ["ours", "theirs"] {
        let outcome = lake.perform(put("log/1.json", again, Expectation::Absent)).await;
        assert_eq!(refused(outcome), "already exists");
    }
    assert_eq!(lake.text("log/1.json").unwrap(), "ours");
    assert_eq!(lake.names("log"), ["1.json"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_create_one_name_one_wins() {
    // Two connections to one folder stand for two processes: they share no lock.
    let lake = Arc::new(Lake::with(&[]));
    let other = Arc::new(super::open(&lake.path(""), |_| {}));
    for round in 0..25 {
        let key = format!("{round}.json");
        let (first, second) = (put(&key, "first", Expectation::Absent), put(&key, "second", Expectation::Absent));
        let (own, theirs) = (Arc::clone(&lake), Arc::clone(&other));
        let first = tokio::spawn(async move { own.perform(first).await });
        let second = tokio::spawn(async move { theirs.perform(permit(second), clock()).await.outcome });
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        assert!(applied(&first) != applied(&second), "{first:?} {second:?}");
        let (winner, loser) = if applied(&first) { ("first", second) } else { ("second", first) };
        assert_eq!(refused(loser), "already exists");
        assert_eq!(lake.text(&key).unwrap(), winner);
    }
    assert_eq!(lake.names("").len(), 25);
}

#[tokio::test]
async fn a_replacement_compares_first() {
    let lake = Lake::with(&[("flags.json", "on")]);
    let reason = refused(lake.perform(put("flags.json", "off", bytes("other"))).await);
    assert!(reason.contains("somebody changed them"), "{reason}");
    assert_eq!(lake.text("flags.json").unwrap(), "on");
    assert!(applied(&lake.perform(put("flags.json", "off", bytes("on"))).await));
    assert_eq!(lake.text("flags.json").unwrap(), "off");
    let reason = refused(lake.perform(put("gone.json", "off", bytes("on"))).await);
    assert_eq!(reason, "nothing has this name any more");
    assert_eq!(lake.names(""), ["flags.json"]);
}

#[tokio::test]
async fn with_no_expectation_it_creates_or_replaces() {
    let lake = Lake::with(&[]);
    for (content, detail) in [("1", "created"), ("2", "replaced")] {
        let outcome = lake.perform(put("x", content, Expectation::Anything)).await;
        assert_eq!(outcome, Outcome::Applied { detail: detail.to_owned() });
        assert_eq!(lake.text("x").unwrap(), content);
    }
}

#[tokio::test]
async fn a_replacement_keeps_the_mode() {
    let lake = Lake::with(&[("x", "1")]);
    for mode in [0o600, 0o644, 0o664, 0o440] {
        fs::set_permissions(lake.path("x"), fs::Permissions::from_mode(mode)).unwrap();
        let before = fs::metadata(lake.path("x")).unwrap();
        assert!(applied(&lake.perform(put("x", "2", Expectation::Anything)).await));
        let after = fs::metadata(lake.path("x")).unwrap();
        assert_eq!(after.permissions().mode(), before.permissions().mode(), "{mode:o}");
    }
}

#[tokio::test]
async fn a_deletion_compares_first() {
    let lake = Lake::with(&[("x", "1")]);
    assert!(refused(lake.perform(delete("x", bytes("2"))).await).contains("somebody changed them"));
    assert!(refused(lake.perform(delete("x", Expectation::Absent)).await).contains("can't expect"));
    assert!(applied(&lake.perform(delete("x", bytes("1"))).await));
    assert_eq!(lake.text("x"), None);
    refused(lake.perform(delete("x", Expectation::Anything)).await);
}

#[tokio::test]
async fn nothing_is_written_outside_or_through_a_link() {
    let lake = Lake::with(&[("inside/x", "1"), ("file", "1")]);
    symlink("../outside", lake.path("out")).unwrap();
    symlink("inside", lake.path("in")).unwrap();
    symlink("inside/x", lake.path("link")).unwrap();
    symlink("../outside/new", lake.path("dangling")).unwrap();
    for key in [
        "out/new",
        "in/new",
        "in/x",
        "link",
        "dangling",
        "../outside/new",
        "/tmp/new",
        "inside",
        "file/new",
        "gone/new",
        "inside/.belay-stage-0",
    ] {
        for expect in [Expectation::Absent, Expectation::Anything, bytes("1")] {
            refused(lake.perform(put(key, "2", expect)).await);
        }
        refused(lake.perform(delete(key, Expectation::Anything)).await);
    }
    assert_eq!((lake.text("inside/x").unwrap(), lake.names("inside")), ("1".to_owned(), vec!["x".to_owned()]));
    assert_eq!(fs::read_dir(lake.outer.path().join("outside")).unwrap().count(), 1);
}

/// The folder is of a file system that can't be synced.
#[cfg(target_os = "linux")]
#[test]
fn what_fails_after_it_became_visible_is_unknown() {
    let folder = Dir::open_ambient_dir("/proc/self", ambient_authority()).unwrap();
    let outcome = sync(&folder).unwrap_err();
    assert!(matches!(&outcome, Outcome::Unknown { reason } if reason.starts_with("it was written")), "{outcome:?}");
}

#[test]
fn only_a_clear_no_of_the_file_system_means_that_nothing_happened() {
    for kind in
        [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem, ErrorKind::StorageFull, ErrorKind::NotFound]
    {
        refused(at_the_point(&kind.into()));
    }
    for kind in [ErrorKind::TimedOut, ErrorKind::StaleNetworkFileHandle, ErrorKind::Interrupted, ErrorKind::Other] {
        assert!(matches!(at_the_point(&kind.into()), Outcome::Unknown { .. }), "{kind}");
    }
}

/// Where not even root can create a file.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_can_t_be_staged_is_not_applied() {
    let connections = super::open(std::path::Path::new("/proc/self"), |_| {});
    for expect in [Expectation::Absent, Expectation::Anything] {
        let reason = refused(connections.perform(permit(put("new", "1", expect)), clock()).await.outcome);
        assert!(reason.starts_with("its bytes can't be staged beside it"), "{reason}");
    }
}

#[tokio::test]
async fn a_permit_that_expires_while_bytes_are_staged_makes_nothing_visible() {
    let lake = Lake::with(&[("x", "1")]);
    for write in [put("new", "2", Expectation::Absent), put("x", "2", bytes("1")), delete("x", bytes("1"))] {
        let ticks = AtomicU64::new(1);
        let clock = Arc::new(move || Millis(ticks.fetch_add(1, Ordering::SeqCst)));
        let reason = refused(lake.connections.perform(permit(write), clock).await.outcome);
        assert!(reason.contains("expired"), "{reason}");
    }
    assert_eq!((lake.text("x").unwrap().as_str(), lake.names("")), ("1", vec!["x".to_owned()]));
}

#[tokio::test]
async fn a_look_tells_whose_bytes_are_there() {
    let lake = Lake::with(&[("x", "ours")]);
    for (write, expected) in [
        (put("x", "ours", Expectation::Absent), Look::HoldsOperationsBytes),
        (put("x", "other", Expectation::Absent), Look::HoldsOther),
        (put("gone", "ours", Expectation::Absent), Look::Absent),
        (put("gone/x", "ours", Expectation::Absent), Look::Absent),
        (delete("gone", Expectation::Anything), Look::HoldsOperationsBytes),
        (delete("x", Expectation::Anything), Look::HoldsOther),
    ] {
        assert_eq!(lake.connections.look(&Write::Object(write.clone())).await, expected, "{write:?}");
    }
    symlink("x", lake.path("link")).unwrap();
    let looked = lake.connections.look(&Write::Object(put("link", "ours", Expectation::Absent))).await;
    assert!(matches!(looked, Look::CannotTell(_)), "{looked:?}");
}

#[tokio::test]
async fn nothing_is_written_into_a_directory_that_was_moved_away() {
    let lake = Lake::with(&[("x", "1")]);
    assert!(applied(&lake.perform(put("x", "2", bytes("1"))).await));
    let aside = lake.outer.path().join("aside");
    std::fs::rename(lake.path(""), &aside).unwrap();
    let reason = refused(lake.perform(put("x", "3", bytes("2"))).await);
    assert!(reason.contains("connection `lake`: the directory"), "{reason}");
    assert_eq!(std::fs::read_to_string(aside.join("x")).unwrap(), "2");
    // Not that a deletion had been made, either.
    let looked = lake.connections.look(&Write::Object(delete("x", Expectation::Anything))).await;
    assert!(matches!(looked, Look::CannotTell(_)), "{looked:?}");
}
