//! `belay audit report`.

use std::path::{Path, PathBuf};

use belay_domain::id::EnvironmentName;
use belay_runtime::api::{Error, ReportRequest};
use clap::{Args, ValueEnum};
use jiff::Zoned;

use crate::arguments::moment;

/// Of which time, and in which form.
#[derive(Args, Debug)]
pub(crate) struct ReportArguments {
    /// From this moment on: 2026-10-01, or RFC 3339; without it, from the first entry
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// Before this moment; of a date, until the end of that day; without it, to the last entry
    #[arg(long, value_name = "MOMENT")]
    to: Option<String>,
    /// Of this environment only
    #[arg(long, value_name = "NAME")]
    env: Option<EnvironmentName>,
    /// On what this team owns only
    #[arg(long, value_name = "NAME")]
    team: Option<String>,
    /// How it is written; without it, as the file's name says, or for reading here
    #[arg(long, value_name = "FORM")]
    format: Option<Format>,
    /// Into this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Forms of a report.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// A page that opens without a network and prints well
    Html,
    /// One table
    Csv,
    /// Everything, for programs
    Json,
}

impl ReportArguments {
    /// What to report on.
    pub(crate) fn request(&self, now: &Zoned) -> Result<ReportRequest, Error> {
        let (from, to) = moment::period(self.from.as_deref(), self.to.as_deref(), now)?;
        Ok(ReportRequest { from, to, environment: self.env.clone(), team: self.team.clone() })
    }

    /// How it is written; none is for reading here.
    pub(crate) fn format(&self) -> Result<Option<Format>, Error> {
        match (self.format, self.output.as_deref()) {
            (Some(format), _) => Ok(Some(format)),
            (None, Some(file)) => of_name(file).map(Some),
            (None, None) => Ok(None),
        }
    }
}

fn of_name(file: &Path) -> Result<Format, Error> {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    Format::from_str(extension, true).map_err(|_| {
        Error::usage(format!("{} does not say how the report is written", file.display()))
            .changed("nothing was written")
            .next("name it .html, .csv or .json, or say --format")
    })
}
