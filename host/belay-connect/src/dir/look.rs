//! Looks at what an unknown write left. Changes no object; makes durable what it found before it says so.

use std::io;

use belay_domain::digest::Digest;
use belay_domain::operation::ObjectWrite;

use super::write::{digest_nofollow, open_folder, sync_folder};
use super::{DirConnection, Shared, Stopped};
use crate::key;
use crate::permit::Look;

impl DirConnection {
    pub(crate) async fn look(&self, write: &ObjectWrite) -> Look {
        if let Err(reason) = key::check(&write.key) {
            return Look::CannotTell(reason);
        }
        let leaves = write.content.as_ref().map(|body| Digest::of(&body.0));
        let key = write.key.clone();
        match self.blocking(self.target.timeout, move |shared| look(shared, &key, leaves)).await {
            Ok(Ok(look)) => look,
            Ok(Err(error)) => Look::CannotTell(error.to_string()),
            Err(Stopped::TimedOut) => Look::CannotTell("the directory did not answer in time".to_owned()),
            Err(Stopped::Failed(reason)) => Look::CannotTell(reason),
        }
    }
}

/// `leaves`: what the write leaves there; a deletion leaves nothing.
fn look(shared: &Shared, key: &str, leaves: Option<Digest>) -> io::Result<Look> {
    let (path, name) = key::split(key);
    let root = shared.root.now()?;
    let folder = match open_folder(&root, path) {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(without_folder(leaves)),
        Err(error) => return Err(error),
    };
    let found = digest_nofollow(&folder, name)?;
    if found == leaves {
        // The crash may have come before the folder was synced: what is called applied must not vanish in the next.
        sync_folder(&folder)?;
        return Ok(Look::HoldsOperationsBytes);
    }
    Ok(if found.is_some() { Look::HoldsOther } else { Look::Absent })
}

const fn without_folder(leaves: Option<Digest>) -> Look {
    if leaves.is_some() { Look::Absent } else { Look::HoldsOperationsBytes }
}
