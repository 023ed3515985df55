//! What a child does and says, and what must be true after it. Knows nothing of faults.

use std::collections::BTreeSet;
use std::fmt::Arguments;
use std::io::Write as _;
use std::path::Path;

use belay_ledger::verify::verify_blobs;
use belay_ledger::{Error, Ledger};

use crate::common::{Place, draft};

/// Tells a run of this binary that it is the child; names the folder of state and key.
pub(crate) const CHILD: &str = "BELAY_LEDGER_FAULT_CHILD";
/// What the child says before that of which each call is disturbed.
pub(crate) const BEGUN: &str = "begun";

/// Something that a process does with a ledger.
pub(crate) struct Story {
    /// The test that tells it.
    pub(crate) test: &'static str,
    /// Makes what the child begins with.
    pub(crate) prepare: fn(&Place),
    /// What the child does; it says what it was answered.
    pub(crate) act: fn(&Path),
    /// Opens the ledger as the next process would, and looks.
    pub(crate) check: fn(&Place, &Heard),
}

/// What a child was answered, as far as it came.
#[derive(Default, Debug)]
pub(crate) struct Heard {
    /// What the ledger acknowledged.
    pub(crate) durable: BTreeSet<String>,
    /// That of which it said that nothing was written.
    pub(crate) refused: BTreeSet<String>,
}

impl Story {
    /// Whether this process is a child; then it has acted.
    pub(crate) fn is_told_by_a_child(&self) -> bool {
        let Ok(place) = std::env::var(CHILD) else { return false };
        // The harness has begun a line.
        say(format_args!(""));
        (self.act)(Path::new(&place));
        true
    }
}

impl Heard {
    pub(crate) fn of(out: &str) -> Self {
        let said =
            |heading: &str| out.lines().filter_map(|line| line.strip_prefix(heading)).map(str::to_owned).collect();
        Self { durable: said("durable "), refused: said("nothing written ") }
    }
}

/// Opens the child's ledger. What is disturbed begins now.
pub(crate) fn begin(place: &Path) -> Ledger {
    let ledger = Ledger::open(&place.join("state"), &place.join("key")).unwrap();
    say(format_args!("{BEGUN}"));
    ledger
}

/// Says what came of something. Ends the child as belay ends where nobody knows what the disk holds.
pub(crate) fn answered<T>(what: &str, answer: Result<T, Error>) -> Option<T> {
    match answer {
        Ok(found) => {
            say(format_args!("durable {what}"));
            Some(found)
        }
        // The change holds; what is left is for the next process.
        Err(Error::ChangeUnfinished { .. }) => {
            say(format_args!("durable {what}"));
            None
        }
        Err(Error::Io { .. } | Error::WriteRefused { .. } | Error::Poisoned { .. } | Error::Corrupt(_)) => {
            std::process::exit(1)
        }
        Err(_) => {
            say(format_args!("nothing written {what}"));
            None
        }
    }
}

fn say(line: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// The ledger takes an entry, publishes, and is intact with every blob that nobody took away.
pub(crate) fn goes_on(place: &Place, ledger: &Ledger) {
    ledger.append(draft("late", "{}")).unwrap();
    ledger.publish().unwrap();
    let report = verify_blobs(&place.state(), Some(&ledger.verifier()), &place.key());
    assert!(report.is_intact(), "{:?}", report.findings);
}
