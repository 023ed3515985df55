//! What Cedar says of a mistake, on one line: the file, the line, what is wrong.

use belay_sdk::{Fault, TextFile};
use miette::Diagnostic;

/// A mistake in a file. The guardrail can't judge, so it has denied.
pub(crate) fn in_file(what: &str, file: &TextFile, error: &(impl Diagnostic + ?Sized)) -> Fault {
    let place = error.labels().and_then(|mut labels| labels.next()).map(|label| line(&file.text, label.offset()));
    let place = place.map_or_else(|| file.file.clone(), |line| format!("{}, line {line}", file.file));
    Fault::Invalid(format!("the {what} {place}: {}", whole(error)))
}

/// What is wrong, and what Cedar advises.
fn whole(error: &(impl Diagnostic + ?Sized)) -> String {
    let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{error}{help}").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The line of an offset, from 1.
pub(crate) fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
