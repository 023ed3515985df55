//! Reviews: each time the glass is broken one is opened, by that very entry, and somebody else closes it. Until then neither
//! of the two can break the glass again.

use belay_domain::id::RunId;
use belay_domain::people::{PersonName, Role};
use belay_domain::plain;
use belay_ledger::{Entry, Filter, Ledger};

use crate::api::{Closed, Error, Review};
use crate::consent::Word;
use crate::ledger;
use crate::workspace::Staff;

/// The kind of entry that closes one.
pub(crate) const CLOSED: &str = "review.closed";

/// Every review, the newest first.
pub(crate) fn all(ledger: &Ledger) -> Result<Vec<Review>, Error> {
    let of_kind = |kind: &str, newest_first| {
        let filter = Filter { kinds: vec![kind.to_owned()], newest_first, ..Filter::default() };
        ledger.entries(&filter).map_err(|error| ledger::error(&error))
    };
    let closed = of_kind(CLOSED, false)?;
    let broken = of_kind(Word::BreakGlass.kind(), true)?;
    Ok(broken.iter().filter_map(|entry| review(entry, &closed)).collect())
}

fn review(entry: &Entry, closed: &[Entry]) -> Option<Review> {
    let run = entry.run.clone()?;
    let text = |name: &str| entry.body.value().get(name)?.as_str().map(str::to_owned);
    let list = |name: &str| {
        let found = entry.body.value().get(name)?.as_array()?.iter();
        Some(found.filter_map(|item| item.as_str().map(str::to_owned)).collect::<Vec<_>>())
    };
    let end = closed.iter().find(|closed| closed.run.as_ref() == Some(&run)).map(|closed| Closed {
        by: closed.actor.name.clone(),
        at: closed.at,
        reason: closed.reason.clone().unwrap_or_default(),
    });
    Some(Review {
        entry: entry.seq,
        at: entry.at,
        environment: entry.environment.clone(),
        incident: entry.incident.clone(),
        requester: text("requester").unwrap_or_default(),
        second: text("person").unwrap_or_default(),
        reason: text("reason").unwrap_or_default(),
        overrides: list("overrides").unwrap_or_default(),
        skipped: list("skipped").unwrap_or_default(),
        closed: end,
        run,
    })
}

/// The review of a run.
pub(crate) fn of(ledger: &Ledger, run: &RunId) -> Result<Review, Error> {
    let found = all(ledger)?.into_iter().find(|review| review.run == *run);
    found.ok_or_else(|| {
        Error::usage(format!("{run} did not break the glass: it has no review")).next("belay review list")
    })
}

/// Whether somebody may break the glass for what a feature set's owner owns.
pub(crate) fn may_break_glass(ledger: &Ledger, staff: &Staff, person: &PersonName, owner: &str) -> Result<(), Error> {
    let holders = staff.people.holders(Role::BreakGlass, owner);
    if !holders.contains(person) {
        let who: Vec<_> = holders.iter().map(|person| person.as_str()).collect();
        let who = if who.is_empty() { "nobody".to_owned() } else { who.join(" or ") };
        return Err(Error::refused(format!("{person} may not break the glass for what {owner} owns"))
            .changed("nothing was changed")
            .next(format!("ask one who may: {who}")));
    }
    let mine = |review: &Review| review.requester == person.as_str() || review.second == person.as_str();
    let open = all(ledger)?.into_iter().find(|review| review.closed.is_none() && mine(review));
    open.map_or(Ok(()), |open| {
        let what = format!("{person} broke the glass in {}, and its review is open", open.run);
        Err(Error::refused(what)
            .changed("nothing was changed")
            .next(format!("an admin or auditor closes it: belay review close {} --reason …", open.run)))
    })
}

/// Whether somebody may close a review: an admin or an auditor who is not one of the two.
pub(crate) fn may_close(staff: &Staff, person: &PersonName, review: &Review) -> Result<(), Error> {
    let people = &staff.people;
    let others = |who: &&PersonName| who.as_str() != review.requester && who.as_str() != review.second;
    let who: Vec<_> = people.admins.union(&people.auditors).filter(others).collect();
    if who.contains(&person) {
        return Ok(());
    }
    let who = who.iter().map(|who| who.as_str()).collect::<Vec<_>>().join(" or ");
    Err(Error::refused(format!("{person} can't close the review of {}", review.run))
        .changed("nothing was changed")
        .next(format!(
            "ask an admin or auditor who is not one of the two: {}",
            if who.is_empty() { "nobody" } else { &who }
        )))
}

/// What is signed to close a review.
pub(crate) fn closing_text(run: &RunId, reason: &str) -> String {
    format!("belay review v1\n\nCloses     {run}\nBecause    {}\n", plain::escaped(reason))
}
