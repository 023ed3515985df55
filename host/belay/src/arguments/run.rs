//! `belay run` and what people decide while a run is on.

use std::path::PathBuf;

use belay_domain::id::{FeatureSetName, IncidentId, ResourceName, RunId};
use belay_runtime::api::{Error, PlanRequest, ResolveAs, UndoRequest};
use clap::{Args, ValueEnum};
use jiff::Zoned;

use super::KeyArguments;
use super::plan::{PlanOptions, PlanWords};

/// `belay run RUNBOOK FEATURE_SET …` or `belay run FILE.belay`.
#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// The runbook; or a rollback package, a file made by `plan -o`
    #[arg(value_name = "RUNBOOK|FILE.belay")]
    what: String,
    /// The feature set to apply the runbook to
    feature_set: Option<FeatureSetName>,
    /// Everything else.
    #[command(flatten)]
    options: PlanOptions,
    /// Override bands and denials, together with a second person; needs --reason and --incident
    #[arg(long, requires = "reason", requires = "incident")]
    break_glass: bool,
    /// The key that signs the request where people must approve it.
    #[command(flatten)]
    pub key: KeyArguments,
}

/// What a run is made of, as typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ToRun {
    /// A runbook on a feature set.
    Words(Box<PlanRequest>),
    /// A rollback package, in this file.
    Package(PathBuf),
}

impl RunArguments {
    /// What was asked for, seen from this moment.
    pub(crate) fn asked(self, now: &Zoned) -> Result<ToRun, Error> {
        let Some(feature_set) = self.feature_set else {
            return self.package();
        };
        let runbook = self.what.parse().map_err(|error| Error::usage(format!("{error}")))?;
        let words = PlanWords { runbook, feature_set, options: self.options };
        let request = PlanRequest { break_glass: self.break_glass, ..words.request(now)? };
        Ok(ToRun::Words(Box::new(request)))
    }

    fn package(self) -> Result<ToRun, Error> {
        if !self.what.ends_with(".belay") {
            let what = format!("`{}` names a runbook, and no feature set to apply it to", self.what);
            return Err(Error::usage(what).next("belay runbook list says which runbook serves which feature set"));
        }
        if !self.options.is_empty() {
            let what = "a rollback package says itself where and back to what: no option changes it";
            return Err(Error::usage(what).next(format!("belay run {}", self.what)));
        }
        Ok(ToRun::Package(PathBuf::from(self.what)))
    }
}

/// `belay undo`.
#[derive(Args, Debug)]
pub(crate) struct UndoArguments {
    /// The run
    pub run: RunId,
    /// Show what it would do and what changed since the run; change nothing
    #[arg(long)]
    pub plan: bool,
    /// Leave this resource as it is: the undo ends partial; may be repeated
    #[arg(long, value_name = "RESOURCE")]
    except: Vec<ResourceName>,
    /// Make the runbook's checks afterwards too
    #[arg(long)]
    with_checks: bool,
    /// The incident that it is about
    #[arg(long)]
    incident: Option<IncidentId>,
    /// Why, for the record
    #[arg(long)]
    reason: Option<String>,
    /// Override bands and denials, together with a second person; needs --reason, and an incident
    #[arg(long, requires = "reason")]
    break_glass: bool,
    /// The key that signs the request where people must approve it.
    #[command(flatten)]
    pub key: KeyArguments,
}

impl From<UndoArguments> for UndoRequest {
    fn from(typed: UndoArguments) -> Self {
        let UndoArguments { run, plan: _, except, with_checks, incident, reason, break_glass, key: _ } = typed;
        Self { run, except, with_checks, incident, reason, break_glass }
    }
}

/// A decision on a run that must be explained.
#[derive(Args, Debug)]
pub(crate) struct Decision {
    /// The run
    pub run: RunId,
    /// Why, for the record
    #[arg(long)]
    pub reason: String,
}

/// `belay pause`.
#[derive(Args, Debug)]
pub(crate) struct PauseArguments {
    /// The run
    pub run: RunId,
    /// Why, for the record
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// `belay resolve`.
#[derive(Args, Debug)]
pub(crate) struct ResolveArguments {
    /// The run
    pub run: RunId,
    /// The step: its resource
    pub step: String,
    /// What became of its write
    #[arg(long = "as", value_name = "WORD")]
    pub word: Resolution,
    /// How you know, for the record
    #[arg(long)]
    pub reason: String,
}

/// What a person found.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Resolution {
    /// The write happened.
    Applied,
    /// It did not happen and will not.
    NotApplied,
    /// Look at what is there now and plan the step again.
    PlanAgain,
}

impl From<Resolution> for ResolveAs {
    fn from(word: Resolution) -> Self {
        match word {
            Resolution::Applied => Self::Applied,
            Resolution::NotApplied => Self::NotApplied,
            Resolution::PlanAgain => Self::PlanAgain,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn asked(line: &str) -> Result<ToRun, String> {
        let arguments = Arguments::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?;
        let Command::Run(run) = arguments.command else { return Err("not run".to_owned()) };
        run.asked(&"2026-11-22T03:00:00Z[UTC]".parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_run_is_of_words_or_of_a_package() {
        assert!(matches!(asked("belay run r s --env prod").unwrap(), ToRun::Words(_)));
        assert_eq!(asked("belay run ranker.belay").unwrap(), ToRun::Package("ranker.belay".into()));
        let error = asked("belay run ranker.belay --env prod").unwrap_err();
        assert_eq!(error, "a rollback package says itself where and back to what: no option changes it");
        assert_eq!(asked("belay run r").unwrap_err(), "`r` names a runbook, and no feature set to apply it to");
    }
}
