//! What governs: what is in force, how the files differ, what waits to be accepted.

use belay_domain::governance::Change;
use belay_domain::people::{Need, PersonName};
use belay_runtime::api::{AcceptAnswer, GovernanceAnswer, ProposedChange};

use super::clock::Clock;
use super::page::{Line, Page, Paint};

/// How many differences are shown where they are not what was asked for.
const SHOWN: usize = 10;

/// What is in force, who can change it, and what waits.
pub(crate) fn standing(answer: &GovernanceAnswer, clock: &Clock) -> Page {
    let mut page = Page::new();
    page.push(match &answer.accepted {
        Some(accepted) => {
            Line::new().painted(Paint::Strong, format!("in force  {}", accepted.digest.short())).with(format!(
                "  entry {}, {}: proposed by {}, accepted by {}",
                accepted.entry,
                clock.ago(accepted.at),
                accepted.author,
                accepted.by.join(" and ")
            ))
        }
        None => Line::new()
            .painted(Paint::Warn, "nothing was accepted yet")
            .with(": the files are in force as they are, whoever changes them"),
    });
    page.push(Line::new().with(match answer.accept {
        Some(accept) => format!("changes   {}", accepts(accept, &answer.admins)),
        None => "changes   no people are configured ([people]): nobody can accept one".to_owned(),
    }));
    if answer.accepted.is_some() {
        page.push(files(answer));
    }
    if let Some(change) = &answer.proposed {
        page.gap();
        page.append(proposed(change));
    }
    page
}

/// What of it concerns whoever looks at runs: that none can begin, and what waits for an admin. Nothing where all is as
/// it was accepted.
pub(crate) fn concern(answer: &GovernanceAnswer) -> Option<Page> {
    let waiting = answer.proposed.as_ref().filter(|change| change.is_of_files);
    let refused = answer.refused.then(|| {
        let line =
            Line::new().painted(Paint::Bad, "no run can begin").with(": the files are not the governance in force");
        if waiting.is_some() { line } else { line.with(" (belay governance diff)") }
    });
    let waits = waiting.map(|change| {
        let (author, short) = (&change.proposal.author, &change.short);
        let waits = format!("the change that {author} proposed waits: {}", who(&change.need));
        Line::new().painted(Paint::Warn, waits).with(format!(" (belay governance accept {short})"))
    });
    let lines: Vec<_> = refused.into_iter().chain(waits).collect();
    (!lines.is_empty()).then(|| Page::from(lines))
}

fn accepts(accept: u32, admins: &[PersonName]) -> String {
    let names = admins.iter().map(PersonName::as_str).collect::<Vec<_>>().join(", ");
    let admins = if accept == 1 { "1 admin accepts".to_owned() } else { format!("{accept} admins accept") };
    format!("{admins} what another proposes (admins: {names})")
}

fn files(answer: &GovernanceAnswer) -> Line {
    match (answer.changes.len(), answer.refused) {
        (0, _) => Line::new().painted(Paint::Good, "files     as accepted"),
        (_, false) => Line::new()
            .painted(Paint::Good, "files     as accepted")
            .with(", but for keys that they revoke: they count already"),
        (count, true) => Line::new()
            .painted(Paint::Bad, format!("files     differ in {count} place{}", if count == 1 { "" } else { "s" }))
            .with(": runs are refused until that is accepted or taken back (belay governance diff)"),
    }
}

/// Every difference between what is in force and the files.
pub(crate) fn difference(answer: &GovernanceAnswer) -> Page {
    if answer.changes.is_empty() {
        return Page::from(vec![Line::new().painted(Paint::Good, "the files are the governance in force")]);
    }
    let mut page = changes(&answer.changes, usize::MAX);
    page.gap();
    page.push(Line::new().with(match (&answer.proposed, answer.accept) {
        (_, None) => "no people are configured ([people]): nobody can accept a change".to_owned(),
        (Some(change), _) if change.is_of_files => {
            format!("proposed by {}: belay governance accept {}", change.proposal.author, change.short)
        }
        _ => "belay governance propose --key FILE, then an admin accepts it".to_owned(),
    }));
    page
}

fn changes(changes: &[Change], most: usize) -> Page {
    let mut page: Page = changes.iter().take(most).map(|change| Line::new().with(change)).collect::<Vec<_>>().into();
    if let Some(more) = changes.len().checked_sub(most).filter(|more| *more > 0) {
        page.push(Line::new().painted(Paint::Dim, format!("and {more} more: belay governance diff")));
    }
    page
}

/// A change that waits: what it is, and who is missing.
pub(crate) fn proposed(change: &ProposedChange) -> Page {
    let title = format!("proposed  {}", change.short);
    let mut page =
        Page::from(vec![Line::new().painted(Paint::Strong, title).with(format!("  by {}", change.proposal.author))]);
    page.append(changes(&change.proposal.changes, SHOWN));
    page.push(Line::new().with(if change.is_of_files {
        who(&change.need)
    } else {
        "the files say something else by now: it can't be accepted any more".to_owned()
    }));
    if change.is_of_files && change.need.missing() > 0 {
        page.push(Line::new().with(format!("belay governance accept {} --key FILE", change.short)));
    }
    page
}

/// `accepted by ada; 1 more: bo could`
fn who(need: &Need) -> String {
    let names = |people: &[PersonName], word: &str| {
        people.iter().map(PersonName::as_str).collect::<Vec<_>>().join(&format!(" {word} "))
    };
    let given = (!need.given.is_empty()).then(|| format!("accepted by {}", names(&need.given, "and")));
    let missing = (need.missing() > 0).then(|| match (need.could.is_empty(), &need.problem) {
        (true, Some(problem)) => format!("{} missing: {problem}", need.missing()),
        (true, None) => format!("{} missing, and nobody is left who could accept it", need.missing()),
        (false, _) => format!("{} missing: {} could", need.missing(), names(&need.could, "or")),
    });
    given.into_iter().chain(missing).collect::<Vec<_>>().join("; ")
}

/// What became of a signature.
pub(crate) fn accepted(answer: &AcceptAnswer) -> Page {
    if answer.in_force {
        let digest = answer.change.proposal.proposed.short();
        let line = Line::new().painted(Paint::Good, format!("✔ in force  {digest}"));
        return Page::from(vec![line.with(format!("  {}", who(&answer.change.need)))]);
    }
    Page::from(vec![Line::new().with(format!("signed by {}; {}", answer.by, who(&answer.change.need)))])
}
