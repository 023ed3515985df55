//! A configuration that makes sense, taken apart: every template and pointer is read and every name is known. Never
//! touches a system; whatever is wrong with a configuration is found here, with its place.

mod history;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use belay_sdk::{Fault, Resource};

use crate::config::{Config, Kind};
use crate::content::{Place, Selection};
use crate::pointer::Pointer;
use crate::preset;
use crate::scope::{RESERVED, Root, Scope, Values};
use crate::template::Template;

pub(crate) use history::{Earlier, History};
pub(crate) use read::{List, Read};
pub(crate) use write::Write;

/// How a resource is read and written.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// The parts of the id.
    parts: Vec<(String, String)>,
    /// At least one.
    pub(crate) reads: Vec<Read>,
    pub(crate) selection: Selection,
    pub(crate) revision: Option<Template>,
    pub(crate) version: Option<Template>,
    pub(crate) attributes: BTreeMap<String, Kind>,
    pub(crate) action: bool,
    pub(crate) writes: Vec<Write>,
    pub(crate) create: Option<Write>,
    pub(crate) delete: Option<Write>,
    pub(crate) history: Option<History>,
    pub(crate) notes: Vec<Template>,
}

/// What is wrong, without its place yet.
type Wrong = String;

/// Names the place of what is wrong.
fn at<T>(place: &str, found: Result<T, Wrong>) -> Result<T, Wrong> {
    found.map_err(|wrong| {
        let deeper = wrong.starts_with(['.', '[', ':']) || (wrong.starts_with('/') && wrong.contains(": "));
        if deeper { format!("{place}{wrong}") } else { format!("{place}: {wrong}") }
    })
}

impl Recipe {
    /// Takes a resource's configuration apart.
    pub(crate) fn of(resource: &Resource<Config>) -> Result<Self, Fault> {
        let config = preset::resolve(&resource.config).map_err(Fault::Invalid)?;
        Self::make(&config, &resource.id).map_err(Fault::Invalid)
    }

    fn make(config: &Config, id: &str) -> Result<Self, Wrong> {
        let parts = at("id", parts(config.id.as_deref(), id))?;
        let names: Vec<String> = parts.iter().map(|(name, _)| name.clone()).collect();
        let scope = Scope::of_parts(&names);
        let reads = read::all(config.read.as_deref().unwrap_or_default(), &scope)?;
        let selection = selection(config)?;
        let members = selection.members();
        let seen = scope.with(&[Root::Document, Root::Header, Root::Observed], &members);
        let planned = [Root::Key, Root::Document, Root::Header, Root::Observed, Root::Desired, Root::Result];
        let template = |place: &str, text: &Option<String>, scope: &Scope| {
            at(place, text.as_deref().map(|text| Template::parse(text, scope)).transpose())
        };
        if let Some(name) = config.attributes.keys().find(|name| !members.contains(name)) {
            return Err(format!("attributes: `content` has no `{name}`; it has {}", members.join(", ")));
        }
        let notes = config
            .notes
            .iter()
            .map(|note| Template::parse(note, &scope.with(&[Root::Desired, Root::Observed], &members)));
        let recipe = Self {
            revision: template("revision", &config.revision, &seen)?,
            version: template("version", &config.version, &seen)?,
            attributes: config.attributes.clone(),
            action: config.action,
            writes: write::all(&config.write, &scope.with(&planned, &members), &members)?,
            create: write::one(
                "create",
                config.create.as_ref(),
                &scope.with(&[Root::Key, Root::Desired], &members),
                &members,
            )?,
            delete: write::one("delete", config.delete.as_ref(), &scope.with(&planned[..4], &members), &[])?,
            history: config.history.as_ref().map(|history| at("history", History::of(history, &scope))).transpose()?,
            notes: at("notes", notes.collect())?,
            parts,
            reads,
            selection,
        };
        recipe.check()?;
        Ok(recipe)
    }

    /// What no part by itself can be wrong with.
    fn check(&self) -> Result<(), Wrong> {
        let set: BTreeSet<&str> = self.writes.iter().flat_map(|write| write.sets.iter().map(String::as_str)).collect();
        let unset = self.selection.places.keys().find(|name| !set.contains(name.as_str()));
        match unset {
            Some(name) if self.writes.is_empty() => {
                Err(format!("write: there is none, so nothing puts `{name}` right"))
            }
            Some(name) => Err(format!("write: none sets `{name}`, so a state with another one could not be restored")),
            None if self.action && self.attributes.is_empty() => {
                Err("action: it has no `attributes`, so no step could start it".to_owned())
            }
            None => Ok(()),
        }
    }

    /// The values that are known before anything is read.
    pub(crate) fn values(&self) -> Values<'_> {
        Values::of_parts(self.parts.clone())
    }
}

/// The parts of an id, by name; `id` is always one.
fn parts(template: Option<&str>, id: &str) -> Result<Vec<(String, String)>, Wrong> {
    let mut parts = vec![("id".to_owned(), id.to_owned())];
    let Some(template) = template else { return Ok(parts) };
    let (pieces, values): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), id.split('/').collect());
    let mut fits = pieces.len() == values.len();
    for (index, piece) in pieces.iter().enumerate() {
        let value = values.get(index).copied().unwrap_or_default();
        let Some(name) = piece.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
            if piece.contains(['{', '}']) {
                return Err(format!("`{template}`: `{piece}` is neither a hole nor plain text"));
            }
            fits &= *piece == value;
            continue;
        };
        if !is_name(name) || RESERVED.contains(&name) {
            return Err(format!("`{template}`: a part can't be called `{name}`"));
        }
        if parts.iter().any(|(taken, _)| taken == name) {
            return Err(format!("`{template}`: another part is called `{name}`"));
        }
        fits &= !value.is_empty();
        parts.push((name.to_owned(), value.to_owned()));
    }
    if fits { Ok(parts) } else { Err(format!("the id `{id}` does not have the parts of `{template}`")) }
}

/// `flow`, `data_source`: what can be told from everything else in a template.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn selection(config: &Config) -> Result<Selection, Wrong> {
    let Some(content) = config.content.as_ref().filter(|content| !content.is_empty()) else {
        return Err(
            "content: it says what of the answer is to be restored, as in `{ paused = \"/paused\" }`".to_owned()
        );
    };
    let mut places = BTreeMap::new();
    for (name, pointer) in content {
        let place = format!("content.{name}");
        if !is_name(name) {
            return Err(format!("{place}: a name is lower-case letters, digits and `_`"));
        }
        let (pointer, optional) = pointer.strip_suffix('?').map_or((pointer.as_str(), false), |bare| (bare, true));
        let pointer = at(&place, Pointer::parse(pointer))?;
        if pointer.is_pattern() {
            return Err(format!("{place}: `*` has no meaning here"));
        }
        places.insert(name.clone(), Place { pointer, optional });
    }
    let below = |key: &str, text: &str| {
        let pointer = at(key, Pointer::parse(text))?;
        match pointer.parts().first() {
            Some(first) if places.contains_key(first) => Ok(pointer),
            _ => Err(format!("{key}: `{text}` does not start with a name of `content`, as in `/{}/…`", first(&places))),
        }
    };
    let ignored = config.ignore.iter().map(|text| below("ignore", text)).collect::<Result<_, _>>()?;
    let sorted = config.sort.iter().map(|(array, by)| Ok((below("sort", array)?, at("sort", Pointer::parse(by))?)));
    Ok(Selection { ignored, sorted: sorted.collect::<Result<_, Wrong>>()?, places })
}

fn first(places: &BTreeMap<String, Place>) -> &str {
    places.keys().next().map_or("", String::as_str)
}
