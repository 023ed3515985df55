//! The mandate as text: what people sign. One rendering for each mandate, made from nothing else. It holds the mandate's
//! digest, so that text and JSON can't differ; and nothing from outside can begin a line of it or hide in one.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use jiff::Timestamp;

use super::{Asks, Bounds, BreakGlass, Destination, Mandate, Purpose, Wanted};
use crate::digest::Digest;
use crate::fallback::Fallback;
use crate::grouped::Grouped;
use crate::id::{Millis, ResourceName};
use crate::json::{Json, MAX_INTEGER, NotCanonical};
use crate::plain;
use crate::skip::Skips;
use crate::verdict::Quorum;

/// The first line: what the text is, and by which rules it was made.
pub(super) const FIRST_LINE: &str = "belay mandate v1";
/// How much of one value is shown. The digest binds the rest.
const SHOWN: usize = 120;

/// Lines of a heading and a value; the headings stand in a column.
struct Sheet(String);

impl Sheet {
    fn line(&mut self, heading: &str, value: impl fmt::Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{heading:<11}{value}");
    }

    /// The first of some lines with its heading, the others below it; `none` where there are no lines.
    fn lines(&mut self, heading: &str, none: &str, lines: impl IntoIterator<Item = String>) {
        let mut heading = heading;
        for line in lines {
            self.line(heading, line);
            heading = "";
        }
        if !heading.is_empty() && !none.is_empty() {
            self.line(heading, none);
        }
    }
}

impl Mandate {
    /// What people sign: for a reader in a hurry first, for a machine below. Ends with a line feed.
    ///
    /// # Errors
    /// Where the mandate has no canonical JSON, and so no digest.
    pub fn text(&self) -> Result<String, NotCanonical> {
        let digest = self.digest()?;
        let mut sheet = Sheet(format!("{FIRST_LINE}\n\n"));
        self.for_people(&mut sheet);
        sheet.0.push('\n');
        self.for_machines(&mut sheet, &digest);
        Ok(sheet.0)
    }

    /// The digits that a person types to say which mandate they mean: the first 8 of its digest.
    ///
    /// # Errors
    /// Where the mandate has no canonical JSON.
    pub fn short_digest(&self) -> Result<String, NotCanonical> {
        Ok(self.digest()?.to_string().chars().take(8).collect())
    }

    /// What goes where, for people, in a few words: `prod checkout-ranker → rp-0412`.
    pub fn aim(&self) -> String {
        let to = match &self.destination {
            Destination::Point { id, .. } => id.to_string(),
            Destination::Versions { .. } | Destination::Before { .. } | Destination::UndoPoint { .. } => {
                back_to(&self.destination)
            }
        };
        format!("{} {} → {to}", self.environment, self.feature_set.name)
    }

    fn for_people(&self, sheet: &mut Sheet) {
        sheet.line("Asks", self.asks());
        if let Some(BreakGlass { reason }) = &self.break_glass {
            sheet.line("BREAKS", format!("THE GLASS: overrides bands and denials, because {}", value(reason)));
        }
        sheet.line("Incident", self.incident.as_ref().map_or("none named", |incident| incident.as_str()));
        sheet.line("Back to", back_to(&self.destination));
        sheet.lines("Wants", "nothing of any resource", wants(&self.desired));
        sheet.lines("With", "", parameters(&self.parameters));
        sheet.lines("May skip", "", skips(&self.may_skip));
        sheet.lines("At most", "nothing: it has no stages", self.stages.iter().map(|bounds| self.at_most(bounds)));
        self.on_failure(sheet);
        sheet.line("Until", format!("{} (from {})", moment(self.expires_at), moment(self.issued_at)));
    }

    fn asks(&self) -> String {
        let what = match &self.purpose {
            Purpose::Rollback => format!("for {}", self.runbook.name),
            Purpose::Undo { run } => format!("to undo {run}"),
        };
        format!("{}, {what} on {} in {}", value(&self.requester), self.feature_set.name, self.environment)
    }

    fn at_most(&self, bounds: &Bounds) -> String {
        let asked = self.approvals.iter().filter(|asks| asks.stage == bounds.stage);
        let quorums: Vec<&Quorum> = asked.flat_map(|Asks { quorums, .. }| quorums).collect();
        let mut line = may_do(bounds);
        line.push_str("; needs ");
        if quorums.is_empty() {
            line.push_str("nobody");
        }
        for (index, Quorum { approvals, role, .. }) in quorums.iter().enumerate() {
            let and = if index == 0 { "" } else { " and " };
            let _ = write!(line, "{and}{approvals} × {}", self::role(role));
        }
        line
    }

    fn on_failure(&self, sheet: &mut Sheet) {
        match &self.on_failure {
            Fallback::Halt => sheet.line("On failure", "it halts"),
            Fallback::Undo(undo) => sheet.line(
                "On failure",
                format!("undoes what it wrote: risk {}, {} writes at worst", undo.highest_risk, undo.worst),
            ),
            Fallback::Runbook(alternate) => {
                sheet.line("On failure", format!("goes on with {}", alternate.runbook.name));
                sheet.lines("  wants", "nothing of any resource", wants(&alternate.desired));
                sheet.lines("  with", "", parameters(&alternate.parameters));
                sheet.lines("  may skip", "", skips(&alternate.may_skip));
                let stages = alternate.stages.iter().map(|bounds| self.at_most(bounds));
                sheet.lines("  at most", "nothing: it has no stages", stages);
            }
        }
    }

