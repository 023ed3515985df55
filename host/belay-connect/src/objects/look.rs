//! Looks at what an unknown write left. Changes nothing. Stores are consistent: what a read finds is what the next one
//! finds, unless somebody writes.

use belay_domain::digest::Digest;
use belay_domain::operation::ObjectWrite;

use super::StoreConnection;
use crate::permit::Look;
use crate::read::ObjectError;

impl StoreConnection {
    pub(crate) async fn look(&self, write: &ObjectWrite) -> Look {
        let leaves = write.content.as_ref().map(|body| Digest::of(&body.0));
        match (self.tagged(&write.key).await, leaves) {
            (Ok(found), Some(leaves)) if found.sha256 == leaves => Look::HoldsOperationsBytes,
            (Ok(_), _) => Look::HoldsOther,
            (Err(ObjectError::Missing), Some(_)) => Look::Absent,
            (Err(ObjectError::Missing), None) => Look::HoldsOperationsBytes,
            (Err(error), _) => Look::CannotTell(error.to_string()),
        }
    }
}
