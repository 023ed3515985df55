//! How two mandates differ, for whoever approved the one and is asked for the other. Never says which is right.

use super::Mandate;
use crate::json::NotCanonical;

/// What stands only in the earlier text, and only in the later one. Neither empty: they differ in nothing but what
/// differs between any two mandates.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Difference {
    /// Lines that are gone.
    pub gone: Vec<String>,
    /// Lines that are new.
    pub new: Vec<String>,
}

/// What differs between any two mandates, and so says nothing.
const OF_EACH: [&str; 5] = ["Until", "Run", "Mandate", "Ledger", "Nonce"];

impl Mandate {
    /// How this mandate differs from an earlier one, in the lines of what people sign.
    ///
    /// # Errors
    /// Where one of them has no canonical JSON.
    pub fn difference(&self, earlier: &Self) -> Result<Difference, NotCanonical> {
        let (before, now) = (lines(earlier)?, lines(self)?);
        let missing = |from: &[String], lines: &[String]| {
            from.iter().filter(|line| !lines.contains(line)).cloned().collect::<Vec<_>>()
        };
        Ok(Difference { gone: missing(&before, &now), new: missing(&now, &before) })
    }
}

/// The lines that say something, each with its heading, so that it can stand alone.
fn lines(mandate: &Mandate) -> Result<Vec<String>, NotCanonical> {
    let text = mandate.text()?;
    let mut heading = String::new();
    let mut lines = Vec::new();
    for line in text.lines().skip(2).filter(|line| !line.is_empty()) {
        let (column, value) = line.char_indices().nth(11).map_or((line, ""), |(at, _)| line.split_at(at));
        if !column.trim().is_empty() {
            column.trim_end().clone_into(&mut heading);
        }
        if !OF_EACH.contains(&heading.as_str()) {
            lines.push(format!("{heading:<11}{value}"));
        }
    }
    Ok(lines)
}
