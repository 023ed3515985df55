//! Where the API tells earlier states.

use super::read::{Asked, List, path_template};
use super::{Wrong, at};
use crate::answers::Test;
use crate::config;
use crate::pointer::Pointer;
use crate::scope::{Root, Scope};
use crate::template::Template;

/// A list of earlier states. In its templates `{/…}` leads into an item.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) list: List,
    pub(crate) version: Template,
    pub(crate) at: Option<Pointer>,
    pub(crate) summary: Option<Template>,
    pub(crate) state: Earlier,
    pub(crate) absent: Option<Test>,
}

/// Where an item's state is.
#[derive(Debug)]
pub(crate) enum Earlier {
    /// In the item.
    Here(Pointer),
    /// Behind this path.
    There(Template),
    /// Nowhere: the list can be shown, and nothing gone back to.
    Nowhere,
}

impl History {
    pub(super) fn of(history: &config::History, scope: &Scope) -> Result<Self, Wrong> {
        let asked = Asked {
            request: &history.request,
            body: history.body.as_ref(),
            list: Some(&history.list),
            next: history.next.as_deref(),
            total: history.total.as_deref(),
        };
        let item = scope.with(&[Root::Document], &[]);
        let summary = history.summary.as_deref().map(|text| Template::parse(text, &item)).transpose();
        let state = match (&history.state, &history.read) {
            (Some(_), Some(_)) => return Err(".read: `state` says already where an item's state is".to_owned()),
            (Some(pointer), None) => Earlier::Here(at(".state", Pointer::parse(pointer))?),
            (None, Some(path)) => Earlier::There(at(".read", path_template(path, &item))?),
            (None, None) => Earlier::Nowhere,
        };
        Ok(Self {
            list: List::of(&asked, scope)?,
            version: at(".version", Template::parse(&history.version, &item))?,
            at: at(".at", history.at.as_deref().map(Pointer::parse).transpose())?,
            summary: at(".summary", summary)?,
            state,
            absent: at(".absent", history.absent.as_deref().map(Test::parse).transpose())?,
        })
    }
}
