//! Reading the ledger as a reviewer does. Never writes an entry, never changes what it reads.

pub(crate) mod csv;
mod describe;
mod report;
mod search;
pub(crate) mod silence;
mod steps;

pub use csv::entries_csv;
pub(crate) use report::report;
pub use report::{report_csv, report_html, report_statement};
pub(crate) use search::{reindex, search};
