//! `belay audit export`.

use std::path::PathBuf;

use belay_domain::id::{EnvironmentName, IncidentId, RunId};
use belay_runtime::api::{Error, ExportRequest};
use clap::{ArgGroup, Args};
use jiff::Zoned;

use super::super::moment;
use super::kept::KeptCheckpoint;

/// Which entries, and how much of what they name.
#[derive(Args, Debug)]
#[group(skip)]
#[command(group(ArgGroup::new("which").required(true).multiple(true).args(["run", "incident", "from", "to"])))]
pub(crate) struct ExportArguments {
    /// Of this run
    #[arg(long)]
    run: Option<RunId>,
    /// Of this incident, and of the runs that are about it
    #[arg(long)]
    incident: Option<IncidentId>,
    /// Not before: 02:10, "2026-11-22 02:10", 2026-11-22T02:10:00Z
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// Not after
    #[arg(long, value_name = "MOMENT")]
    to: Option<String>,
    /// Of this environment
    #[arg(long, value_name = "NAME")]
    env: Option<EnvironmentName>,
    /// A checkpoint that the reader keeps: proves that the log then was the beginning of the log now
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// With the whole published log, so that the reader can see that nothing was left out
    #[arg(long)]
    with_log: bool,
    /// With the plugins' bytes
    #[arg(long)]
    components: bool,
    /// Without what may hold somebody's data: plans, what plugins saw, what people signed
    #[arg(long)]
    without_blobs: bool,
    /// The file, which must not be there yet
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

impl ExportArguments {
    /// What they ask for.
    pub(crate) fn request(&self, now: &Zoned) -> Result<ExportRequest, Error> {
        let moment = |text: &Option<String>| {
            let read = text.as_ref().map(|text| moment::past(text, now)).transpose();
            read.map_err(|problem| Error::usage(problem).next("belay audit export --help"))
        };
        Ok(ExportRequest {
            run: self.run.clone(),
            incident: self.incident.clone(),
            environment: self.env.clone(),
            from: moment(&self.from)?,
            to: moment(&self.to)?,
            since: self.since.as_deref().map(KeptCheckpoint::read).transpose()?.map(|kept| kept.size),
            with_blobs: !self.without_blobs,
            with_components: self.components,
            with_log: self.with_log,
        })
    }
}
