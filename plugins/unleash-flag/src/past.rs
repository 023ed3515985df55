//! The states that a flag has, and had: Unleash's events, undone one by one from the present.

use belay_sdk::{Fault, Past, State};

use crate::event::Event;
use crate::flag::Flag;
use crate::server::{FURTHEST, Server};

/// The flag as it is.
pub(crate) fn present(server: &Server) -> Result<State, Fault> {
    // The event first: whatever happens between the two reads is noticed as a change.
    let event = server.events(1)?.first().map(|event| event.id);
    match server.read()? {
        Some(flag) => flag.state(event),
        None => State::of("absent", &(), &event),
    }
}

/// The flag as it was after an event: `e14` or `14`.
pub(crate) fn after_event(server: &Server, label: &str) -> Result<State, Fault> {
    let number: u64 = label
        .trim_start_matches('e')
        .parse()
        .map_err(|_| Fault::Invalid(format!("`{label}` is no event of the flag's history, as in `e14`")))?;
    let (flag, events) = trace(server)?;
    let later = events.iter().position(|event| event.id == number);
    let later = later.ok_or_else(|| {
        Fault::Missing(format!("event {number} is not among the last {FURTHEST} events of `{}`", server.flag))
    })?;
    back(flag, &events, later)?.state(Some(number))
}

/// The flag as it was at a moment, in milliseconds since 1970 UTC.
pub(crate) fn at(server: &Server, moment: u64) -> Result<State, Fault> {
    let (flag, events) = trace(server)?;
    let later = events.iter().take_while(|event| event.at() > moment).count();
    let Some(event) = events.get(later) else {
        return Err(Fault::Missing(format!(
            "the last {FURTHEST} events of `{}` don't reach back to that moment",
            server.flag
        )));
    };
    back(flag, &events, later)?.state(Some(event.id))
}

/// The flag's states, the latest first. Ends where the events stop telling what was before.
pub(crate) fn history(server: &Server, limit: u32) -> Result<Vec<Past>, Fault> {
    let (mut flag, events) = trace(server)?;
    let mut past = Vec::new();
    for (index, event) in events.iter().enumerate().take(limit as usize) {
        let by = event.created_by.as_deref().unwrap_or("somebody");
        let summary = format!("{}, by {by}", flag.content().label());
        past.push(Past { version: format!("e{}", event.id), at: Some(event.at()), summary });
        let Ok(before) = event.undone(&flag, rest(&events, index)) else { break };
        flag = before;
    }
    Ok(past)
}

/// The flag and its events. Somebody may have changed it between the two reads: then they don't belong together.
fn trace(server: &Server) -> Result<(Flag, Vec<Event>), Fault> {
    let events = server.events(FURTHEST)?;
    let gone = || Fault::Missing(format!("the flag `{}` is archived or was never there", server.flag));
    let flag = server.read()?.ok_or_else(gone)?;
    let last = |events: &[Event]| events.first().map(|event| event.id);
    if last(&server.events(1)?) != last(&events) {
        return Err(Fault::Unavailable(format!("the flag `{}` changed while its history was read", server.flag)));
    }
    Ok((flag, events))
}

/// The flag before the first `count` events.
fn back(flag: Flag, events: &[Event], count: usize) -> Result<Flag, Fault> {
    let undo = |flag: Flag, (index, event): (usize, &Event)| event.undone(&flag, rest(events, index));
    events.iter().enumerate().take(count).try_fold(flag, undo)
}

fn rest(events: &[Event], index: usize) -> &[Event] {
    events.get(index + 1..).unwrap_or_default()
}
