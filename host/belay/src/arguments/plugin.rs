//! `belay plugin` and `belay guard`.

use std::path::PathBuf;

use belay_author::{Kind, Language};
use belay_domain::id::{PluginName, RunId};
use clap::{Args, Subcommand, ValueEnum};

/// The commands for those who make and add plugins.
#[derive(Subcommand, Debug)]
pub(crate) enum PluginCommand {
    /// Make a new plugin's folder: it builds and is tested with one command each, and needs nothing of belay's repository
    #[command(after_help = "Then, in the folder: belay plugin build, belay plugin test.")]
    New {
        /// What it is
        kind: NewKind,
        /// Its name, such as few-consumers
        name: String,
        /// What it is written in
        #[arg(long, default_value = "rust", value_name = "LANGUAGE")]
        language: NewLanguage,
        /// Where; without it, a folder of its name in the current one
        #[arg(long, value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
    /// Build a component from a plugin's folder
    Build {
        /// The plugin's folder
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// The component to write; without it, NAME.wasm in the current folder
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Try a plugin: its own fixtures, then everything that can go wrong around it
    #[command(after_help = "Exit status: 0 if nothing failed, 1 if something did, 2 if the component fits no world.")]
    Test {
        /// The plugin's folder, which is built first, or a component
        #[arg(default_value = ".")]
        plugin: PathBuf,
        /// The fixtures; without it, the folder `fixtures` beside the plugin
        #[arg(long, value_name = "FOLDER")]
        fixtures: Option<PathBuf>,
    },
    /// Ask a plugin: a guardrail about facts, or about a run's recorded case; a reverter or a probe about a fixture
    #[command(after_help = "Exit status: 0 allow, 3 deny, 4 asks for approvals, 1 no verdict.")]
    Try(TryArguments),
    /// List the workspace's plugins and whether their files are as pinned
    List,
    /// Pin a component's digest in belay.lock
    Add {
        /// The component
        file: PathBuf,
        /// What the workspace calls it; without it, as it calls itself
        #[arg(long)]
        name: Option<PluginName>,
    },
    /// Show a component's world, imports, schema, digest and size
    Inspect {
        /// The component
        #[arg(required_unless_present = "facts_schema")]
        file: Option<PathBuf>,
        /// Print the JSON Schema of the facts that guardrails judge
        #[arg(long)]
        facts_schema: bool,
    },
}

/// `belay plugin try`.
#[derive(Args, Debug)]
pub(crate) struct TryArguments {
    /// The component
    pub file: PathBuf,
    /// What is asked about.
    #[command(flatten)]
    pub about: TryAbout,
    /// Of that run, this stage alone
    #[arg(long, value_name = "STAGE", requires = "run")]
    pub stage: Option<String>,
    /// A guardrail's configuration, as JSON; without it, `{}`, or for a run that of belay.toml
    #[arg(long, value_name = "FILE", conflicts_with = "input")]
    pub config: Option<PathBuf>,
}

/// What a plugin is asked about.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct TryAbout {
    /// Facts, as JSON: what `belay plan show … --facts` prints
    #[arg(long, value_name = "FILE")]
    pub facts: Option<PathBuf>,
    /// What guardrails were given when they judged this run
    #[arg(long)]
    pub run: Option<RunId>,
    /// A fixture, as in a plugin's folder `fixtures`
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
}

/// The commands about guardrails in force.
#[derive(Subcommand, Debug)]
pub(crate) enum GuardCommand {
    /// Judge recorded cases again, and list each verdict that would change
    #[command(
        after_help = "Before: what the guardrail of the same name said then; one that was not asked bars nothing."
    )]
    Backtest {
        /// The new component
        component: PathBuf,
        /// Cases of the last days or hours: 90d, 12h
        #[arg(long, default_value = "90d", value_name = "TIME", value_parser = milliseconds)]
        since: u64,
        /// Its configuration, as JSON; without it, that of belay.toml's guardrail of its name
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Plans that were only shown, too
        #[arg(long)]
        plans: bool,
    },
}

/// What a new plugin is.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum NewKind {
    /// A policy
    Guardrail,
    /// A kind of resource
    Reverter,
    /// A signal for checks
    Probe,
}

impl From<NewKind> for Kind {
    fn from(kind: NewKind) -> Self {
        match kind {
            NewKind::Guardrail => Self::Guardrail,
            NewKind::Reverter => Self::Reverter,
            NewKind::Probe => Self::Probe,
        }
    }
}

/// What a new plugin is written in.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum NewLanguage {
    /// Small and fast
    Rust,
    /// Brings its interpreter: 18 MB, and `limits = "large"`; guardrails only
    Python,
    /// Brings its engine: 12 MB, and `limits = "large"`; guardrails only
    Javascript,
}

impl From<NewLanguage> for Language {
    fn from(language: NewLanguage) -> Self {
        match language {
            NewLanguage::Rust => Self::Rust,
            NewLanguage::Python => Self::Python,
            NewLanguage::Javascript => Self::JavaScript,
        }
    }
}

/// `90d`, `12h`, `30m` in milliseconds.
fn milliseconds(text: &str) -> Result<u64, String> {
    let wrong = || "write a number and d, h or m, as in 90d".to_owned();
    let (at, unit) = text.char_indices().last().ok_or_else(wrong)?;
    let number: u64 = text.get(..at).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    let unit = match unit {
        'd' => 86_400_000,
        'h' => 3_600_000,
        'm' => 60_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_back_is_a_number_and_a_unit() {
        assert_eq!(milliseconds("90d"), Ok(7_776_000_000));
        assert_eq!(milliseconds("12h"), Ok(43_200_000));
        for text in ["", "d", "90", "90 d", "-1d", "1w", "é", "99999999999999999d"] {
            assert!(milliseconds(text).is_err(), "{text}");
        }
    }
}
