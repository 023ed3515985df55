//! A Redis server, or what speaks its protocol. Never goes where its connection has no permission to.

use belay_domain::connection::ConnectionRules;
use belay_domain::operation::{KeyvalueWrite, Outcome};

use crate::permit::{Deadline, Look};
use crate::read::{KeyError, KeyMeta, KeyPage};
use crate::spec::RedisTarget;

/// One Redis connection.
#[derive(Debug)]
pub(crate) struct RedisConnection {
    rules: ConnectionRules,
}

const NOT_SERVED: &str = "keys are not served yet";

impl RedisConnection {
    pub(crate) fn open(rules: ConnectionRules, _: RedisTarget) -> Result<Self, String> {
        Ok(Self { rules })
    }

    pub(crate) const fn rules(&self) -> &ConnectionRules {
        &self.rules
    }

    pub(crate) async fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>, KeyError> {
        Err(KeyError::Unreachable(NOT_SERVED.to_owned()))
    }

    pub(crate) async fn fields(&self, _: &[u8], _: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, KeyError> {
        Err(KeyError::Unreachable(NOT_SERVED.to_owned()))
    }

    pub(crate) async fn head(&self, _: &[u8]) -> Result<Option<KeyMeta>, KeyError> {
        Err(KeyError::Unreachable(NOT_SERVED.to_owned()))
    }

    pub(crate) async fn scan(&self, _: &[u8], _: Option<&str>, _: u32) -> Result<KeyPage, KeyError> {
        Err(KeyError::Unreachable(NOT_SERVED.to_owned()))
    }

    pub(crate) async fn count(&self, _: &[u8], _: u64) -> Result<Option<u64>, KeyError> {
        Err(KeyError::Unreachable(NOT_SERVED.to_owned()))
    }

    pub(crate) fn admit_write(&self, _: &KeyvalueWrite) -> Result<(), String> {
        Err(NOT_SERVED.to_owned())
    }

    pub(crate) async fn perform(&self, _: &KeyvalueWrite, _: &Deadline) -> Outcome {
        Outcome::NotApplied { reason: NOT_SERVED.to_owned() }
    }

    pub(crate) async fn look(&self, _: &KeyvalueWrite) -> Look {
        Look::CannotTell(NOT_SERVED.to_owned())
    }
}
