//! Requests that only ask.

use serde_json::Value;

use super::{Wrong, at, is_name};
use crate::answers::Sign;
use crate::body::Body;
use crate::config;
use crate::pointer::Pointer;
use crate::scope::{Root, Scope};
use crate::template::Template;

/// A read, and how its answer is told from others.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) list: List,
    /// Its answer's name, where there are several.
    pub(crate) name: Option<String>,
    pub(crate) absent: Vec<Sign>,
}

/// A request whose answer may come in pages.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) method: &'static str,
    pub(crate) path: Template,
    pub(crate) body: Option<Body>,
    /// The list that pages have parts of.
    pub(crate) list: Pointer,
    pub(crate) next: Option<Template>,
    pub(crate) total: Option<Pointer>,
}

/// What a list is made from.
pub(super) struct Asked<'c> {
    pub(super) request: &'c str,
    pub(super) body: Option<&'c Value>,
    pub(super) list: Option<&'c str>,
    pub(super) next: Option<&'c str>,
    pub(super) total: Option<&'c str>,
}

pub(super) fn all(reads: &[config::Read], scope: &Scope) -> Result<Vec<Read>, Wrong> {
    if reads.is_empty() {
        return Err("read: there is none, as in `read = [{ request = \"GET /things/{id}\" }]`".to_owned());
    }
    let named = reads.len() > 1;
    let mut names: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    for (index, read) in reads.iter().enumerate() {
        let place = format!("read[{index}]");
        // A later read may need what an earlier one found.
        let scope = if index == 0 { scope.clone() } else { scope.with(&[Root::Document], &[]) };
        all.push(at(&place, one(read, index, named, &scope))?);
        if let Some(name) = &read.name {
            if names.contains(&name.as_str()) {
                return Err(format!("{place}.as: another read is called `{name}`"));
            }
            names.push(name);
        }
    }
    Ok(all)
}

fn one(read: &config::Read, index: usize, named: bool, scope: &Scope) -> Result<Read, Wrong> {
    match &read.name {
        Some(name) if !is_name(name) => {
            return Err(format!(".as: `{name}` is no name: lower-case letters, digits and `_`"));
        }
        None if named => return Err(".as: where there are several reads, each has a name".to_owned()),
        Some(_) if !named => return Err(".as: a single read needs none: pointers start in its answer".to_owned()),
        Some(_) | None => {}
    }
    if index > 0 && !read.absent.is_empty() {
        return Err(".absent: the first read says whether the resource is there".to_owned());
    }
    let asked = Asked {
        request: &read.request,
        body: read.body.as_ref(),
        list: read.list.as_deref(),
        next: read.next.as_deref(),
        total: read.total.as_deref(),
    };
    let absent = read.absent.iter().map(|sign| Sign::parse(sign)).collect();
    Ok(Read { list: List::of(&asked, scope)?, name: read.name.clone(), absent: at(".absent", absent)? })
}

impl List {
    pub(super) fn of(asked: &Asked<'_>, scope: &Scope) -> Result<Self, Wrong> {
        let (method, path) = at(".request", request(asked.request, &["GET", "POST"], scope))?;
        if method == "GET" && asked.body.is_some() {
            return Err(".body: a GET has none".to_owned());
        }
        if (asked.next.is_some() || asked.total.is_some()) && asked.list.is_none() {
            return Err(".list: it says which list of the answer comes in pages".to_owned());
        }
        let pointer = |text: &str| Pointer::parse(text);
        let next = asked.next.map(|text| path_template(text, &scope.with(&[Root::Document, Root::Header], &[])));
        Ok(Self {
            method,
            path,
            body: at(".body", asked.body.map(|body| Body::parse(body, scope)).transpose())?,
            list: at(".list", pointer(asked.list.unwrap_or_default()))?,
            next: at(".next", next.transpose())?,
            total: at(".total", asked.total.map(pointer).transpose())?,
        })
    }
}

/// `METHOD /path`, with one of these methods.
pub(super) fn request(text: &str, methods: &[&'static str], scope: &Scope) -> Result<(&'static str, Template), Wrong> {
    let (method, path) = text.split_once(' ').unwrap_or((text, ""));
    let Some(method) = methods.iter().find(|known| **known == method) else {
        return Err(format!("`{text}` does not start with {} and a space", methods.join(" or ")));
    };
    Ok((method, path_template(path, scope)?))
}

/// A path with query, from `/`.
pub(super) fn path_template(text: &str, scope: &Scope) -> Result<Template, Wrong> {
    if !text.starts_with('/') {
        return Err(format!("the path `{text}` does not start with `/`"));
    }
    if text.contains([' ', '#', '\\']) {
        return Err(format!("the path `{text}` has a space, `#` or `\\`: percent-encode them"));
    }
    Template::parse(text, scope)
}
