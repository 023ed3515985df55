//! What stands beside a mandate that somebody reads, and what follows from an approval.

use belay_runtime::api::{ApprovalAnswer, Earlier, MandateAnswer};

use super::page::{Line, Page, Paint};
use super::quorum;

/// How it differs from an earlier mandate, who must approve it, and how that is done elsewhere.
pub(crate) fn beside(mandate: &MandateAnswer) -> Page {
    let mut page = Page::from(vec![Line::new()]);
    if let Some(Earlier { run, difference }) = &mandate.earlier {
        if difference.gone.is_empty() && difference.new.is_empty() {
            page.push(Line::new().with(format!("the same as {run} was asked for")));
        } else {
            page.push(Line::new().painted(Paint::Strong, format!("differs from the mandate of {run}:")));
            difference.gone.iter().for_each(|line| page.push(Line::new().painted(Paint::Bad, format!("- {line}"))));
            difference.new.iter().for_each(|line| page.push(Line::new().painted(Paint::Good, format!("+ {line}"))));
        }
        page.gap();
    }
    if let Some(wait) = &mandate.waits {
        let people = quorum::people(wait);
        let people = if people.is_empty() { people } else { format!("; {people}") };
        page.push(Line::new().with(format!("{} waits for {}{people}", mandate.run, quorum::missing(wait))));
        for overridden in &wait.overrides {
            page.push(Line::new().painted(Paint::Warn, format!("breaks the glass over: {overridden}")));
        }
    }
    page.push(Line::new().painted(Paint::Dim, format!(
        "signed elsewhere: ssh-keygen -Y sign -n {} -f KEY mandate.txt, then belay approve {} --signature mandate.txt.sig",
        mandate.namespace, mandate.run
    )));
    page
}

/// Who approved, what is missing, and what to do next.
pub(crate) fn approval(answer: &ApprovalAnswer) -> Page {
    let ApprovalAnswer { run, person, .. } = answer;
    let words = if answer.already { "had approved" } else { "approved" };
    let mut page = Page::from(vec![Line::new().painted(Paint::Good, "✔").with(format!(" {person} {words} {run}"))]);
    let missing: Vec<_> = answer.needs.iter().filter(|need| need.missing() > 0).collect();
    for need in &missing {
        let could: Vec<_> = need.could.iter().map(|person| person.as_str()).collect();
        let could =
            if could.is_empty() { "nobody else could".to_owned() } else { format!("{} could", could.join(" or ")) };
        page.push(Line::new().with(format!("  still needs {} × {}; {could}", need.missing(), need.role)));
    }
    let next = match (missing.is_empty(), answer.owned, answer.waits) {
        (false, ..) => return page,
        (true, true, _) => "  it goes on by itself".to_owned(),
        (true, false, true) => format!("  it goes on with: belay resume {run}"),
        (true, false, false) => "  it counts once the run comes to that".to_owned(),
    };
    page.push(Line::new().with(next));
    page
}
