//! The words that `plan` and `run` share, and `plan` itself.

use std::path::PathBuf;

use belay_domain::id::{EnvironmentName, FeatureSetName, IncidentId, ResourceName, RunbookName, StageName};
use belay_runtime::api::{Error, PlanRequest};
use clap::{Args, Subcommand};
use jiff::Zoned;

use super::{GoalArguments, KeyArguments, pair};

/// `belay plan`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct PlanArguments {
    /// The runbook
    #[arg(required = true)]
    runbook: Option<RunbookName>,
    /// The feature set to apply it to
    #[arg(required = true)]
    feature_set: Option<FeatureSetName>,
    /// Everything else.
    #[command(flatten)]
    options: PlanOptions,
    /// Write all that the run needs into one file, a rollback package: FILE.belay
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The key that signs the package's request where people must approve it.
    #[command(flatten)]
    pub key: KeyArguments,
    /// Show the plan in another form.
    #[command(subcommand)]
    pub show: Option<PlanShow>,
}

impl PlanArguments {
    /// The words, where they stand before any other form; the grammar asks for them then.
    pub(crate) fn words(&self) -> Option<PlanWords> {
        let (runbook, feature_set) = (self.runbook.clone()?, self.feature_set.clone()?);
        Some(PlanWords { runbook, feature_set, options: self.options.clone() })
    }
}

/// `belay plan show`.
#[derive(Subcommand, Debug)]
pub(crate) enum PlanShow {
    /// Show the plan in another form
    Show {
        /// The words.
        #[command(flatten)]
        words: PlanWords,
        /// As commands to type where belay itself can't act, without secrets
        #[arg(long, required_unless_present = "facts", conflicts_with = "facts")]
        as_commands: bool,
        /// As guardrails are given it: JSON, one document for each stage
        #[arg(long)]
        facts: bool,
    },
}

/// What to apply to what, where, and back to what.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlanWords {
    /// The runbook
    pub runbook: RunbookName,
    /// The feature set to apply it to
    pub feature_set: FeatureSetName,
    /// Everything else.
    #[command(flatten)]
    pub options: PlanOptions,
}

/// The options that `plan` and `run` share.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlanOptions {
    /// Where; needed unless the workspace has only one environment
    #[arg(long, value_name = "NAME")]
    pub env: Option<EnvironmentName>,
    /// Back to what.
    #[command(flatten)]
    pub goal: GoalArguments,
    /// This stage alone
    #[arg(long, value_name = "STAGE")]
    pub only: Option<StageName>,
    /// Leave a resource out: the run then ends partial
    #[arg(long, value_name = "RESOURCE")]
    pub except: Vec<ResourceName>,
    /// Set one of the runbook's parameters: rollout_to=10
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair)]
    pub parameters: Vec<(String, String)>,
    /// The incident that it is about, such as INC-4211
    #[arg(long)]
    pub incident: Option<IncidentId>,
    /// Why, for the record
    #[arg(long)]
    pub reason: Option<String>,
}

impl PlanOptions {
    /// Whether nothing was said of what to do; what it is about and why may have been.
    pub(crate) fn is_empty(&self) -> bool {
        self.env.is_none()
            && self.goal.is_empty()
            && self.only.is_none()
            && self.except.is_empty()
            && self.parameters.is_empty()
    }
}

impl PlanWords {
    /// What was asked for, seen from this moment.
    pub(crate) fn request(self, now: &Zoned) -> Result<PlanRequest, Error> {
        let options = self.options;
        let mut parameters = std::collections::BTreeMap::new();
        for (name, value) in options.parameters {
            if let Some(twice) = parameters.insert(name.clone(), value) {
                return Err(Error::usage(format!("the parameter `{name}` is given twice, first as `{twice}`")));
            }
        }
        Ok(PlanRequest {
            runbook: self.runbook,
            feature_set: self.feature_set,
            environment: options.env,
            goal: options.goal.goal(now)?,
            only: options.only,
            except: options.except,
            parameters,
            incident: options.incident,
            reason: options.reason,
            break_glass: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use belay_runtime::api::Goal;
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn plan(line: &str) -> Result<PlanArguments, String> {
        let arguments = Arguments::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?;
        let Command::Plan(plan) = arguments.command else { return Err("another command".to_owned()) };
        Ok(*plan)
    }

    fn request(line: &str) -> Result<PlanRequest, String> {
        let now = "2026-11-22T03:00:00Z[UTC]".parse().unwrap();
        plan(line)?.words().unwrap().request(&now).map_err(|error| error.to_string())
    }

    #[test]
    fn a_goal_is_said_in_one_way() {
        let goal = |line: &str| request(line).unwrap().goal;
        assert_eq!(goal("belay plan r s --to latest-good"), Some(Goal::LatestGood));
        assert_eq!(goal("belay plan r s --to rp-0412"), Some(Goal::Point("rp-0412".parse().unwrap())));
        assert!(matches!(goal("belay plan r s --before 02:10"), Some(Goal::Before(_))));
        let Some(Goal::Versions(versions)) = goal("belay plan r s --at model=8 --at dataset=v27") else { panic!() };
        assert_eq!(versions.len(), 2);
        assert_eq!(goal("belay plan r s"), None);
        assert!(request("belay plan r s --to rp-1 --before 02:10").is_err());
        assert!(request("belay plan r s --before 02:10 --at model=8").is_err());
        assert_eq!(request("belay plan r s --at model=8 --at model=9").unwrap_err(), "--at names `model` twice");
    }

    #[test]
    fn a_parameter_is_given_once() {
        assert_eq!(request("belay plan r s --parameter to=a=b").unwrap().parameters["to"], "a=b");
        let error = request("belay plan r s --parameter to=1 --parameter to=2").unwrap_err();
        assert_eq!(error, "the parameter `to` is given twice, first as `1`");
    }

    #[test]
    fn show_takes_the_same_words() {
        let shown = plan("belay plan show r s --env prod --as-commands").unwrap();
        assert!(shown.words().is_none());
        let Some(PlanShow::Show { words, as_commands: true, facts: false }) = shown.show else { panic!("{shown:?}") };
        assert_eq!(words.options.env, Some("prod".parse().unwrap()));
        assert!(matches!(plan("belay plan show r s --facts").unwrap().show, Some(PlanShow::Show { facts: true, .. })));
        assert!(plan("belay plan show r s").is_err(), "no form named");
        assert!(plan("belay plan show r s --facts --as-commands").is_err(), "two forms named");
        assert!(plan("belay plan r").is_err(), "no feature set");
    }
}
