//! What people type. Says what was asked; never does it.

mod approve;
mod audit;
mod goal;
mod governance;
mod keys;
mod lineage;
mod moment;
mod plan;
mod plugin;
mod point;
mod quarantine;
mod run;

use std::path::PathBuf;

use belay_domain::id::{IncidentId, RunId, RunbookName};
use clap::{Parser, Subcommand};

pub(crate) use approve::{ApproveArguments, KeyArguments, RejectArguments, ReviewCommand, WordArguments};
pub(crate) use audit::{
    AuditCommand, ExportArguments, Format, HeartbeatArguments, HoldCommand, LogArguments, RedactCommand,
    ReplayArguments, ReportArguments, RetainArguments, ShowArguments, VerifyArguments,
};
use goal::GoalArguments;
pub(crate) use governance::{GovernanceCommand, Signing};
pub(crate) use keys::KeysCommand;
pub(crate) use lineage::{FeaturesArguments, GateArguments};
pub(crate) use plan::{PlanArguments, PlanShow};
pub(crate) use plugin::{GuardCommand, PluginCommand, TryArguments};
pub(crate) use point::PointCommand;
pub(crate) use quarantine::QuarantineCommand;
pub(crate) use run::{Decision, PauseArguments, ResolveArguments, RunArguments, ToRun, UndoArguments};

/// Rolls a feature back to a known state: plans the exact writes, judges them, makes them, proves the result.
#[derive(Parser, Debug)]
#[command(
    name = "belay",
    version,
    after_help = "Exit status: 0 done (also when nothing needed doing), 1 failed, 2 wrong usage, 3 refused, \
                  4 waits for approval, 5 outside its mandate, 6 a person must decide, 7 partial."
)]
pub(crate) struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// The workspace: a folder with a belay.toml. Without it, the nearest one upwards
    #[arg(long, global = true, value_name = "DIR", env = "BELAY_WORKSPACE")]
    pub workspace: Option<PathBuf>,
    /// Answer in JSON: one object, or one on each line where the answer streams
    #[arg(long, global = true)]
    pub json: bool,
    /// No colours, on a terminal either; NO_COLOR does the same
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Say on standard error what is done; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The commands, the most urgent first.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Show what a runbook would do now; change nothing
    Plan(Box<PlanArguments>),
    /// Perform a runbook, or a rollback package
    Run(RunArguments),
    /// Show the latest runs, or how far one came
    Status {
        /// The run, such as r-77
        run: Option<RunId>,
        /// How many runs to list
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: u32,
    },
    /// Follow a run that another process performs
    Watch {
        /// The run
        run: RunId,
    },
    /// Go on with a run that was interrupted or waits; signs its request where that is what it waits for
    Resume {
        /// The run
        run: RunId,
        /// The key.
        #[command(flatten)]
        key: KeyArguments,
    },
    /// Let a run rest where it is: the write under way ends, no other starts
    Pause(PauseArguments),
    /// Go on with a paused run, or with the next part of a ramp without waiting for the end of its hold
    Continue {
        /// The run
        run: RunId,
    },
    /// Approve a run that somebody else asked for, with your SSH key
    Approve(ApproveArguments),
    /// Say no to a run that waits for approval: it ends
    Reject(RejectArguments),
    /// Look at the runs that broke the glass, and close their reviews
    #[command(subcommand)]
    Review(ReviewCommand),
    /// End a run: the write under way ends, no other starts
    Abort(Decision),
    /// Put back what a run changed, to what it had found
    Undo(UndoArguments),
    /// Take a run from its owner, who can no longer act on it
    Takeover(Decision),
    /// Say what became of a write that belay can't tell
    Resolve(ResolveArguments),
    /// Confirm a step that is done by hand
    Confirm {
        /// The run
        run: RunId,
        /// The step: its place as the run shows it, such as 1.0
        step: String,
    },
    /// Incidents
    #[command(subcommand)]
    Incident(IncidentCommand),
    /// Find and read runbooks
    #[command(subcommand)]
    Runbook(RunbookCommand),
    /// Capture rollback points, list, compare and mark them
    #[command(subcommand)]
    Point(PointCommand),
    /// Say whether a feature set could be rolled back now: for a release pipeline, and for the night
    #[command(
        after_help = "Exit status: 0 it can be rolled back, 3 it can't.\n\nExample: belay gate checkout-ranker --env prod"
    )]
    Gate(GateArguments),
    /// Show what hangs together with a resource, a consumer or a feature set, and which runbooks cover it
    #[command(after_help = "Examples: belay impact lake/clicks, belay impact search-page")]
    Impact {
        /// A resource's address or name, a consumer, or a feature set
        #[arg(value_name = "RESOURCE|CONSUMER")]
        name: String,
    },
    /// Show which versions were active at a moment, as far as belay knows
    #[command(after_help = "Example: belay features --env prod --at 02:10")]
    Features(FeaturesArguments),
    /// List contents that a rollback left, and lift them
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Read and verify the ledger
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Show and change the keys that sign the ledger
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Show, propose and accept what governs: bands, guardrails, people, plugin pins, lists of writes
    #[command(subcommand)]
    Governance(GovernanceCommand),
    /// Make, test, add and inspect plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Try guardrails on what happened
    #[command(subcommand)]
    Guard(GuardCommand),
    /// Check the workspace: every file, name, connection and plugin
    Lint,
    /// Make a new workspace
    Init {
        /// Where; made if it is not there
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// What the workspace is called; without it, as its folder
        #[arg(long)]
        name: Option<String>,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands into a folder
    Man {
        /// The folder
        folder: Option<PathBuf>,
    },
}

/// `belay incident`.
#[derive(Subcommand, Debug)]
pub(crate) enum IncidentCommand {
    /// Say which incident a run is about
    Attach {
        /// The run
        run: RunId,
        /// The incident, such as INC-4211
        incident: IncidentId,
    },
}

/// `belay runbook`.
#[derive(Subcommand, Debug)]
pub(crate) enum RunbookCommand {
    /// List all runbooks
    List,
    /// Show one: when to use it and when not, its stages, checks and parameters
    Show {
        /// Its name
        runbook: RunbookName,
    },
    /// Find runbooks by what is wrong and where
    Search {
        /// Words: symptoms, features, systems
        #[arg(required = true)]
        words: Vec<String>,
    },
}

/// `name=value`, with a name that is not empty.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it takes a name, `=` and a value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_holds_everywhere_may_stand_anywhere() {
        for line in ["belay --json --workspace w status", "belay status --json --workspace w"] {
            let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
            assert!(arguments.global.json, "{line}");
            assert_eq!(arguments.global.workspace, Some(PathBuf::from("w")), "{line}");
        }
    }

    #[test]
    fn wrong_words_end_with_2() {
        for line in [
            "belay",
            "belay undo",
            "belay abort r-1",
            "belay status ../r",
            "belay resolve r-1 model --as done --reason x",
            "belay runbook search",
        ] {
            let error = Arguments::try_parse_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
