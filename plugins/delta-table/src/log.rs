//! What lies in `_delta_log`, by name. Never reads a file's bytes.

use std::collections::BTreeMap;

use belay_sdk::Fault;
use belay_sdk::objects::Meta;
use serde::Deserialize;

use crate::folder::Folder;

const FOLDER: &str = "_delta_log/";

/// The commits and checkpoints that the log still has, or those of its end.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// When each commit's file was written, in milliseconds since 1970 UTC, where the store knows.
    commits: BTreeMap<u64, Option<u64>>,
    checkpoints: BTreeMap<u64, Checkpoint>,
}

/// A kind of checkpoint. Where a version has several, the one that can be read counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checkpoint {
    /// One Parquet file.
    Classic,
    /// Several Parquet files.
    MultiPart,
    /// Named by a UUID.
    V2,
}

impl Checkpoint {
    const fn name(self) -> &'static str {
        match self {
            Self::Classic => "a classic checkpoint",
            Self::MultiPart => "a multi-part checkpoint",
            Self::V2 => "a V2 checkpoint (named by a UUID)",
        }
    }
}

/// The version of the checkpoint that writers hint at.
fn last_checkpoint(folder: &Folder) -> Result<Option<u64>, Fault> {
    #[derive(Deserialize)]
    struct Hint {
        version: u64,
    }
    let bytes = folder.find(&format!("{FOLDER}_last_checkpoint"))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).map(|hint: Hint| hint.version))
}

/// The name of a version's commit.
pub(crate) fn commit_key(version: u64) -> String {
    format!("_delta_log/{version:020}.json")
}

/// The name of a version's classic checkpoint.
pub(crate) fn checkpoint_key(version: u64) -> String {
    format!("_delta_log/{version:020}.checkpoint.parquet")
}

impl Log {
    /// Lists the log from its last checkpoint on, if that is not later than `version`; otherwise all of it. Which checkpoint
    /// is the last, writers only hint at: it may be an older one, or be gone.
    pub(crate) fn list_from_checkpoint(folder: &Folder, version: Option<u64>) -> Result<Self, Fault> {
        let hinted = last_checkpoint(folder)?.filter(|at| version.is_none_or(|version| *at <= version));
        if let Some(at) = hinted {
            // Before every file of that version, since each has a dot behind the digits.
            let log = Self::list_after(folder, Some(&format!("{FOLDER}{at:020}")))?;
            if log.checkpoints.get(&at) == Some(&Checkpoint::Classic) {
                return Ok(log);
            }
        }
        Self::list(folder)
    }

    /// Lists the log.
    pub(crate) fn list(folder: &Folder) -> Result<Self, Fault> {
        Self::list_after(folder, None)
    }

    fn list_after(folder: &Folder, after: Option<&str>) -> Result<Self, Fault> {
        let mut log = Self::default();
        folder.pages(FOLDER, after, |page| {
            page.iter().for_each(|meta| log.note(meta));
            true
        })?;
        Ok(log)
    }

    fn note(&mut self, meta: &Meta) {
        let Some((version, kind)) = meta.key.strip_prefix(FOLDER).and_then(version_and_kind) else { return };
        if kind == "json" {
            self.commits.insert(version, meta.modified);
        } else if let Some(found) = checkpoint_kind(kind) {
            let known = self.checkpoints.entry(version).or_insert(found);
            if found == Checkpoint::Classic {
                *known = found;
            }
        }
    }

    /// The latest version; nothing where there is no table.
    pub(crate) fn latest(&self) -> Option<u64> {
        let commit = self.commits.keys().next_back();
        commit.max(self.checkpoints.keys().next_back()).copied()
    }

    /// The earliest version whose state the log can still tell.
    pub(crate) fn earliest(&self) -> Option<u64> {
        let checkpoint = self.checkpoints.keys().next().copied();
        if self.commits.contains_key(&0) { Some(0) } else { checkpoint }
    }

    /// Versions that have a commit, the latest first.
    pub(crate) fn versions(&self) -> impl Iterator<Item = u64> {
        self.commits.keys().rev().copied()
    }

    /// When a commit's file was written.
    pub(crate) fn modified(&self, version: u64) -> Option<u64> {
        self.commits.get(&version).copied().flatten()
    }

    /// Where replay to a version starts: at a checkpoint, or before version 0. Refuses a start that can't be read.
    pub(crate) fn start(&self, version: u64) -> Result<Option<u64>, Fault> {
        match self.checkpoints.range(..=version).next_back() {
            Some((at, Checkpoint::Classic)) => Ok(Some(*at)),
            Some((at, kind @ (Checkpoint::MultiPart | Checkpoint::V2))) => {
                Err(Fault::Unsupported(format!("version {at} of the table has {}", kind.name())))
            }
            None if self.commits.contains_key(&0) => Ok(None),
            None => Err(self.too_early(version)),
        }
    }

