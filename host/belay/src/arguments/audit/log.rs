//! `belay audit log` and `belay audit reindex`.

use belay_domain::id::{EnvironmentName, IncidentId, RunId};
use belay_runtime::api::{Error, LogRequest};
use clap::Args;
use jiff::Zoned;

use crate::arguments::moment;

/// Which entries, and how they are written.
#[derive(Args, Debug)]
pub(crate) struct LogArguments {
    /// Of this run
    #[arg(long)]
    run: Option<RunId>,
    /// Of this incident, with everything of its runs
    #[arg(long)]
    incident: Option<IncidentId>,
    /// Of this environment
    #[arg(long, value_name = "NAME")]
    env: Option<EnvironmentName>,
    /// Of this kind, such as intent or outcome; several times for several
    #[arg(long)]
    kind: Vec<String>,
    /// What this person did, and what names them
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// On what this team owns, with everything of its runs
    #[arg(long, value_name = "NAME")]
    team: Option<String>,
    /// About a plugin: its name, or its component's digest
    #[arg(long, value_name = "NAME|DIGEST")]
    plugin: Option<String>,
    /// About a resource: its name, or its address
    #[arg(long, value_name = "NAME|ADDRESS")]
    resource: Option<String>,
    /// About a feature set, with everything of its runs
    #[arg(long, value_name = "NAME")]
    feature_set: Option<String>,
    /// With words that begin so, all of them
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// From this moment on: 02:10 (the last one past), 2026-10-01, or RFC 3339
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// Before this moment; of a date, until the end of that day
    #[arg(long, value_name = "MOMENT")]
    to: Option<String>,
    /// The newest so many; 200 if not given
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on with what comes, until Ctrl-C
    #[arg(short, long, conflicts_with = "to")]
    pub(crate) follow: bool,
    /// As the log has them: each entry's canonical text, one a line
    #[arg(long, conflicts_with = "csv")]
    pub(crate) jsonl: bool,
    /// As a table for spreadsheets, in which nothing is a formula
    #[arg(long)]
    pub(crate) csv: bool,
}

impl LogArguments {
    /// What to read.
    pub(crate) fn request(&self, now: &Zoned) -> Result<LogRequest, Error> {
        let (from, to) = moment::period(self.from.as_deref(), self.to.as_deref(), now)?;
        Ok(LogRequest {
            run: self.run.clone(),
            incident: self.incident.clone(),
            environment: self.env.clone(),
            kinds: self.kind.clone(),
            person: self.person.clone(),
            team: self.team.clone(),
            plugin: self.plugin.clone(),
            resource: self.resource.clone(),
            feature_set: self.feature_set.clone(),
            text: self.text.clone(),
            from,
            to,
            after: None,
            limit: self.limit,
        })
    }
}
