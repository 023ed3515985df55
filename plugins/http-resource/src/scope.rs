//! What may stand in a hole, and what it stands for. Never the same name for two things.

use std::collections::BTreeMap;
use std::fmt;

use crate::pointer::Pointer;
use crate::template::Hole;
use crate::tree::Tree;

/// What a hole's name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// The resource's id, or a part of it.
    Part(String),
    /// `null`, which TOML has no word for.
    Null,
    /// Unique to the run and step.
    Key,
    /// What the reads answered; within `history`, the item.
    Document,
    /// The headers of these answers.
    Header,
    /// The content before a write.
    Observed,
    /// The content that is wanted.
    Desired,
    /// The document with the wanted content in its place.
    Result,
}

/// The names that a resource's id must not take.
pub(crate) const RESERVED: [&str; 6] = ["null", "key", "header", "observed", "desired", "result"];

/// Which names may stand in a hole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    parts: Vec<String>,
    roots: Vec<Root>,
    members: Vec<String>,
}

impl Scope {
    /// The resource's id and its parts.
    pub(crate) fn of_parts(parts: &[String]) -> Self {
        Self { parts: parts.to_vec(), ..Self::default() }
    }

    /// These too. `members` are the names of the content.
    pub(crate) fn with(&self, roots: &[Root], members: &[String]) -> Self {
        Self { parts: self.parts.clone(), roots: roots.to_vec(), members: members.to_vec() }
    }

    /// What a name means here.
    pub(super) fn root(&self, name: &str) -> Result<Root, String> {
        if self.parts.iter().any(|part| part == name) {
            return Ok(Root::Part(name.to_owned()));
        }
        let found = self.roots.iter().chain(&[Root::Null]).find(|root| root.name() == name);
        found.cloned().ok_or_else(|| format!("nothing has this name here; there are {}", self.names()))
    }

    /// Whether a pointer makes sense below a name.
    pub(super) fn check(&self, root: &Root, pointer: &Pointer) -> Result<(), String> {
        let first = pointer.parts().first();
        match (root, first) {
            (Root::Part(_) | Root::Key | Root::Null, Some(_)) => Err("no pointer leads into it".to_owned()),
            (Root::Document | Root::Header, None) => Err("a pointer must say what of it is meant".to_owned()),
            (Root::Observed | Root::Desired, Some(member)) if !self.members.contains(member) => {
                Err(format!("`content` has no `{member}`; it has {}", self.members.join(", ")))
            }
            _ => Ok(()),
        }
    }

    fn names(&self) -> String {
        let shown = self.roots.iter().map(|root| match root {
            Root::Document => "{/…}".to_owned(),
            Root::Part(_) | Root::Null | Root::Key | Root::Header | Root::Observed | Root::Desired | Root::Result => {
                format!("{{{root}}}")
            }
        });
        self.parts.iter().map(|part| format!("{{{part}}}")).chain(shown).collect::<Vec<_>>().join(", ")
    }
}

impl Root {
    fn name(&self) -> &str {
        match self {
            Self::Part(name) => name,
            Self::Null => "null",
            Self::Key => "key",
            Self::Document => "",
            Self::Header => "header",
            Self::Observed => "observed",
            Self::Desired => "desired",
            Self::Result => "result",
        }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the names stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values<'v> {
    pub(crate) parts: BTreeMap<String, Tree>,
    pub(crate) key: Option<Tree>,
    pub(crate) document: Option<&'v Tree>,
    pub(crate) headers: Option<&'v Tree>,
    pub(crate) observed: Option<&'v Tree>,
    pub(crate) desired: Option<&'v Tree>,
    pub(crate) result: Option<&'v Tree>,
}

impl<'v> Values<'v> {
    /// The resource's id and its parts.
    pub(crate) fn of_parts(parts: Vec<(String, String)>) -> Self {
        let parts = parts.into_iter().map(|(name, value)| (name, Tree::Text(value))).collect();
        Self { parts, ..Self::default() }
    }

    /// The key of a run's step, in letters that every system takes: others than `A–Z a–z 0–9 . _` become `-`.
    pub(crate) fn with_key(mut self, key: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
        self.key = Some(Tree::Text(key.chars().map(plain).collect()));
        self
    }

    /// What a hole stands for; nothing where it is missing.
    pub(crate) fn find(&self, hole: &Hole) -> Option<&Tree> {
        let tree = match &hole.root {
            Root::Part(name) => self.parts.get(name),
            Root::Null => Some(&Tree::Null),
            Root::Key => self.key.as_ref(),
            Root::Document => self.document,
            Root::Header => self.headers,
            Root::Observed => self.observed,
            Root::Desired => self.desired,
            Root::Result => self.result,
        };
        tree.and_then(|tree| hole.pointer.find(tree))
    }

    /// Like [`Values::find`], where `null` is missing too.
    pub(crate) fn find_said(&self, hole: &Hole) -> Option<&Tree> {
        self.find(hole).filter(|found| **found != Tree::Null)
    }
}
