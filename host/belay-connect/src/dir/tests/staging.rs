//! Claims about staging files.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use belay_domain::operation::Expectation;
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::super::stage::Staged;
use super::{Lake, applied, put};
use crate::ObjectError;

fn leave(lake: &Lake, name: &str, age_s: u64) -> File {
    let file = File::create(lake.path(name)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(age_s)).unwrap();
    file
}

#[tokio::test]
async fn what_a_crash_left_is_swept_and_what_is_in_use_is_not() {
    let lake = Lake::with(&[]);
    drop(leave(&lake, ".belay-stage-old", 3_600));
    drop(leave(&lake, ".belay-stage-young", 1));
    let in_use = leave(&lake, ".belay-stage-locked", 3_600);
    in_use.lock().unwrap();
    assert!(applied(&lake.perform(put("x", "1", Expectation::Absent)).await));
    assert_eq!(lake.names(""), [".belay-stage-locked", ".belay-stage-young", "x"]);
}

#[tokio::test]
async fn a_plugin_sees_no_staging_file() {
    let lake = Lake::with(&[(".belay-stage-0", "bytes")]);
    let read = lake.connections.object_get(&super::name(), ".belay-stage-0").await;
    assert!(matches!(read, Err(ObjectError::Denied(_))), "{read:?}");
}

#[test]
fn a_staged_file_goes_when_it_is_dropped() {
    let lake = Lake::with(&[]);
    let folder = Dir::open_ambient_dir(lake.path(""), ambient_authority()).unwrap();
    let staged = Staged::write(&folder, b"bytes", None).unwrap();
    assert_eq!(lake.names(""), [staged.name()]);
    assert_eq!(fs::read(lake.path(staged.name())).unwrap(), b"bytes");
    assert!(File::open(lake.path(staged.name())).unwrap().try_lock().is_err(), "it says that it is in use");
    drop(staged);
    assert!(lake.names("").is_empty());
}

#[test]
fn a_link_that_was_made_is_told_from_anothers() {
    let lake = Lake::with(&[("theirs", "bytes")]);
    let folder = Dir::open_ambient_dir(lake.path(""), ambient_authority()).unwrap();
    let staged = Staged::write(&folder, b"bytes", None).unwrap();
    folder.hard_link(staged.name(), &folder, "ours").unwrap();
    assert!(staged.is("ours") && !staged.is("theirs") && !staged.is("gone"));
}
