//! From the observed flag to each desired one: at most one write of the file each.

use belay_sdk::{
    Change, Desired, Expectation, Fault, ObjectWrite, Operation, Resource, Reversibility, State, Write, json,
};

use crate::file::FlagFile;
use crate::flag::Flag;
use crate::{Attributes, Config, edit};

/// One change for each desired state, each starting where the one before ends.
pub(crate) fn plan(
    file: Option<FlagFile>,
    of: &Resource<Config>,
    observed: &State,
    path: &[Desired<Attributes>],
) -> Result<Vec<Change>, Fault> {
    let found = json::text(&file.as_ref().and_then(|file| file.flag.as_ref()))?;
    if !json::same(&found, &observed.content) {
        return Err(Fault::Unavailable(format!("the flag `{}` changed while it was planned", of.id)));
    }
    let mut present = file;
    let mut changes = Vec::new();
    for desired in path {
        let flag = present.as_ref().and_then(|file| file.flag.as_ref());
        let wanted = wanted(of, flag, desired)?;
        if wanted.as_deref() == flag.map(|flag| flag.source.as_str()) {
            changes.push(Change::nothing());
            continue;
        }
        let Some(file) = &present else {
            return Err(Fault::Missing(format!(
                "the file {} is gone: restore it, with its other flags",
                of.config.file
            )));
        };
        let next = file.with(wanted.as_deref())?;
        changes.push(change(of, file, &next)?);
        present = Some(next);
    }
    Ok(changes)
}

/// The text that the flag should have; `None` where it should be absent.
fn wanted(of: &Resource<Config>, flag: Option<&Flag>, desired: &Desired<Attributes>) -> Result<Option<String>, Fault> {
    match (desired, flag) {
        (Desired::Pinned(pin), _) => {
            let pinned: Option<Flag> = pin.state.content()?;
            pinned.map(|pinned| whole(&pinned)).transpose()
        }
        (Desired::Attributes(set), Some(flag)) => edit::set(flag, set).map(Some),
        (Desired::Attributes(_), None) => {
            Err(Fault::Missing(format!("{} has no flag `{}` to set attributes of", of.config.file, of.id)))
        }
    }
}

/// A pinned flag's text, if it says what the pin says.
fn whole(pinned: &Flag) -> Result<String, Fault> {
    if Flag::read(&pinned.source)? != *pinned {
        return Err(Fault::Invalid("the pinned flag's text says something else than the pin".to_owned()));
    }
    Ok(pinned.source.clone())
}

fn change(of: &Resource<Config>, before: &FlagFile, after: &FlagFile) -> Result<Change, Fault> {
    let (from, to) = (before.state()?, after.state()?);
    let operation = Operation {
        summary: format!("flag {}: {} → {}", of.id, from.version, to.version),
        write: Write::Object(ObjectWrite {
            connection: of.connection.clone(),
            key: of.config.file.clone(),
            content: Some(after.bytes()),
            expect: Expectation::Bytes(before.digest()),
        }),
        yields: to.content,
        reversibility: Reversibility::Reversible,
        touches: 1,
    };
    let notes = notes(before.flag.as_ref(), after.flag.as_ref());
    Ok(Change { operations: vec![operation], factors: Vec::new(), loss: None, notes })
}

/// What flagd does that the label doesn't say.
fn notes(before: Option<&Flag>, after: Option<&Flag>) -> Vec<String> {
    let mut notes = Vec::new();
    let was_enabled = before.is_some_and(|flag| flag.enabled);
    match after {
        None => notes.push("callers take their own default for a flag that is gone".to_owned()),
        Some(flag) if was_enabled && !flag.enabled => {
            notes.push("callers take their own default for a disabled flag".to_owned());
        }
        Some(flag) if !flag.targeting.is_null() && before.is_some_and(|before| before.targeting.is_null()) => {
            notes.push("callers without a targeting key get the default variant".to_owned());
        }
        Some(_) => {}
    }
    notes
}