    /// That a version is not in the log.
    pub(crate) fn too_early(&self, version: u64) -> Fault {
        let reach = self.earliest().map_or_else(
            || "which has no beginning".to_owned(),
            |earliest| format!("which reaches back to version {earliest}"),
        );
        Fault::Missing(format!("version {version} is no longer in the table's log, {reach}"))
    }
}

/// `00000000000000000031.json` → `(31, "json")`.
fn version_and_kind(name: &str) -> Option<(u64, &str)> {
    let (digits, kind) = name.split_once('.')?;
    let all_digits = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().ok()).flatten().map(|version| (version, kind))
}

/// `checkpoint.parquet`, `checkpoint.0000000001.0000000002.parquet` or `checkpoint.UUID.parquet` (or `.json`).
fn checkpoint_kind(kind: &str) -> Option<Checkpoint> {
    let parts: Vec<&str> = kind.strip_prefix("checkpoint.")?.split('.').collect();
    match parts.as_slice() {
        ["parquet"] => Some(Checkpoint::Classic),
        [_, "parquet" | "json"] => Some(Checkpoint::V2),
        [_, _, "parquet"] => Some(Checkpoint::MultiPart),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use belay_sdk::{Resource, fake};

    use super::*;
    use crate::Config;

    fn log(names: &[&str]) -> Log {
        let mut log = Log::default();
        for name in names {
            log.note(&Meta { key: format!("_delta_log/{name}"), size: 1, modified: None });
        }
        log
    }

    #[test]
    fn the_log_is_listed_from_the_checkpoint_that_is_hinted_at_where_that_is_early_enough() {
        let resource = Resource { connection: "lake".to_owned(), id: "t".to_owned(), config: Config {} };
        let listed = |hint: &str, version: Option<u64>| {
            let mut reads = fake::Reads::default();
            for name in ["00000000000000000042.json", "00000000000000000099.checkpoint.parquet"] {
                reads.put("lake", &format!("t/{FOLDER}{name}"), "");
            }
            (97..=101).for_each(|at| reads.put("lake", &format!("t/{}", commit_key(at)), ""));
            reads.put("lake", &format!("t/{FOLDER}_last_checkpoint"), hint);
            let log = Log::list_from_checkpoint(&Folder::of(&reads, &resource).unwrap(), version).unwrap();
            (log.versions().collect::<Vec<_>>(), log.latest(), log.start(100))
        };
        let from_hint = (vec![101, 100, 99], Some(101), Ok(Some(99)));
        let all = (vec![101, 100, 99, 98, 97, 42], Some(101), Ok(Some(99)));
        for version in [None, Some(99), Some(101)] {
            assert_eq!(listed(r#"{"version":99,"size":7}"#, version), from_hint, "{version:?}");
        }
        assert_eq!(listed(r#"{"version":99}"#, Some(98)), all, "an earlier version needs what is before");
        for hint in [r#"{"version":98}"#, r#"{"version":200}"#, r#"{"version":-1}"#, "{}", "", "nonsense"] {
            assert_eq!(listed(hint, None), all, "{hint} is no checkpoint");
        }
    }

    #[test]
    fn other_names_are_passed_over() {
        let log = log(&[
            "_last_checkpoint",
            "_sidecars/00000000000000000009.json",
            "00000000000000000001.json.tmp",
            "00000000000000000001.00000000000000000002.compacted.json",
            "00000000000000000003.crc",
            "3.json",
            "00000000000000000002.json",
        ]);
        assert_eq!(log.versions().collect::<Vec<_>>(), [2]);
        assert_eq!(log.latest(), Some(2));
        assert_eq!(log.earliest(), None);
    }

    #[test]
    fn replay_starts_at_the_newest_checkpoint_that_is_not_later() {
        let log = log(&[
            "00000000000000000010.checkpoint.parquet",
            "00000000000000000020.checkpoint.parquet",
            "00000000000000000021.json",
        ]);
        assert_eq!(log.start(19), Ok(Some(10)));
        assert_eq!(log.start(21), Ok(Some(20)));
        let Err(Fault::Missing(why)) = log.start(9) else { panic!("version 9 is gone") };
        assert_eq!(why, "version 9 is no longer in the table's log, which reaches back to version 10");
    }

    #[test]
    fn checkpoints_that_cannot_be_read_are_refused_by_name() {
        let multi_part = "00000000000000000010.checkpoint.0000000001.0000000002.parquet";
        let v2 = "00000000000000000010.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json";
        for (name, kind) in [(multi_part, "multi-part"), (v2, "V2")] {
            let refused = log(&["00000000000000000000.json", name]).start(12).unwrap_err();
            assert!(matches!(&refused, Fault::Unsupported(why) if why.contains(kind)), "{refused:?}");
            assert_eq!(log(&["00000000000000000000.json", name]).start(9), Ok(None));
            assert_eq!(log(&[name, "00000000000000000010.checkpoint.parquet"]).start(12), Ok(Some(10)));
        }
    }
}
