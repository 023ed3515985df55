//! Reads below the table's folder. Keys here are relative to it.

use belay_sdk::objects::Meta;
use belay_sdk::{Fault, Reads, Resource};

use crate::Config;

const PAGE: u32 = 1_000;

/// Where a table's files are.
pub(crate) struct Folder<'a> {
    reads: &'a dyn Reads,
    connection: &'a str,
    /// Ends with `/`.
    prefix: String,
}

impl<'a> Folder<'a> {
    /// The folder of a resource, whose id is the table's path below its connection.
    pub(crate) fn of(reads: &'a dyn Reads, resource: &'a Resource<Config>) -> Result<Self, Fault> {
        let path = resource.id.as_str();
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(Fault::Invalid(format!(
                "`{path}` is not the path of a table, as in `clicks` or `shop/clicks`"
            )));
        }
        Ok(Self { reads, connection: &resource.connection, prefix: format!("{path}/") })
    }

    /// A key as the connection knows it.
    pub(crate) fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// A file's bytes, if it is there.
    pub(crate) fn find(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.reads.get_object(self.connection, &self.key(key))
    }

    /// A file's bytes; a fault where it is not there.
    pub(crate) fn get(&self, key: &str) -> Result<Vec<u8>, Fault> {
        self.find(key)?.ok_or_else(|| Fault::Unexpected(format!("the table's log has a gap: `{key}` is not there")))
    }

    /// Calls `each` with the files whose key starts with `prefix` and comes after `after`, in key order, page by page, while it
    /// returns true.
    pub(crate) fn pages(
        &self,
        prefix: &str,
        after: Option<&str>,
        mut each: impl FnMut(&[Meta]) -> bool,
    ) -> Result<(), Fault> {
        let mut after: Option<String> = after.map(|after| self.key(after));
        loop {
            let mut page = self
                .reads
                .objects(self.connection, &self.key(prefix), after.as_deref(), PAGE)
                .map_err(|error| Fault::from(error).while_doing(&format!("listing {}", self.key(prefix))))?;
            let is_last = page.len() < PAGE as usize;
            after = page.last().map(|meta| meta.key.clone());
            for meta in &mut page {
                meta.key = meta.key.strip_prefix(&self.prefix).unwrap_or(&meta.key).to_owned();
            }
            if !each(&page) || is_last {
                return Ok(());
            }
        }
    }
}
