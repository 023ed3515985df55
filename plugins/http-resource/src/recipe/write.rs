//! Requests that change something.

use std::collections::BTreeMap;

use belay_sdk::{Answer, Reversibility};

use super::read::{path_template, request};
use super::{Wrong, at};
use crate::answers::Sign;
use crate::body::Body;
use crate::config;
use crate::scope::{Root, Scope};
use crate::template::{Hole, Template};
use crate::tree::Tree;

/// Statuses that say that a write was applied, unless the configuration says others.
const APPLIED: [u16; 3] = [200, 201, 204];
/// Statuses with which APIs refuse before they do anything.
const REFUSED: [u16; 9] = [400, 401, 403, 404, 409, 412, 422, 428, 429];

/// A write, and when it is the right one.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) method: &'static str,
    pub(crate) path: Template,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) body: Option<Body>,
    /// The members that it puts right.
    pub(crate) sets: Vec<String>,
    /// What must be wanted.
    pub(crate) when: BTreeMap<String, Tree>,
    pub(crate) needs: Vec<Template>,
    pub(crate) applied: Vec<Answer>,
    pub(crate) refused: Vec<Answer>,
    pub(crate) reversibility: Reversibility,
}

pub(super) fn all(writes: &[config::Write], scope: &Scope, members: &[String]) -> Result<Vec<Write>, Wrong> {
    let one =
        |(index, write): (usize, &config::Write)| at(&format!("write[{index}]"), Write::of(write, scope, members));
    writes.iter().enumerate().map(one).collect()
}

/// `create` or `delete`, which are about the resource as a whole.
pub(super) fn one(
    place: &str,
    write: Option<&config::Write>,
    scope: &Scope,
    members: &[String],
) -> Result<Option<Write>, Wrong> {
    let Some(write) = write else { return Ok(None) };
    if write.sets.is_some() || !write.when.is_empty() {
        return Err(format!("{place}: `sets` and `when` have no meaning here: it is about the whole resource"));
    }
    let mut made = at(place, Write::of(write, scope, members))?;
    if write.reversibility.is_none() && members.is_empty() {
        made.reversibility = Reversibility::Recoverable;
    }
    Ok(Some(made))
}

impl Write {
    fn of(write: &config::Write, scope: &Scope, members: &[String]) -> Result<Self, Wrong> {
        let (method, path) = at(".request", request(&write.request, &["PUT", "POST", "PATCH", "DELETE"], scope))?;
        let header = |(name, text): (&String, &String)| {
            at(&format!(".headers.{name}"), header_name(name).and_then(|()| Template::parse(text, scope)))
                .map(|template| (name.clone(), template))
        };
        let body = write.body.as_ref().map(|body| Body::parse(body, scope)).transpose();
        let needs = write.needs.iter().map(|path| path_template(path, scope)).collect();
        let made = Self {
            method,
            path,
            headers: write.headers.iter().map(header).collect::<Result<_, _>>()?,
            body: at(".body", body)?,
            sets: at(".sets", sets(write, members))?,
            when: at(".when", when(write, members))?,
            needs: at(".needs", needs)?,
            applied: at(".applied", answers(write.applied.as_deref(), &APPLIED))?,
            refused: at(".refused", answers(write.refused.as_deref(), &REFUSED))?,
            reversibility: write.reversibility.map_or(Reversibility::Reversible, known),
        };
        if made.applied.is_empty() {
            return Err(".applied: no answer would say that it was applied".to_owned());
        }
        made.says_what_is_wanted()?;
        Ok(made)
    }

    /// A write that doesn't say what is wanted of a member can't put it right.
    fn says_what_is_wanted(&self) -> Result<(), Wrong> {
        let says = |name: &String| {
            self.when.contains_key(name)
                || self.holes().any(|hole| match hole.root {
                    Root::Result => true,
                    Root::Desired => hole.pointer.parts().first().is_none_or(|member| member == name),
                    Root::Part(_) | Root::Null | Root::Key | Root::Document | Root::Header | Root::Observed => false,
                })
        };
        match self.sets.iter().find(|name| !says(name)) {
            Some(name) => Err(format!(
                ": it is to set `{name}` but doesn't say to what: `{{desired/{name}}}` in its path or body, or `when`"
            )),
            None => Ok(()),
        }
    }

    fn holes(&self) -> impl Iterator<Item = &Hole> {
        let body = self.body.iter().flat_map(Body::holes);
        self.path.holes().chain(self.guards()).chain(body)
    }

    fn guards(&self) -> impl Iterator<Item = &Hole> {
        self.headers.iter().flat_map(|(_, template)| template.holes())
    }

    /// Whether it sends the document with what is wanted in its place.
    pub(crate) fn sends_the_result(&self) -> bool {
        self.holes().any(|hole| hole.root == Root::Result)
    }

    /// Whether its headers or body hold what each write moves, such as an etag: then it can only be made from the
    /// document as it is just before. What a path takes from the document names the resource, and stays.
    pub(crate) fn needs_the_present(&self) -> bool {
        let moves = |hole: &Hole| matches!(hole.root, Root::Document | Root::Header | Root::Result);
        self.guards().chain(self.body.iter().flat_map(Body::holes)).any(moves)
    }
}

fn sets(write: &config::Write, members: &[String]) -> Result<Vec<String>, Wrong> {
    let Some(sets) = &write.sets else { return Ok(members.to_vec()) };
    match sets.iter().find(|name| !members.contains(name)) {
        Some(name) => Err(format!("`content` has no `{name}`; it has {}", members.join(", "))),
        None if sets.is_empty() => Err("it sets nothing, so it is never needed".to_owned()),
        None => Ok(sets.clone()),
    }
}

fn when(write: &config::Write, members: &[String]) -> Result<BTreeMap<String, Tree>, Wrong> {
    match write.when.keys().find(|name| !members.contains(name)) {
        Some(name) => Err(format!("`content` has no `{name}`; it has {}", members.join(", "))),
        None => Ok(write.when.iter().map(|(name, value)| (name.clone(), value.into())).collect()),
    }
}

fn answers(written: Option<&[String]>, usual: &[u16]) -> Result<Vec<Answer>, Wrong> {
    match written {
        None => Ok(usual.iter().map(|status| Answer { status: *status, body: None }).collect()),
        Some(written) => written.iter().map(|text| Ok(Sign::parse(text)?.for_host())).collect(),
    }
}

fn header_name(name: &str) -> Result<(), Wrong> {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if plain { Ok(()) } else { Err("a header's name is written in lower case".to_owned()) }
}

const fn known(reversibility: config::Reversibility) -> Reversibility {
    match reversibility {
        config::Reversibility::Reversible => Reversibility::Reversible,
        config::Reversibility::Recoverable => Reversibility::Recoverable,
        config::Reversibility::Irreversible => Reversibility::Irreversible,
    }
}
