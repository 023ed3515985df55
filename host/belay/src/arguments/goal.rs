//! Back to what: `--to`, `--before`, `--at`.

use belay_domain::id::{PointId, ResourceName};
use belay_runtime::api::{Error, Goal};
use clap::Args;
use jiff::Zoned;

use super::{moment, pair};

const LATEST_GOOD: &str = "latest-good";

/// At most one of three ways to say it.
#[derive(Args, Clone, Debug)]
#[group(required = false, multiple = true)]
pub(crate) struct GoalArguments {
    /// Back to a rollback point, or to latest-good: the newest one marked good
    #[arg(long, value_name = "POINT", value_parser = target, conflicts_with_all = ["before", "at"])]
    to: Option<Goal>,
    /// Back to the states just before a moment: 02:10 (the last one past), or RFC 3339
    #[arg(long, value_name = "MOMENT", conflicts_with = "at")]
    before: Option<String>,
    /// Back to one version of one resource: model=8; once for each resource
    #[arg(long, value_name = "RESOURCE=VERSION", value_parser = version)]
    at: Vec<(ResourceName, String)>,
}

impl GoalArguments {
    /// What was asked for; none where nothing was said.
    pub(crate) fn goal(&self, now: &Zoned) -> Result<Option<Goal>, Error> {
        if let Some(goal) = &self.to {
            return Ok(Some(goal.clone()));
        }
        if let Some(text) = &self.before {
            let at = moment::past(text, now).map_err(|reason| Error::usage(format!("--before: {reason}")))?;
            return Ok(Some(Goal::Before(at)));
        }
        let mut versions = std::collections::BTreeMap::new();
        for (resource, version) in &self.at {
            if versions.insert(resource.clone(), version.clone()).is_some() {
                return Err(Error::usage(format!("--at names `{resource}` twice")));
            }
        }
        Ok((!versions.is_empty()).then_some(Goal::Versions(versions)))
    }

    /// Whether anything was said.
    pub(crate) fn is_empty(&self) -> bool {
        self.to.is_none() && self.before.is_none() && self.at.is_empty()
    }
}

fn target(text: &str) -> Result<Goal, String> {
    if text == LATEST_GOOD {
        return Ok(Goal::LatestGood);
    }
    text.parse::<PointId>().map(Goal::Point).map_err(|error| error.to_string())
}

fn version(text: &str) -> Result<(ResourceName, String), String> {
    let (resource, version) = pair(text)?;
    Ok((resource.parse::<ResourceName>().map_err(|error| error.to_string())?, version))
}
