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

#[tokio::test]
async fn a_directory_that_is_not_there_is_named() {
    use crate::{ConnectionSpec, DirTarget, Target};
    use belay_domain::connection::{ConnectionKind, ConnectionRules, Criticality};
    let spec = |kind| ConnectionSpec {
        rules: ConnectionRules { name: name(), kind, criticality: Criticality::Low, writes: Vec::new(), settle_ms: 0 },
        target: Target::Dir(DirTarget::new("/nonexistent/lake")),
        confirm_within_ms: 0,
    };
    let connections = Connections::open(vec![spec(ConnectionKind::Dir)]).unwrap();
    let Err(ObjectError::Unreachable(error)) = connections.object_get(&name(), "x").await else { panic!("reached") };
    assert!(error.starts_with("connection `lake`: the directory /nonexistent/lake can't be opened"), "{error}");
    assert!(matches!(Connections::open(vec![spec(ConnectionKind::Http)]), Err(Error::Kind { .. })));
}

#[tokio::test]
async fn a_directory_that_goes_in_the_middle_is_out_of_reach_and_no_file_is_missing() {
    let lake = Lake::with(&[("x", "1")]);
    let (connections, root) = (&lake.connections, lake.path(""));
    assert_eq!(connections.object_get(&name(), "x").await.as_deref(), Ok(b"1".as_slice()));
    assert_eq!(connections.object_get(&name(), "gone").await, Err(ObjectError::Missing));
    let aside = lake.outer.path().join("aside");
    std::fs::rename(&root, &aside).unwrap();
    for key in ["x", "gone"] {
        assert!(matches!(connections.object_get(&name(), key).await, Err(ObjectError::Unreachable(_))), "{key}");
        assert!(matches!(connections.object_head(&name(), key).await, Err(ObjectError::Unreachable(_))), "{key}");
        assert!(matches!(connections.object_digest(&name(), key).await, Err(ObjectError::Unreachable(_))), "{key}");
    }
    let listed = connections.object_list(&name(), "", None, 9).await;
    assert!(matches!(listed, Err(ObjectError::Unreachable(_))), "{listed:?}");
    // What came in its place is what is read from then on, as if belay had been started now.
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("x"), "2").unwrap();
    assert_eq!(connections.object_get(&name(), "x").await.as_deref(), Ok(b"2".as_slice()));
    assert!(connections.object_list(&name(), "y", None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_directory_that_goes_while_it_is_read_is_not_an_empty_one() {
    use crate::dir::root::Root;
    let lake = Lake::with(&[("x", "1")]);
    let root = Root::new("lake".to_owned(), lake.path(""));
    let (path, aside) = (lake.path(""), lake.outer.path().join("aside"));
    let gone = root.read(
        |_| -> Result<(), ObjectError> {
            std::fs::rename(&path, &aside).unwrap();
            Err(ObjectError::Missing)
        },
        |()| false,
    );
    assert!(matches!(gone, Err(ObjectError::Unreachable(_))), "{gone:?}");
    std::fs::rename(&aside, &path).unwrap();
    let replaced = root.read(
        |_| {
            std::fs::rename(&path, &aside).unwrap();
            std::fs::create_dir(&path).unwrap();
            Ok(Vec::<u8>::new())
        },
        Vec::is_empty,
    );
    assert!(matches!(replaced, Err(ObjectError::Unreachable(why)) if why.contains("another directory")));
}
