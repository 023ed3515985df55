//! A ledger in a folder of its own, and drafts to put into it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::PathBuf;

use belay_domain::id::Millis;
use belay_domain::json::Json;
use belay_ledger::{Actor, Draft, Ledger};

pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// In memory, where the system has such a place: for tests in which no disk is to be waited for.
    pub(crate) fn in_memory() -> Self {
        Self { folder: tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap() }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    pub(crate) fn init(&self) -> Ledger {
        Ledger::init(&self.state(), &self.key(), "shop-ml").unwrap()
    }

    pub(crate) fn open(&self) -> Ledger {
        Ledger::open(&self.state(), &self.key()).unwrap()
    }
}

pub(crate) fn actor() -> Actor {
    Actor { name: "ana".to_owned(), authenticated_by: "os-user".to_owned(), on_behalf_of: None }
}

pub(crate) fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

pub(crate) fn draft(kind: &str, body: &str) -> Draft {
    Draft::new(Millis(1_700_000_000_000), kind, actor(), json(body))
}
