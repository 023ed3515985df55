//! Claims about reads of objects.

use std::os::unix::fs::symlink;

use belay_domain::digest::Digest;

use super::{Lake, name, open};
use crate::{Connections, Error, ObjectError};

#[tokio::test]
async fn an_object_is_read_known_and_digested() {
    let lake = Lake::with(&[("clicks/part-0.parquet", "rows")]);
    let (connection, key) = (name(), "clicks/part-0.parquet");
    assert_eq!(lake.connections.object_get(&connection, key).await.unwrap(), b"rows");
    assert_eq!(lake.connections.object_digest(&connection, key).await.unwrap(), (4, Digest::of(b"rows")));
    let meta = lake.connections.object_head(&connection, key).await.unwrap();
    assert_eq!((meta.key.as_str(), meta.size), (key, 4));
    assert!(meta.modified.unwrap() > 1_600_000_000_000);
}

#[tokio::test]
async fn what_is_not_there_is_missing_and_what_is_no_file_is_no_object() {
    let lake = Lake::with(&[("file", "x"), ("folder/", "")]);
    for key in ["gone", "gone/x", "folder", "file/x"] {
        assert_eq!(lake.connections.object_get(&name(), key).await, Err(ObjectError::Missing), "{key}");
        assert_eq!(lake.connections.object_head(&name(), key).await, Err(ObjectError::Missing), "{key}");
    }
    // A pipe without a writer must not hold a read.
    let made = std::process::Command::new("mkfifo").arg(lake.path("pipe")).status().unwrap();
    assert!(made.success());
    assert!(matches!(lake.connections.object_get(&name(), "pipe").await, Err(ObjectError::Denied(_))));
}

#[tokio::test]
async fn nothing_outside_is_read() {
    let lake = Lake::with(&[("inside/x", "inside")]);
    symlink("../outside/secret", lake.path("climbing")).unwrap();
    symlink(lake.outer.path().join("outside/secret"), lake.path("absolute")).unwrap();
    symlink("../outside", lake.path("folder")).unwrap();
    symlink("inside/x", lake.path("link")).unwrap();
    for key in ["climbing", "absolute", "folder/secret", "../outside/secret", "/etc/passwd", "a/../../outside/secret"] {
        let error = lake.connections.object_get(&name(), key).await.unwrap_err();
        assert!(matches!(error, ObjectError::Denied(_)), "{key}: {error}");
        assert!(matches!(lake.connections.object_head(&name(), key).await, Err(ObjectError::Denied(_))), "{key}");
        assert!(matches!(lake.connections.object_digest(&name(), key).await, Err(ObjectError::Denied(_))), "{key}");
    }
    assert_eq!(lake.connections.object_get(&name(), "link").await.unwrap(), b"inside");
}

#[tokio::test]
async fn an_object_larger_than_the_limit_is_digested_but_not_read() {
    let lake = Lake::with(&[("large", "12345")]);
    let connections = open(&lake.path(""), |target| target.max_object = 4);
    assert_eq!(connections.object_get(&name(), "large").await, Err(ObjectError::TooLarge(4)));
    assert_eq!(connections.object_digest(&name(), "large").await.unwrap().0, 5);
    let connections = open(&lake.path(""), |target| target.max_object = 5);
    assert!(connections.object_get(&name(), "large").await.is_ok());
}

#[tokio::test]
async fn another_connection_is_denied() {
    let lake = Lake::with(&[]);
    let error = lake.connections.object_get(&"other".parse().unwrap(), "x").await.unwrap_err();
    assert_eq!(error, ObjectError::Denied("there is no connection `other`".to_owned()));
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    use crate::{ConnectionSpec, DirTarget, Target};
    use belay_domain::connection::{ConnectionKind, ConnectionRules, Criticality};
    let spec = |kind| ConnectionSpec {
        rules: ConnectionRules { name: name(), kind, criticality: Criticality::Low, writes: Vec::new(), settle_ms: 0 },
        target: Target::Dir(DirTarget::new("/nonexistent/lake")),
    };
    let error = Connections::open(vec![spec(ConnectionKind::Dir)]).unwrap_err();
    assert!(error.to_string().starts_with("connection `lake`: the directory /nonexistent/lake can't be opened"));
    assert!(matches!(Connections::open(vec![spec(ConnectionKind::Http)]), Err(Error::Kind { .. })));
}
