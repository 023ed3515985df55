//! An evidence file that was written.

use std::path::Path;

use belay_runtime::api::ExportAnswer;

use super::super::amount::{counted, grouped, size};
use super::super::page::{Line, Page, Paint};

/// What is in it, and what whoever gets it should be told on another way.
pub(crate) fn page(answer: &ExportAnswer, file: &Path) -> Page {
    let entries = counted(answer.entries, "entry", "entries");
    let of = if answer.with_log { " and the whole log" } else { "" };
    let what = format!("  {entries} of {}{of}, {}", grouped(answer.size), size(answer.bytes));
    let mut page = Page::from(vec![Line::new().painted(Paint::Good, format!("✔ wrote {}", file.display())).with(what)]);
    page.push(
        Line::new()
            .painted(Paint::Dim, "  Its key, to be handed over on another way")
            .with(format!("  {}", answer.key)),
    );
    page.push(
        Line::new().painted(Paint::Dim, "  Its digest, as the ledger has it").with(format!("  {}", answer.digest)),
    );
    page.push(
        Line::new()
            .painted(Paint::Dim, "  To check it")
            .with(format!("  belay audit verify {0}, or tar xf {0} and read evidence/README.md", file.display())),
    );
    page
}