    fn for_machines(&self, sheet: &mut Sheet, digest: &Digest) {
        sheet.line("Run", &self.run);
        sheet.line("Mandate", digest);
        sheet.line("Runbook", format!("{} {}", self.runbook.digest, self.runbook.name));
        if let Fallback::Runbook(alternate) = &self.on_failure {
            sheet.line("Runbook", format!("{} {}", alternate.runbook.digest, alternate.runbook.name));
        }
        sheet.line("Set", format!("{} {}", self.feature_set.digest, self.feature_set.name));
        match &self.destination {
            Destination::Point { id, digest, .. } => sheet.line("Point", format!("{digest} {id}")),
            Destination::UndoPoint { digest, run } => sheet.line("Point", format!("{digest} of {run}")),
            Destination::Before { .. } | Destination::Versions { .. } => {}
        }
        for (resource, wanted) in &self.desired {
            if let Wanted::Pinned { content, .. } = wanted {
                sheet.line("Content", format!("{content} {resource}"));
            }
        }
        sheet.line("Governance", self.governance);
        for (plugin, component) in &self.components {
            sheet.line("Plugin", format!("{component} {plugin}"));
        }
        let (root, entries) = (self.ledger.root, Grouped(self.ledger.size));
        sheet.line("Ledger", format!("{root} {}, {entries} entries", value(&self.ledger.origin)));
        sheet.line("Nonce", value(&self.nonce));
    }
}

/// `restore: risk 60, recoverable writes, 24 things touched, 24,062 rows of dataset set aside`
fn may_do(bounds: &Bounds) -> String {
    let mut line = format!("{}: ", bounds.stage);
    let Some(worst) = bounds.worst else {
        line.push_str("writes nothing");
        return line;
    };
    let _ = write!(line, "risk {}, {worst} writes", bounds.highest_risk);
    let touches = bounds.most_touches;
    if touches < MAX_INTEGER.unsigned_abs() {
        let _ = write!(line, ", {} touched", things(touches));
    } else {
        line.push_str(", any number of things touched");
    }
    for (resource, rows) in &bounds.most_rows_set_aside {
        let _ = write!(line, ", {} rows of {resource} set aside", Grouped(*rows));
    }
    line
}

fn things(count: u64) -> String {
    format!("{} thing{}", Grouped(count), if count == 1 { "" } else { "s" })
}

fn back_to(destination: &Destination) -> String {
    match destination {
        Destination::Point { id, captured_at, .. } => format!("{id}, captured {}", moment(*captured_at)),
        Destination::Before { at } => format!("the states before {}", moment(*at)),
        Destination::Versions { versions } if versions.is_empty() => "what the runbook sets".to_owned(),
        Destination::Versions { .. } => "the versions that were named".to_owned(),
        Destination::UndoPoint { run, .. } => format!("what {run} had found"),
    }
}

fn wants(desired: &BTreeMap<ResourceName, Wanted>) -> impl Iterator<Item = String> {
    desired.iter().map(|(resource, wanted)| match wanted {
        Wanted::Pinned { version, .. } => format!("{resource} → {}", value(version)),
        Wanted::Attributes(attributes) => format!("{resource} → {}", value(&attributes.canonical())),
        Wanted::Ramp(ramp) => {
            let through: Vec<_> = ramp.through.iter().map(Json::canonical).collect();
            let (attribute, through) = (value(&ramp.attribute), value(&through.join(" → ")));
            let checked = if ramp.checks { ", checked" } else { "" };
            format!("{resource} → {attribute} by parts: {through}, each held {} ms{checked}", Grouped(ramp.hold_ms))
        }
    })
}

fn parameters(parameters: &BTreeMap<String, Json>) -> impl Iterator<Item = String> {
    parameters.iter().map(|(name, json)| format!("{} = {}", value(name), value(&json.canonical())))
}

fn skips(skips: &Skips) -> impl Iterator<Item = String> {
    skips.iter().map(|(resource, with)| {
        let with: Vec<_> = with.iter().map(ResourceName::as_str).collect();
        let with = if with.is_empty() { String::new() } else { format!(", with {}", with.join(", ")) };
        format!("{resource} where its system is down{with}")
    })
}

/// A value as it stands in a line: as it is where it is one plain word, in quotes otherwise; cut where it is long.
fn value(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    let cut: String = text.chars().take(SHOWN).collect();
    let more = text.chars().count().saturating_sub(SHOWN);
    let shown = if !cut.is_empty() && cut.chars().all(is_plain) {
        cut
    } else if cut.starts_with(['{', '[']) && Json::parse(text).is_ok() {
        // JSON has its own quotes around whatever could look like something else.
        plain::escaped(&cut)
    } else {
        format!("\"{}\"", plain::escaped(&cut.replace('\\', "\\\\").replace('"', "\\\"")))
    };
    if more == 0 { shown } else { format!("{shown}… and {} more characters", Grouped(more as u64)) }
}

/// `approver of ranking` as it is: words and names. Anything else is shown as any value.
fn role(text: &str) -> String {
    let is_name = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let words: Vec<_> = text.split(' ').collect();
    let reads = match words.as_slice() {
        [role] => is_name(role),
        [role, "of", team] => is_name(role) && is_name(team),
        _ => false,
    };
    if reads && text.len() <= SHOWN { text.to_owned() } else { value(text) }
}

/// `2026-11-22 03:10:00 UTC`
fn moment(at: Millis) -> String {
    let moment = i64::try_from(at.0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    moment.map_or_else(|| format!("{} ms after 1970", at.0), |at| at.strftime("%F %T UTC").to_string())
}
